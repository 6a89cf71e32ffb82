package io.nettoolkit.resilience;

import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.RejectedException;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.core.internal.BlockingCheck;
import io.nettoolkit.resilience.internal.Check;
import io.nettoolkit.resilience.internal.Timers;
import io.nettoolkit.resilience.internal.call.Body;
import io.nettoolkit.resilience.internal.call.BulkheadLayer;
import io.nettoolkit.resilience.internal.call.Chain;
import io.nettoolkit.resilience.internal.call.Gate;
import io.nettoolkit.resilience.internal.call.GateLayer;
import io.nettoolkit.resilience.internal.call.Layer;
import io.nettoolkit.resilience.internal.call.Parking;
import io.nettoolkit.resilience.internal.call.PermitQueue;
import io.nettoolkit.resilience.internal.call.Permits;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Bounds how many calls are under way at once, so that one slow peer cannot take all that its callers have; more may wait in
 * a bounded queue.
 *
 * <pre>{@code
 * Bulkhead reports = Bulkhead.builder(8).maxPending(32).build();
 * CompletableFuture<Report> report = reports.executeAsync(() -> client.report(id));
 *
 * if (reports.tryAcquire()) {          // the same by hand, without allocation
 *     try {
 *         …
 *     } finally {
 *         reports.release();
 *     }
 * }
 * }</pre>
 *
 * <p>Who waits is served first come, first served; {@link #tryAcquire} never overtakes them.
 *
 * <p><b>Threading.</b> Any thread; a permit may be released on another thread than it was acquired on. Nothing blocks but
 * {@code acquireBlocking} and, with a queue, {@code execute}: these park, and refuse event loops. A call that waited for its
 * permit begins on the event loop on which it was submitted, else on a shared one.
 *
 * <p><b>Ownership.</b> Whoever acquired a permit releases it, once; {@code execute} and {@code executeAsync} do it themselves,
 * also for a call that throws, is cancelled or never ends after a cancel. A future of {@link #acquire} that is cancelled
 * before it is complete has no permit.
 *
 * <p><b>Failure.</b> Refusals are {@link RejectedException}s: {@code BULKHEAD_FULL} without a queue or after a wait in vain,
 * {@code PENDING_LIMIT} with a full queue.
 */
public final class Bulkhead {

    private final Permits permits;
    private final Chain chain;

    private Bulkhead(Builder builder) {
        permits = new Permits(new Permits.Plan(
                builder.name,
                builder.maxConcurrent,
                builder.maxPending,
                builder.maxWaitNanos,
                builder.timeSource,
                new Timers(builder.scheduler),
                builder.parking));
        chain = new Chain(
                builder.name,
                layer(Body.INSTANCE),
                builder.timeSource,
                permits.plan().timers());
    }

    /**
     * Begins with the defaults.
     *
     * @param maxConcurrent calls under way at once, 1 to 1,048,575
     */
    public static Builder builder(int maxConcurrent) {
        return new Builder(maxConcurrent);
    }

    /** A permit, where one is free and nobody waits for one; false otherwise. */
    public boolean tryAcquire() {
        return permits.tryAcquire();
    }

    /**
     * Gives a permit back; the first one who waits has it then.
     *
     * @throws IllegalStateException where all permits are back already
     */
    public void release() {
        permits.queue().release();
    }

    /**
     * A permit as soon as there is one; the future fails with a {@link RejectedException} where the queue is full, or where
     * there is none by the deadline or within the longest wait.
     */
    public CompletableFuture<@Nullable Void> acquire(Deadline deadline) {
        return permits.acquire(checked(deadline));
    }

    /**
     * Parks until there is a permit.
     *
     * @throws RejectedException where the queue is full, or where there is none by the deadline or within the longest wait
     * @throws IllegalStateException on an event loop
     */
    public void acquireBlocking(Deadline deadline) throws InterruptedException {
        checked(deadline);
        BlockingCheck.refuseOnEventLoop("Bulkhead.acquireBlocking", "acquire");
        permits.acquireBlocking(deadline);
    }

    private Deadline checked(Deadline deadline) {
        Objects.requireNonNull(deadline, "deadline: must not be null");
        if (deadline.timeSource() != timeSource()) {
            throw new IllegalArgumentException("deadline: measured on " + deadline.timeSource() + ", " + name() + " on "
                    + timeSource() + "; build both from the same TimeSource");
        }
        return deadline;
    }

    /**
     * Makes the call on this thread, with a permit.
     *
     * @throws RejectedException where it got none
     * @throws IllegalStateException on an event loop, where there is a queue
     */
    public <T extends @Nullable Object> T execute(Callable<T> call) throws Exception {
        return chain.call("Bulkhead.execute", call, null);
    }

    /** Makes the call through a stage, with a permit until that is complete. */
    public <T extends @Nullable Object> CompletableFuture<T> executeAsync(Supplier<? extends CompletionStage<T>> call) {
        return chain.start(call, null);
    }

    /** What it does, and did so far. */
    public Stats stats() {
        PermitQueue queue = permits.queue();
        return new Stats(
                queue.inFlight(),
                queue.queued(),
                queue.granted(),
                permits.count(Permits.REFUSED),
                permits.count(Permits.EXPIRED),
                permits.count(Permits.CANCELLED));
    }

    Layer layer(Layer inner) {
        return hasQueue()
                ? new BulkheadLayer(permits, inner)
                : new GateLayer(gate(), inner, Classifier.defaults(), timeSource());
    }

    /** The same without its queue. */
    Gate gate() {
        return BulkheadLayer.gate(permits);
    }

    boolean hasQueue() {
        return permits.plan().maxPending() > 0;
    }

    String name() {
        return permits.plan().name();
    }

    TimeSource timeSource() {
        return permits.plan().timeSource();
    }

    @Override
    public String toString() {
        Permits.Plan plan = permits.plan();
        return "Bulkhead[" + plan.name() + ", maxConcurrent=" + plan.maxConcurrent() + ", maxPending="
                + plan.maxPending() + ", maxWait=" + Duration.ofNanos(plan.maxWaitNanos()) + "]";
    }

    /**
     * What a bulkhead does, and did so far.
     *
     * @param inFlight permits that are out
     * @param queued who wait
     * @param granted permits given so far
     * @param refused how often there was neither a permit nor a place in the queue
     * @param expired waits that ended without a permit because their time was over
     * @param cancelled waits that were given up
     */
    public record Stats(int inFlight, int queued, long granted, long refused, long expired, long cancelled) {}

    /** Puts a bulkhead together. Not thread-safe. */
    public static final class Builder {
        private final int maxConcurrent;
        private String name = "bulkhead";
        private int maxPending;
        private long maxWaitNanos = Duration.ofSeconds(5).toNanos();
        private TimeSource timeSource = TimeSource.system();
        private @Nullable ScheduledExecutorService scheduler;
        private Parking parking = Parking.THREAD;

        private Builder(int maxConcurrent) {
            this.maxConcurrent = (int) Check.between("maxConcurrent", maxConcurrent, 1, PermitQueue.MAX);
        }

        /** What messages, events and metrics call it. Default "bulkhead". */
        public Builder name(String name) {
            this.name = Check.name(name);
            return this;
        }

        /** Who may wait at once, 0 to 1,048,575. Default 0: nobody. */
        public Builder maxPending(int waiters) {
            maxPending = (int) Check.between("maxPending", waiters, 0, PermitQueue.MAX);
            return this;
        }

        /** How long one waits at most, more than zero; a deadline may be sooner. Default 5 s. Means nothing without a queue. */
        public Builder maxWait(Duration wait) {
            maxWaitNanos = Check.positiveNanos("maxWait", wait);
            return this;
        }

        /** The clock. Default {@link TimeSource#system()}. */
        public Builder timeSource(TimeSource timeSource) {
            this.timeSource = Objects.requireNonNull(timeSource, "timeSource: must not be null");
            return this;
        }

        /** Where waits are timed. Default the calling event loop, else a shared one. */
        public Builder scheduler(ScheduledExecutorService scheduler) {
            this.scheduler = Objects.requireNonNull(scheduler, "scheduler: must not be null");
            return this;
        }

        /** For tests: what parks. */
        Builder parking(Parking parking) {
            this.parking = parking;
            return this;
        }

        /** The bulkhead. */
        public Bulkhead build() {
            return new Bulkhead(this);
        }
    }
}
