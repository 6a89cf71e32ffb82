package io.nettoolkit.testkit;

import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoEventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.Future;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/**
 * A TCP proxy on loopback that stands between a client and its server and behaves as badly as a test wants.
 *
 * <pre>{@code
 * try (FaultProxy proxy = FaultProxy.to(server.localAddress())) {
 *     proxy.toClient().delay(Duration.ofMillis(200)).resetAt(1000);
 *     client.connect(proxy.address());
 *     ...
 * }
 * }</pre>
 *
 * <p>Without faults it forwards bytes, ends of stream and resets as they come, each direction on its own. Faults are set
 * per {@linkplain Faults direction}, before or while connections are open, and apply to every connection, old and new.
 *
 * <p><b>Threading.</b> Any thread may call every method. {@link #to(SocketAddress, EventLoopGroup)},
 * {@link #refuseConnections}, {@link #acceptConnections}, {@link #disconnectAll}, {@link #resetAll} and {@link #close}
 * wait for the sockets and so must not be called on an event loop of the proxy. Delays are timers of those loops: on a
 * group of {@link ManualTime} they are virtual.
 *
 * <p><b>Life cycle.</b> Accepts connections from the start until {@link #close()}, which closes every socket and, where
 * the group is the proxy's own (one daemon thread), ends it.
 *
 * <p><b>Failure.</b> A client whose target cannot be reached is reset. What cannot be closed within 10 s is an
 * {@link IllegalStateException}.
 */
public final class FaultProxy implements AutoCloseable {

    private static final long PATIENCE_SECONDS = 10;

    private final SocketAddress target;
    private final EventLoopGroup group;
    private final boolean ownsGroup;
    private final Faults toTarget = new Faults(this::onFaultsChanged);
    private final Faults toClient = new Faults(this::onFaultsChanged);
    private final Set<ProxyLink> links = ConcurrentHashMap.newKeySet();
    private final AtomicLong accepted = new AtomicLong();

    private final ReentrantLock control = new ReentrantLock();
    private final ProxyListener listener;
    private volatile boolean closed;

    private FaultProxy(SocketAddress target, EventLoopGroup group, boolean ownsGroup) {
        this.target = target;
        this.group = group;
        this.ownsGroup = ownsGroup;
        this.listener = new ProxyListener(group, this::onAccept);
    }

    /** A proxy to this address with an event loop of its own. */
    public static FaultProxy to(SocketAddress target) {
        Objects.requireNonNull(target, "target: must not be null");
        return start(new FaultProxy(
                target,
                new MultiThreadIoEventLoopGroup(
                        1, new DefaultThreadFactory("fault-proxy", true), NioIoHandler.newFactory()),
                true));
    }

    /**
     * A proxy to this address on the given event loops.
     *
     * @param group event loops of the NIO transport; stays the caller's
     */
    public static FaultProxy to(SocketAddress target, EventLoopGroup group) {
        Objects.requireNonNull(target, "target: must not be null");
        Objects.requireNonNull(group, "group: must not be null");
        if (!(group instanceof IoEventLoopGroup io) || !io.isIoType(NioIoHandler.class)) {
            throw new IllegalArgumentException("group: " + group + " (must be of the NIO transport)");
        }
        return start(new FaultProxy(target, group, false));
    }

    private static FaultProxy start(FaultProxy proxy) {
        try {
            proxy.acceptConnections();
            return proxy;
        } catch (Throwable failure) {
            proxy.close();
            throw failure;
        }
    }

    /** Where clients connect to instead of the target. */
    public InetSocketAddress address() {
        return listener.address();
    }

    /** The port of {@link #address()}; the same for the proxy's whole life. */
    public int port() {
        return listener.address().getPort();
    }

    /** The faults of what the client sends. */
    public Faults toTarget() {
        return toTarget;
    }

    /** The faults of what the target answers. */
    public Faults toClient() {
        return toClient;
    }

    /** How many connections have been accepted so far. */
    public long acceptedConnections() {
        return accepted.get();
    }

    /** How many accepted connections are not closed yet. */
    public int openConnections() {
        return links.size();
    }

    /**
     * Stops listening, so that the system refuses new connections; open ones go on. The port stays taken. When this
     * returns, a connect is refused.
     */
    public void refuseConnections() {
        control.lock();
        try {
            listener.refuse();
        } finally {
            control.unlock();
        }
    }

    /** Listens again after {@link #refuseConnections()}. */
    public void acceptConnections() {
        control.lock();
        try {
            if (closed) {
                throw new IllegalStateException("the proxy is closed");
            }
            listener.listen();
        } finally {
            control.unlock();
        }
    }

    /**
     * Closes every open connection on both sides (FIN), dropping what is still held, and waits until it is done. A side
     * that is just sending may see a reset after the end of the stream, as from any socket closed with unread bytes.
     */
    public void disconnectAll() {
        endAll(ProxyLink::disconnect);
    }

    /** Resets every open connection on both sides (RST), dropping what is still held, and waits until it is done. */
    public void resetAll() {
        endAll(ProxyLink::reset);
    }

    /** Stops listening, resets what is open, frees the port and waits for it; more calls do nothing. */
    @Override
    public void close() {
        control.lock();
        try {
            if (closed) {
                return;
            }
            closed = true;
            closeSockets();
        } finally {
            control.unlock();
            if (ownsGroup) {
                await(group.shutdownGracefully(0, 0, TimeUnit.SECONDS));
            }
        }
    }

    private void closeSockets() {
        try {
            // A group that its owner shut down first closes its sockets itself.
            if (!group.isShuttingDown()) {
                listener.refuse();
                // What was accepted last may still be on its way to its loop.
                for (EventExecutor loop : group) {
                    await(loop.submit(() -> {}));
                }
                resetAll();
            }
        } finally {
            listener.freePort();
        }
    }

