package io.nettoolkit.resilience.internal.adaptive;

import io.nettoolkit.core.TimeSource;
import io.nettoolkit.resilience.internal.Serial;
import io.nettoolkit.resilience.internal.StripedCounters;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/*
 * The moving parts of a shedder. Callers add to striped counters that only grow, and lower one shared minimum while the
 * queue gets shorter. The first caller after an interval's end takes `updating` by compare-and-set, works out the line from
 * the differences, and publishes it as one word; nobody waits for it. A decision is a read of that word and, in the class it
 * runs through, one random number. A change is told after `updating` has been given back, so that a listener may take its
 * time; its place in the order it has before.
 */

/**
 * Works out, once an interval, who is let in.
 *
 * <p>Threading: any thread.
 */
public final class ShedControl {

    /** Hears that shedding began, changed or ended, in that order, one at a time. */
    @FunctionalInterface
    public interface OnChange {
        /** Must not throw. */
        void changed(double shedBefore, double shedNow);
    }

    /**
     * What stays the same.
     *
     * @param priorities how many classes
     * @param targetNanos queue delay to stay below; 0 for no look at queues
     * @param intervalNanos how often the line is worked out
     * @param throttleK requests for each accept; 0 for no look at refusals
     * @param throttleNanos how long refusals are remembered
     */
    public record Settings(
            int priorities, long targetNanos, long intervalNanos, double throttleK, long throttleNanos) {}

    /** The most classes. */
    public static final int MAX_PRIORITIES = 8;

    private static final double MOST_SHED = 1 - QueueControl.LEAST;

    /** Arrivals of a class halve in this many intervals. */
    private static final double ARRIVALS_FADE = 0.5;

    private static final int ACCEPTED = 0;
    private static final int REJECTED = 1;

    private static final VarHandle SHORTEST;
    private static final VarHandle UPDATING;

    static {
        try {
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            SHORTEST = lookup.findVarHandle(ShedControl.class, "shortestNanos", long.class);
            UPDATING = lookup.findVarHandle(ShedControl.class, "updating", boolean.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final Settings settings;
    private final TimeSource timeSource;
    private final OnChange onChange;
    private final Serial<OnChange> changes = new Serial<>();

    /** Admitted by class, then shed by class. */
    private final StripedCounters decisions;

    private final StripedCounters answers = new StripedCounters(2);

    private long shortestNanos = Long.MAX_VALUE;
    private volatile double line;
    private volatile double shed;
    private volatile long nextNanos;
    private volatile long lastShortestNanos;

    // Of the thread that has set `updating`.
    private boolean updating;
    private long lastNanos;
    private QueueControl queue = QueueControl.OPEN;
    private ClientThrottle throttle = ClientThrottle.IDLE;
    private double lastThrottle;

    /** How much of what is shed is the throttle's. */
    private double throttled;

    private final double[] arrivals;
    private final long[] arrivedBefore;
    private long shedBefore;
    private long acceptedBefore;
    private long rejectedBefore;

    /** Nothing is shed. */
    public ShedControl(Settings settings, TimeSource timeSource, OnChange onChange) {
        this.settings = settings;
        this.timeSource = timeSource;
        this.onChange = onChange;
        decisions = new StripedCounters(2 * settings.priorities());
        arrivals = new double[settings.priorities()];
        arrivedBefore = new long[settings.priorities()];
        line = settings.priorities();
        lastNanos = timeSource.coarseNanos();
        nextNanos = lastNanos + settings.intervalNanos();
    }

    /** The share of this class to shed now; 0 or less for none, 1 or more for all. */
    public double shedShare(int priority) {
        long now = timeSource.coarseNanos();
        if (now - nextNanos >= 0) {
            update(now);
        }
        return AdmissionLine.shedShare(priority, line);
    }

    /** What was decided. */
    public void admitted(int priority) {
        decisions.increment(priority);
    }

    /** What was decided. */
    public void shed(int priority) {
        decisions.increment(settings.priorities() + priority);
    }

    /** What the other side said. */
    public void accepted() {
        answers.increment(ACCEPTED);
    }

    /** What the other side said. */
    public void rejected() {
        answers.increment(REJECTED);
    }

    /** What left the queue had waited this long. */
    public void queueDelay(long nanos) {
        long least = (long) SHORTEST.getOpaque(this);
        while (nanos < least && !SHORTEST.weakCompareAndSetPlain(this, least, nanos)) {
            least = (long) SHORTEST.getOpaque(this);
        }
    }

    private void update(long now) {
        if (!UPDATING.compareAndSet(this, false, true)) {
            return;
        }
        boolean changed;
        try {
            changed = now - nextNanos >= 0 && endInterval(now);
        } finally {
            UPDATING.setRelease(this, false);
        }
        if (changed) {
            changes.runOne(onChange);
        }
    }

    private boolean endInterval(long now) {
        double before = shed;
        double wanted = Math.max(queueShare(), throttleShare(now));
        throttled = wanted > 0 ? lastThrottle / wanted : 0;
        countArrivals();
        lastNanos = now;
        nextNanos = now + settings.intervalNanos();
        line = AdmissionLine.of(wanted, arrivals);
        shed = wanted;
        if (before == wanted) {
            return false;
        }
        changes.add(listener -> listener.changed(before, wanted));
        return true;
    }

    private double queueShare() {
        long shortest = (long) SHORTEST.getAndSet(this, Long.MAX_VALUE);
        lastShortestNanos = shortest == Long.MAX_VALUE ? 0 : shortest;
        if (settings.targetNanos() == 0) {
            return 0;
        }
        queue = queue.next(shortest, settings.targetNanos());
        return 1 - queue.share();
    }

    private double throttleShare(long now) {
        if (settings.throttleK() == 0) {
            return 0;
        }
        long accepted = answers.sum(ACCEPTED) - acceptedBefore;
        long rejected = answers.sum(REJECTED) - rejectedBefore;
        long shedHere = totalShed() - shedBefore;
        // What was shed for the queue's sake says nothing about the other side.
        long throttledHere = (long) (shedHere * throttled);
        acceptedBefore += accepted;
        rejectedBefore += rejected;
        shedBefore += shedHere;
        double elapsed = (double) (now - lastNanos) / settings.throttleNanos();
        throttle = throttle.next(accepted + rejected + throttledHere, accepted, elapsed);
        lastThrottle = throttle.shed(settings.throttleK(), MOST_SHED);
        return lastThrottle;
    }

    private long totalShed() {
        long total = 0;
        for (int i = 0; i < settings.priorities(); i++) {
            total += shedCount(i);
        }
        return total;
    }

    private void countArrivals() {
        for (int i = 0; i < arrivals.length; i++) {
            long arrived = admittedCount(i) + shedCount(i);
            arrivals[i] = arrivals[i] * ARRIVALS_FADE + (arrived - arrivedBefore[i]);
            arrivedBefore[i] = arrived;
        }
    }

    /** So many of this class. */
    public long admittedCount(int priority) {
        return decisions.sum(priority);
    }

    /** So many of this class. */
    public long shedCount(int priority) {
        return decisions.sum(settings.priorities() + priority);
    }

    /** So many answers. */
    public long acceptedCount() {
        return answers.sum(ACCEPTED);
    }

    /** So many answers. */
    public long rejectedCount() {
        return answers.sum(REJECTED);
    }

    /** The share of everything that is to be shed now. */
    public double shed() {
        return shed;
    }

    /** The shortest delay of the last whole interval; 0 where nothing left the queue. */
    public long lastShortestNanos() {
        return lastShortestNanos;
    }
}
