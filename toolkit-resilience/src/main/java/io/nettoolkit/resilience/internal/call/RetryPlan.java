package io.nettoolkit.resilience.internal.call;

import io.nettoolkit.core.Backoff;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.core.internal.CallbackGuard;
import io.nettoolkit.resilience.Classifier;
import io.nettoolkit.resilience.Retry;
import io.nettoolkit.resilience.RetryBudget;
import io.nettoolkit.resilience.internal.StripedCounters;
import io.nettoolkit.resilience.internal.Timers;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** What a {@link Retry} was built from, and where it counts. */
public record RetryPlan(
        String name,
        int maxAttempts,
        Backoff backoff,
        long maxElapsedNanos,
        Classifier classifier,
        @Nullable RetryBudget budget,
        TimeSource timeSource,
        Timers timers,
        RandomGenerator random,
        Parking parking,
        Retry.Listener listener,
        CallbackGuard guard,
        StripedCounters counters) {

    /** Attempts after the first. */
    public static final int RETRIES = 0;
    /** Calls that succeeded after at least one retry. */
    public static final int RECOVERED = 1;

    /** The counter of calls that were given up for a reason. */
    public static int counterOf(Retry.GaveUp why) {
        return switch (why) {
            case ATTEMPTS -> 2;
            case BACKOFF -> 3;
            case TIME -> 4;
            case BUDGET -> 5;
        };
    }

    /** A place to count for one retry policy. */
    public static StripedCounters newCounters() {
        return new StripedCounters(2 + Retry.GaveUp.values().length);
    }

    /** The same policy with another classifier, and the same counters. */
    public RetryPlan with(Classifier other) {
        return new RetryPlan(
                name,
                maxAttempts,
                backoff,
                maxElapsedNanos,
                other,
                budget,
                timeSource,
                timers,
                random,
                parking,
                listener,
                guard,
                counters);
    }
}
