package io.nettoolkit.pool.internal.state;

import io.nettoolkit.pool.ConnectionPool.CloseCause;
import io.nettoolkit.pool.internal.hit.Entry;
import org.jspecify.annotations.Nullable;

/** A connection with what the state machine notes about it; these fields are its own. */
public abstract class Member extends Entry {

    static final int NO_MEMBER = -1;

    /** Place among the members. */
    int place = NO_MEMBER;
    /** When it is old enough. */
    long retireNanos;

    boolean isLeaving;
    boolean isCut;

    @Nullable
    CloseCause cause;

    @Nullable
    Throwable failure;

    @Nullable
    Check check;

    /** A connection that is no pool's yet. */
    protected Member(long bornNanos, long loopThread) {
        super(bornNanos, loopThread);
    }

    /** Notes why it is closed, where nothing was noted before; answers what is noted. */
    CloseCause because(CloseCause why, @Nullable Throwable what) {
        CloseCause first = cause;
        if (first == null) {
            first = why;
            cause = why;
            failure = what;
        }
        return first;
    }
}
