package io.nettoolkit.pool.internal;

import io.nettoolkit.core.TimeSource;
import io.nettoolkit.core.internal.CallbackGuard;
import io.nettoolkit.pool.internal.state.Member;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** What the predicates of a user say of the addresses that connections lead to. Any thread, outside of the section. */
final class Addresses {

    private final CallbackGuard guard;

    Addresses(String pool, TimeSource timeSource) {
        guard = new CallbackGuard("the predicate given to retire of pool " + pool, timeSource);
    }

    /** The connections it means. */
    List<Member> matching(List<Member> members, Predicate<? super SocketAddress> predicate) {
        List<Member> matching = new ArrayList<>();
        for (Member member : members) {
            if (matches(predicate, ((Connection) member).channel.remoteAddress())) {
                matching.add(member);
            }
        }
        return matching;
    }

    /** Whether it means this address; one that throws means none. */
    boolean matches(Predicate<? super SocketAddress> predicate, @Nullable SocketAddress address) {
        if (address == null) {
            return false;
        }
        try {
            return predicate.test(address);
        } catch (Throwable failure) {
            guard.failed(failure);
            return false;
        }
    }
}