    @Override
    public String toString() {
        return "FaultProxy(port " + port() + " -> " + target + ", toTarget " + toTarget + ", toClient " + toClient
                + ")";
    }

    private void onAccept(SocketChannel client) {
        accepted.incrementAndGet();
        ProxyLink link = new ProxyLink(client, this, links::remove);
        links.add(link);
        if (closed) {
            link.reset();
        } else {
            link.connect(target);
        }
    }

    private void endAll(Consumer<ProxyLink> end) {
        List<Future<?>> closing = new ArrayList<>();
        for (ProxyLink link : links) {
            link.eventLoop().execute(() -> end.accept(link));
            closing.add(link.closed());
        }
        closing.forEach(FaultProxy::await);
    }

    private void onFaultsChanged() {
        for (ProxyLink link : links) {
            link.eventLoop().execute(link::pump);
        }
    }

    static void await(Future<?> future) {
        if (!future.awaitUninterruptibly(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
            throw new IllegalStateException(
                    "the sockets of the proxy took longer than " + PATIENCE_SECONDS + " s: is its event loop blocked?");
        }
        if (!future.isSuccess()) {
            throw new IllegalStateException("the proxy failed to open or close a socket", future.cause());
        }
    }

    /**
     * What happens to the bytes of one direction. Each method returns this object; a fault stays until it is set anew or
     * {@link #clear cleared}. Positions count the bytes of one connection in this direction from 0; a connection that
     * is past a position when {@link #truncateAt}, {@link #resetAt} or {@link #halfCloseAt} is set meets it at once.
     * For Threading see {@link FaultProxy}.
     */
    public static final class Faults {

        private final AtomicReference<FaultPlan> plan = new AtomicReference<>(FaultPlan.NONE);
        private final AtomicLong received = new AtomicLong();
        private final AtomicLong forwarded = new AtomicLong();
        private final Runnable onChange;

        private Faults(Runnable onChange) {
            this.onChange = onChange;
        }

        /** Forwards each byte, and the end of the stream, this long after it came in. Default and zero: at once. */
        public Faults delay(Duration delay) {
            if (delay.isNegative()) {
                throw new IllegalArgumentException("delay: " + delay + " (must not be negative)");
            }
            return change(plan -> plan.withDelay(delay.toNanos()));
        }

        /**
         * Forwards at most {@code bytes} at a time, one time per interval.
         *
         * @param bytes at least 1
         * @param interval longer than zero
         */
        public Faults drip(int bytes, Duration interval) {
            if (bytes < 1) {
                throw new IllegalArgumentException("bytes: " + bytes + " (must be at least 1)");
            }
            if (interval.isNegative() || interval.isZero()) {
                throw new IllegalArgumentException("interval: " + interval + " (must be longer than zero)");
            }
            return change(plan -> plan.withDrip(bytes, interval.toNanos()));
        }

        /**
         * Ends the connection after this many bytes: both sides get an end of stream (FIN) and what they send is thrown
         * away; it is closed when both have closed. Replaces {@link #resetAt} and {@link #halfCloseAt}.
         */
        public Faults truncateAt(long position) {
            return cut(FaultPlan.Cut.TRUNCATE, position);
        }

        /**
         * Resets the connection on both sides (RST) after this many bytes; 0 resets it as soon as the target has
         * accepted. Replaces {@link #truncateAt} and {@link #halfCloseAt}.
         */
        public Faults resetAt(long position) {
            return cut(FaultPlan.Cut.RESET, position);
        }

        /**
         * Ends this direction after this many bytes: the receiver gets an end of stream (FIN), the rest is thrown away,
         * the other direction goes on. Replaces {@link #truncateAt} and {@link #resetAt}.
         */
        public Faults halfCloseAt(long position) {
            return cut(FaultPlan.Cut.HALF_CLOSE, position);
        }

        /** Inverts all bits of the byte at this position; connections that are past it are not touched. */
        public Faults corruptAt(long position) {
            requirePosition(position);
            return change(plan -> plan.withCorruption(position));
        }

        /**
         * Forwards nothing any more and, once buffers are full, reads nothing either: connections are accepted and stay
         * open without an answer. No other fault of this direction happens meanwhile.
         */
        public Faults stall() {
            return change(plan -> plan.withStall(true));
        }

        /** Goes on after {@link #stall()} with what was held back. */
        public Faults resume() {
            return change(plan -> plan.withStall(false));
        }

        /** Takes all faults away, a stall too. What a fault has done already stays done. */
        public Faults clear() {
            return change(plan -> FaultPlan.NONE);
        }

        /** How many bytes of all connections came in from the sender. */
        public long receivedBytes() {
            return received.get();
        }

        /** How many bytes of all connections went out to the receiver. */
        public long forwardedBytes() {
            return forwarded.get();
        }

        @Override
        public String toString() {
            return plan() + ", " + forwardedBytes() + " of " + receivedBytes() + " bytes forwarded";
        }

        FaultPlan plan() {
            return plan.get();
        }

        void onReceived(int bytes) {
            received.addAndGet(bytes);
        }

        void onForwarded(int bytes) {
            forwarded.addAndGet(bytes);
        }

        private Faults cut(FaultPlan.Cut cut, long position) {
            requirePosition(position);
            return change(plan -> plan.withCut(cut, position));
        }

        private static void requirePosition(long position) {
            if (position < 0) {
                throw new IllegalArgumentException("position: " + position + " (must not be negative)");
            }
        }

        private Faults change(UnaryOperator<FaultPlan> change) {
            plan.updateAndGet(change);
            onChange.run();
            return this;
        }
    }
}
