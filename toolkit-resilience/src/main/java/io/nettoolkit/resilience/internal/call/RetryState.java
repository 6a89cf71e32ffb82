package io.nettoolkit.resilience.internal.call;

import io.nettoolkit.core.Backoff;
import io.nettoolkit.core.Deadline;
import io.nettoolkit.resilience.Classifier.Outcome;
import io.nettoolkit.resilience.Retry.GaveUp;
import io.nettoolkit.resilience.internal.Classification;
import java.time.Duration;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * One call that did not succeed at once: decides after each attempt whether there is another, and when.
 *
 * <p>Threading: one thread at a time; attempts follow one another.
 */
final class RetryState {

    /** Answer of {@link #next}: no further attempt. */
    static final long OVER = -1;

    private final RetryPlan plan;
    private final @Nullable Deadline deadline;
    private final long giveUpNanos;
    private final ArrayDeque<Throwable> earlier = new ArrayDeque<>(2);

    private int attempts;
    private long previousDelayNanos;

    /**
     * Before the first attempt's outcome is known.
     *
     * @param startNanos when that began, by the coarse clock
     */
    RetryState(RetryPlan plan, long startNanos, @Nullable CallScope scope) {
        this.plan = plan;
        deadline = CallScope.deadlineOf(scope);
        giveUpNanos = startNanos + plan.timeSource().tickNanos() + plan.maxElapsedNanos();
    }

    /**
     * After an attempt.
     *
     * @return nanoseconds until the next one; {@link #OVER} where the outcome of this one is the outcome of the call
     */
    long next(@Nullable Object result, @Nullable Throwable failure) {
        attempts++;
        Outcome outcome = Classification.of(plan.classifier(), result, failure, plan.guard());
        if (outcome == Outcome.SUCCESS) {
            if (attempts > 1) {
                plan.counters().increment(RetryPlan.RECOVERED);
            }
            return OVER;
        }
        if (outcome == Outcome.IGNORED) {
            return OVER;
        }
        if (attempts >= plan.maxAttempts()) {
            return giveUp(GaveUp.ATTEMPTS, failure);
        }
        long delayNanos = backoffNanos();
        if (delayNanos < 0) {
            return giveUp(GaveUp.BACKOFF, failure);
        }
        long waitNanos =
                Math.max(delayNanos, Classification.retryAfterNanos(plan.classifier(), result, failure, plan.guard()));
        if (waitNanos >= leftNanos()) {
            return giveUp(GaveUp.TIME, failure);
        }
        if (plan.budget() != null && !plan.budget().tryWithdraw()) {
            return giveUp(GaveUp.BUDGET, failure);
        }
        previousDelayNanos = delayNanos;
        remember(failure);
        plan.counters().increment(RetryPlan.RETRIES);
        plan.guard().run(() -> plan.listener().onRetry(attempts + 1, Duration.ofNanos(waitNanos), failure));
        return waitNanos;
    }

    private long backoffNanos() {
        try {
            return plan.backoff().delayNanos(attempts, previousDelayNanos, plan.random());
        } catch (Throwable thrown) {
            plan.guard().failed(thrown);
            return Backoff.STOP;
        }
    }

    private long leftNanos() {
        long leftNanos = giveUpNanos - plan.timeSource().nanoTime();
        return deadline == null ? leftNanos : Math.min(leftNanos, deadline.remainingNanos());
    }

    private long giveUp(GaveUp why, @Nullable Throwable failure) {
        plan.counters().increment(RetryPlan.counterOf(why));
        plan.guard().run(() -> plan.listener().onGiveUp(attempts, why, failure));
        return OVER;
    }

    /** Keeps the last few. */
    private void remember(@Nullable Throwable failure) {
        if (failure == null) {
            return;
        }
        if (earlier.size() == Failures.MAX_SUPPRESSED) {
            earlier.removeFirst();
        }
        earlier.addLast(failure);
    }

    /** The failure of the call: that of its last attempt, with those of earlier ones suppressed. */
    Throwable report(Throwable failure) {
        Throwable previous = null;
        for (Throwable before : earlier) {
            if (before != previous) {
                Failures.suppress(failure, before);
            }
            previous = before;
        }
        return failure;
    }
}
