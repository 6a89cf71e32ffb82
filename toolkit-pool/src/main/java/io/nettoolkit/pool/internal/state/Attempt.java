package io.nettoolkit.pool.internal.state;

import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** One connect under way. */
public final class Attempt {

    final long beganNanos;
    private final long deadlineNanos;
    /** What was retired meanwhile. */
    final List<Predicate<? super SocketAddress>> avoided = new ArrayList<>(0);

    @Nullable
    Throwable retiredBy;

    boolean isRetired;

    Attempt(long beganNanos, long deadlineNanos) {
        this.beganNanos = beganNanos;
        this.deadlineNanos = deadlineNanos;
    }

    /** When it began. */
    public long beganNanos() {
        return beganNanos;
    }

    /** When its place is free again. */
    public long deadlineNanos() {
        return deadlineNanos;
    }
}
