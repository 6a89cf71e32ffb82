package io.nettoolkit.udp.internal.channel;

import io.netty.buffer.ByteBuf;
import java.net.InetSocketAddress;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * The sockets of a server that listens on several loops: a datagram that the system gave to another one than its
 * connection's, because a client's address changed or sockets came and went, is handed over to the loop whose number the
 * connection id bears.
 *
 * <p>Threading: any.
 */
public final class PortGroup {

    /** As many as a connection id can tell apart. */
    public static final int MAX_MEMBERS = 256;

    private final AtomicReferenceArray<@Nullable ListeningChannel> members = new AtomicReferenceArray<>(MAX_MEMBERS);

    void join(int index, ListeningChannel member) {
        members.set(index, member);
    }

    void leave(int index) {
        members.set(index, null);
    }

    /** Hands a copy of the datagram over; false where nobody has that number, or too many are on their way there. */
    boolean handOver(int owner, InetSocketAddress from, ByteBuf datagram) {
        ListeningChannel member = members.get(owner);
        return member != null && member.takeOver(from, datagram);
    }
}
