package io.nettoolkit.pool.internal.state;

import java.net.SocketAddress;
import java.util.List;
import java.util.function.Predicate;

/** One health check of one connection, or the question whether its address is to be avoided. */
public final class Check {

    final Member member;
    final long deadlineNanos;
    private final List<Predicate<? super SocketAddress>> avoided;

    Check(Member member, long deadlineNanos, List<Predicate<? super SocketAddress>> avoided) {
        this.member = member;
        this.deadlineNanos = deadlineNanos;
        this.avoided = avoided;
    }

    /** Of which connection. */
    public Member member() {
        return member;
    }

    /** Tell addresses that were retired while it was being opened; empty for a health check. */
    public List<Predicate<? super SocketAddress>> avoided() {
        return avoided;
    }
}
