package io.nettoolkit.tcp.internal;

import io.nettoolkit.core.NetException;
import io.nettoolkit.core.NetFailure.Operation;
import io.nettoolkit.core.RejectedException;
import io.nettoolkit.core.RejectedException.Reason;
import io.nettoolkit.core.internal.jfr.JfrEvents;
import io.nettoolkit.tcp.Limits;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Stands before Netty's acceptor and decides which connections come in.
 *
 * <p>Too many connections are reset before a pipeline is built for them, so that a flood costs an accept each. Too many
 * accepts a second wait for their turn, and the acceptor pauses, so that the rest waits in the kernel's backlog. When the system itself cannot
 * accept (no descriptors), Netty pauses for a second; this handler reports it.
 *
 * <p>Threading: handler methods on the accepting loop; connections leave on their own loops.
 */
final class Admission extends ChannelInboundHandlerAdapter {

    private static final Duration UNKNOWN = Duration.ZERO;
    private static final long SECOND_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final ConnectionGroup group;
    private final ConnectionSettings settings;
    private final AtomicLong accepted;
    private final AtomicLong rejected;
    private final ConcurrentHashMap<Object, Integer> perAddress = new ConcurrentHashMap<>();

    /** When the bucket is full again, in nanoseconds: the whole state of the accept rate (GCRA). */
    private long rateNanos;

    /** Accepted connections that wait for their turn. */
    private int held;

    Admission(ConnectionGroup group, AtomicLong accepted, AtomicLong rejected) {
        this.group = group;
        this.accepted = accepted;
        this.rejected = rejected;
        settings = group.settings();
        rateNanos = settings.time.nanoTime();
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        Channel child = (Channel) message;
        SocketAddress remote = child.remoteAddress();
        Limits limits = settings.limits;
        if (group.isStopping()) {
            reject(child, remote, Reason.SHUTTING_DOWN, "the server is draining or closed");
        } else if (limits.maxConnections() != 0 && group.size() >= limits.maxConnections()) {
            reject(
                    child,
                    remote,
                    Reason.CONNECTION_LIMIT,
                    "maxConnections " + limits.maxConnections() + " is reached; close some or raise the limit");
        } else if (limits.maxConnectionsPerAddress() != 0 && !enter(child, remote, limits.maxConnectionsPerAddress())) {
            reject(
                    child,
                    remote,
                    Reason.CONNECTION_LIMIT,
                    "maxConnectionsPerAddress " + limits.maxConnectionsPerAddress() + " is reached for " + remote);
        } else {
            accepted.setOpaque(accepted.getPlain() + 1);
            long waitNanos = limits.acceptsPerSecond() == 0 ? 0 : accountAccept(limits.acceptsPerSecond());
            if (waitNanos <= 0) {
                ctx.fireChannelRead(child);
            } else {
                hold(ctx, child, waitNanos);
            }
        }
    }

    /** Reading ahead of the rate is the transport's business: it may hand over a few more before the pause works. */
    private void hold(ChannelHandlerContext ctx, Channel child, long waitNanos) {
        ctx.channel().config().setAutoRead(false);
        held++;
        ctx.executor()
                .schedule(
                        () -> {
                            if (--held == 0) {
                                ctx.channel().config().setAutoRead(true);
                            }
                            if (group.isStopping()) {
                                reject(
                                        child,
                                        child.remoteAddress(),
                                        Reason.SHUTTING_DOWN,
                                        "the server is draining or closed");
                            } else {
                                ctx.fireChannelRead(child);
                            }
                        },
                        waitNanos,
                        TimeUnit.NANOSECONDS);
    }

    private void reject(Channel child, @Nullable SocketAddress remote, Reason reason, String detail) {
        child.config().setOption(ChannelOption.SO_LINGER, 0);
        child.unsafe().closeForcibly();
        report(remote, new RejectedException(settings.name, reason, UNKNOWN, detail));
    }

    private void report(@Nullable SocketAddress remote, Exception cause) {
        rejected.setOpaque(rejected.getPlain() + 1);
        JfrEvents.connectionReject(remote, cause);
        settings.listenerGuard.run(() -> settings.listener.onReject(remote, cause));
    }

    private boolean enter(Channel child, @Nullable SocketAddress remote, int limit) {
        Object key = key(remote);
        if (key == null) {
            return true;
        }
        int count = perAddress.merge(key, 1, Integer::sum);
        if (count > limit) {
            leave(key);
            return false;
        }
        child.closeFuture().addListener(closed -> leave(key));
        return true;
    }

    private void leave(Object key) {
        perAddress.computeIfPresent(key, (same, count) -> count == 1 ? null : count - 1);
    }

    /** An IPv4 address, or the /64 network of an IPv6 one: whoever has one address of it has them all. */
    private static @Nullable Object key(@Nullable SocketAddress remote) {
        if (!(remote instanceof InetSocketAddress inet) || inet.getAddress() == null) {
            return null;
        }
        InetAddress address = inet.getAddress();
        return address instanceof Inet6Address
                ? ByteBuffer.wrap(address.getAddress()).getLong()
                : address;
    }

    /** Takes one accept off the rate; answers how long it has to wait, zero or less for not at all. */
    private long accountAccept(int perSecond) {
        long now = settings.time.nanoTime();
        long interval = SECOND_NANOS / perSecond;
        rateNanos = (rateNanos - now < 0 ? now : rateNanos) + interval;
        return rateNanos - now - SECOND_NANOS;
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        report(null, NetException.of(cause, Operation.ACCEPT, ctx.channel().localAddress(), null, null));
        ctx.fireExceptionCaught(cause);
    }
}
