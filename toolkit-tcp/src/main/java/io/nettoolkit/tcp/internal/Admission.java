package io.nettoolkit.tcp.internal;

import io.nettoolkit.core.NetException;
import io.nettoolkit.core.NetFailure.Operation;
import io.nettoolkit.core.RejectedException;
import io.nettoolkit.core.RejectedException.Reason;
import io.nettoolkit.core.internal.jfr.JfrEvents;
import io.nettoolkit.tcp.Limits;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Stands before Netty's acceptor and decides which connections come in.
 *
 * <p>Too many connections are reset before a pipeline is built for them, so that a flood costs an accept each. Too many
 * accepts a second wait for their turn, and the acceptor pauses, so that the rest waits in the kernel's backlog. When the
 * system itself cannot accept (no descriptors), Netty pauses for a second; this handler reports it.
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

    /** Counted here and not where connections are built, which is later and on other loops. */
    private final AtomicInteger admitted = new AtomicInteger();

    private final ConcurrentHashMap<Object, Integer> perAddress = new ConcurrentHashMap<>();

    /** When the bucket is full again, in nanoseconds: the whole state of the accept rate (GCRA). */
    private long rateNanos;

    /** Accepted connections that wait for their turn. Nobody else knows of them: they have no pipeline yet. */
    private final Map<Channel, Visit> held = new HashMap<>();

    Admission(ConnectionGroup group, AtomicLong accepted, AtomicLong rejected) {
        this.group = group;
        this.accepted = accepted;
        this.rejected = rejected;
        settings = group.settings();
        rateNanos = settings.time.nanoTime();
        loadFailures();
    }

    /** Without a descriptor left no class can be loaded from a directory: those that say so have to be there before. */
    private static void loadFailures() {
        Exception tooMany = new IOException("Too many open files");
        NetException.of(tooMany, Operation.ACCEPT, null, null, null).kind();
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        Channel child = (Channel) message;
        SocketAddress remote = child.remoteAddress();
        Limits limits = settings.limits;
        Object address = limits.maxConnectionsPerAddress() == 0 ? null : key(remote);
        if (group.isStopping()) {
            rejectStopping(child);
        } else if (limits.maxConnections() != 0 && admitted.get() >= limits.maxConnections()) {
            String detail = "maxConnections " + limits.maxConnections() + " is reached; close some or raise the limit";
            reject(child, Reason.CONNECTION_LIMIT, detail);
        } else if (address != null && !enterAddress(address, limits.maxConnectionsPerAddress())) {
            String detail =
                    "maxConnectionsPerAddress " + limits.maxConnectionsPerAddress() + " is reached for " + remote;
            reject(child, Reason.CONNECTION_LIMIT, detail);
        } else {
            admit(ctx, child, new Visit(address));
        }
    }

    private void admit(ChannelHandlerContext ctx, Channel child, Visit visit) {
        admitted.incrementAndGet();
        child.closeFuture().addListener(visit);
        accepted.setOpaque(accepted.getPlain() + 1);
        int perSecond = settings.limits.acceptsPerSecond();
        long waitNanos = perSecond == 0 ? 0 : accountAccept(perSecond);
        if (waitNanos <= 0) {
            ctx.fireChannelRead(child);
            return;
        }
        // Reading ahead of the rate is the transport's business: it may hand over a few more before the pause works.
        ctx.channel().config().setAutoRead(false);
        held.put(child, visit);
        ctx.executor().schedule(() -> admitHeld(ctx, child), waitNanos, TimeUnit.NANOSECONDS);
    }

    private void admitHeld(ChannelHandlerContext ctx, Channel child) {
        Visit visit = held.remove(child);
        if (visit == null) {
            return;
        }
        if (held.isEmpty()) {
            ctx.channel().config().setAutoRead(true);
        }
        if (group.isStopping()) {
            turnAway(child, visit);
        } else {
            ctx.fireChannelRead(child);
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        held.forEach(this::turnAway);
        held.clear();
        ctx.fireChannelInactive();
    }

    private void turnAway(Channel child, Visit visit) {
        rejectStopping(child);
        visit.end();
    }

    private void rejectStopping(Channel child) {
        reject(child, Reason.SHUTTING_DOWN, "the server is draining or closed");
    }

    /** A channel that has no loop yet can only be closed this way, which tells no listener. */
    private void reject(Channel child, Reason reason, String detail) {
        SocketAddress remote = child.remoteAddress();
        child.config().setOption(ChannelOption.SO_LINGER, 0);
        child.unsafe().closeForcibly();
        report(remote, new RejectedException(settings.name, reason, UNKNOWN, detail));
    }

    private void report(@Nullable SocketAddress remote, Exception cause) {
        rejected.setOpaque(rejected.getPlain() + 1);
        JfrEvents.connectionReject(remote, cause);
        settings.listenerGuard.run(() -> settings.listener.onReject(remote, cause));
    }

    private boolean enterAddress(Object address, int limit) {
        int count = perAddress.merge(address, 1, Integer::sum);
        if (count > limit) {
            leaveAddress(address);
            return false;
        }
        return true;
    }

    private void leaveAddress(Object address) {
        perAddress.computeIfPresent(address, (same, count) -> count == 1 ? null : count - 1);
    }

    /** One connection's share of the limits, given back when it is closed; the only listener it costs. */
    private final class Visit implements ChannelFutureListener {

        private final @Nullable Object address;

        Visit(@Nullable Object address) {
            this.address = address;
        }

        @Override
        public void operationComplete(ChannelFuture closed) {
            end();
        }

        void end() {
            if (address != null) {
                leaveAddress(address);
            }
            admitted.decrementAndGet();
        }
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
