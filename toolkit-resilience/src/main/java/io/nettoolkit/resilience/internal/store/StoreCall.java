package io.nettoolkit.resilience.internal.store;

import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.resilience.TokenStore.Grant;
import io.nettoolkit.resilience.internal.Classification;
import io.nettoolkit.resilience.internal.store.StoreCalls.Desk;
import io.nettoolkit.resilience.internal.store.StoreCalls.Settings;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * One call of the store, for those who wait for it. It asks for whole units of one size, since a grant that fits nobody would
 * be lost; where permits are borrowed, the unit is 1 and what is left over goes to the lease.
 *
 * <p>Threading: the waiters belong to the steps of {@link StoreCalls} while the call is under way, and afterwards to whoever
 * delivers. Everything else any thread.
 */
final class StoreCall {

    private static final Duration LONGEST = Duration.ofDays(365);

    /** In the order of asking. */
    final List<Waiter> waiters;

    final long count;
    final long startNanos;
    private final long unit;
    private volatile @Nullable CompletionStage<Grant> stage;

    private StoreCall(List<Waiter> waiters, long unit, long count, long startNanos) {
        this.waiters = waiters;
        this.unit = unit;
        this.count = count;
        this.startNanos = startNanos;
    }

    /** For nobody: borrows so many permits, or with none sees whether the store is there. */
    static StoreCall alone(long count, long now) {
        return new StoreCall(new ArrayList<>(), 1, count, now);
    }

    /** For those at the head of the queue whom one call can serve, who leave it; null where nobody waits. */
    static @Nullable StoreCall merging(ArrayDeque<Waiter> queue, Lease lease, long burst, long now) {
        List<Waiter> together = new ArrayList<>();
        long unit = 0;
        long sum = 0;
        for (Waiter head = queue.peekFirst(); head != null; head = queue.peekFirst()) {
            if (!head.isGone()) {
                if (unit != 0 && unit != head.permits) {
                    break;
                }
                unit = lease.isUsed() ? unit : head.permits;
                sum += head.permits;
                together.add(head);
            }
            queue.removeFirst();
        }
        if (together.isEmpty()) {
            return null;
        }
        return lease.isUsed()
                ? new StoreCall(together, 1, Math.min(burst, Math.max(lease.size(), sum)), now)
                : new StoreCall(together, unit, together.size(), now);
    }

    /** Calls the store; a store that throws is one whose stage has failed. */
    CompletionStage<Grant> send(Settings settings, TimeSource timeSource) {
        CompletionStage<Grant> sent;
        try {
            long leftNanos = startNanos + settings.timeoutNanos() - timeSource.nanoTime();
            Deadline deadline = Deadline.after(Duration.ofNanos(leftNanos), timeSource);
            sent = Objects.requireNonNull(
                    settings.store().take(settings.key(), settings.limit(), unit, count, deadline),
                    "a token store must not answer null");
        } catch (Throwable failure) {
            sent = CompletableFuture.failedFuture(failure);
        }
        stage = sent;
        return sent;
    }

    /** It is late, and its answer will not be looked at. */
    void cancel() {
        try {
            CompletionStage<Grant> sent = stage;
            if (sent != null) {
                sent.toCompletableFuture().cancel(true);
            }
        } catch (RuntimeException notSupported) {
            // Then it goes on.
        }
    }

    /** What is wrong with an answer, null for nothing; a store that answers nonsense is as good as away. */
    @Nullable
    Throwable problem(@Nullable Grant grant, @Nullable Throwable failure, long burst) {
        if (failure != null) {
            return Classification.cause(failure);
        }
        if (grant == null) {
            return new NullPointerException("a token store must not grant null");
        }
        boolean sane = grant.granted() >= 0
                && grant.granted() <= count
                && grant.remaining() >= 0
                && grant.remaining() <= burst
                && !grant.retryAfter().isNegative()
                && !grant.resetAfter().isNegative();
        return sane
                ? null
                : new IllegalStateException(
                        "asked for " + count + " units of " + unit + ", the token store answered " + grant);
    }

    /** Tells everybody what the grant means for them, in the order of asking. */
    void deliver(Grant grant, Desk desk) {
        if (grant.granted() < count) {
            // Counted from before the call: by then the store had not looked at the bucket yet.
            Duration retryAfter = grant.retryAfter();
            Duration held = retryAfter.compareTo(LONGEST) > 0 ? LONGEST : retryAfter;
            desk.exhausted(unit, startNanos + held.toNanos());
        }
        boolean[] granted = new boolean[waiters.size()];
        long left = grant.granted() * unit;
        for (int i = 0; i < granted.length; i++) {
            granted[i] = waiters.get(i).permits <= left;
            left -= granted[i] ? waiters.get(i).permits : 0;
        }
        // First, so that who hears the answer finds what was borrowed with it.
        if (left > 0) {
            desk.leftOver(left);
        }
        for (int i = 0; i < granted.length; i++) {
            desk.decide(waiters.get(i), granted[i], grant);
        }
    }
}
