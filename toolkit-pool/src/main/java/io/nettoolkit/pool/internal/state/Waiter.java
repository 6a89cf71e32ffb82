package io.nettoolkit.pool.internal.state;

import org.jspecify.annotations.Nullable;

/** Somebody who waits for a connection. Its fields are the line's while it stands there. */
public abstract class Waiter extends Step {

    static final int NOT_IN_LINE = -1;

    final long sinceNanos;
    final long deadlineNanos;

    @Nullable
    Waiter before;

    @Nullable
    Waiter after;

    /** Place in the heap by deadline. */
    int heapIndex = NOT_IN_LINE;

    /** Somebody who came at a time and waits until another. */
    protected Waiter(long sinceNanos, long deadlineNanos) {
        this.sinceNanos = sinceNanos;
        this.deadlineNanos = deadlineNanos;
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
