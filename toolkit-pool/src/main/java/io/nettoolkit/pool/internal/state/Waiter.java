package io.nettoolkit.pool.internal.state;

import org.jspecify.annotations.Nullable;

/** Somebody who waits for a connection. Its fields are the line's while it stands there. */
public abstract class Waiter extends Step {

    static final int NOT_IN_LINE = -1;
    static final int NO_LANE = -1;

    final long sinceNanos;
    final long deadlineNanos;

    @Nullable
    Waiter before;

    @Nullable
    Waiter after;

    /** Place in the heap by deadline. */
    int heapIndex = NOT_IN_LINE;
    /** Index of its event loop, where connections of that loop are for it first; and its neighbours there. */
    int lane = NO_LANE;

    @Nullable
    Waiter laneBefore;

    @Nullable
    Waiter laneAfter;

    /** Was told to try by itself, and has not said yet what came of it. */
    boolean isTrying;
    /** How often others had been faster when it tried, or were served although it was the first in line. */
    int passedOver;

    /** Somebody who came at a time and waits until another. */
    protected Waiter(long sinceNanos, long deadlineNanos) {
        this.sinceNanos = sinceNanos;
        this.deadlineNanos = deadlineNanos;
    }

    /** Whether it can take an idle connection by itself, on a thread of its own; only with barging. */
    protected boolean canTry() {
        return false;
    }

    /** Id of the thread of the event loop on which it waits; 0 where it is on none, or does not care. Only with barging. */
    protected long loopThread() {
        return 0;
    }

    /** When it came. */
    public final long sinceNanos() {
        return sinceNanos;
    }

    /** Until when it waits. */
    public final long deadlineNanos() {
        return deadlineNanos;
    }
}
