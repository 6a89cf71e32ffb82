package io.nettoolkit.udp.internal.datagram;

import io.nettoolkit.core.CloseReason;
import io.nettoolkit.core.DrainReport;
import io.nettoolkit.core.EventLoops;
import io.nettoolkit.core.NetException;
import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.core.NetFailure.Operation;
import io.nettoolkit.core.RejectedException;
import io.nettoolkit.core.RejectedException.Reason;
import io.nettoolkit.core.internal.CallbackGuard;
import io.nettoolkit.core.internal.LogLimiter;
import io.nettoolkit.core.internal.ToolkitFuture;
import io.nettoolkit.core.internal.jfr.JfrEvents;
import io.nettoolkit.udp.DatagramEndpoint;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoop;
import io.netty.channel.socket.DatagramChannel;
import io.netty.channel.socket.DatagramPacket;
import io.netty.channel.socket.SocketProtocolFamily;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The socket of one endpoint, from opening to the end. One event loop serves it from the start, so that everything about it
 * is in one order.
 *
 * <p>Threading: what an endpoint calls may come from any thread; the channel's events, from the loop.
 */
public final class EndpointSocket implements OutboundQueue.Owner {

    private static final Logger log = LoggerFactory.getLogger(DatagramEndpoint.class);
    private static final long LOG_EVERY_NANOS = TimeUnit.MINUTES.toNanos(1);

    private final DatagramEndpoint endpoint;
    private final DatagramOptions options;
    private final EventLoops loops;
    private final EventLoop loop;
    private final EndpointCounters counters = new EndpointCounters();
    private final OutboundQueue queue;
    private final @Nullable Mailbox mailbox;
    private final CallbackGuard handlerGuard;
    private final CallbackGuard listenerGuard;
    private final LogLimiter oversizedLog;
    private final AtomicBoolean opened = new AtomicBoolean();
    private final AtomicReference<@Nullable Drain> drain = new AtomicReference<>();
    private final ToolkitFuture<CloseReason> closed;
    private volatile @Nullable DatagramChannel channel;
    private volatile @Nullable InetSocketAddress local;
    private volatile @Nullable InetSocketAddress remote;
    private volatile List<String> optionsNotApplied = List.of();

    /** Not open yet. */
    public EndpointSocket(DatagramEndpoint endpoint, DatagramOptions options) {
        this.endpoint = endpoint;
        this.options = options;
        loops = options.loops();
        loop = loops.next();
        queue = new OutboundQueue(options, loop, counters, this);
        mailbox = options.executor == null
                ? null
                : new Mailbox(options.executor, options.mailboxDatagrams, this::deliver, this::dropLate);
        handlerGuard = new CallbackGuard("the handler of " + options.name, options.timeSource);
        listenerGuard = new CallbackGuard("the listener of " + options.name, options.timeSource);
        oversizedLog = new LogLimiter(LOG_EVERY_NANOS, options.timeSource.nanoTime());
        closed = new ToolkitFuture<>(loop);
        JfrEvents.register();
    }

    // ---- opening

    /** Binds, or connects, once; either address may be absent, not both. */
    public CompletableFuture<InetSocketAddress> open(
            @Nullable InetSocketAddress local, @Nullable InetSocketAddress remote) {
        if (isClosing()) {
            throw new RejectedException(options.name, Reason.SHUTTING_DOWN, Duration.ZERO, "build a new endpoint");
        }
        if (!opened.compareAndSet(false, true)) {
            throw new IllegalStateException(options.name + " is open, or was; build another endpoint");
        }
        ToolkitFuture<InetSocketAddress> future = new ToolkitFuture<>(loop);
        Opening opening = new Opening(local, remote, future);
        try {
            loop.execute(opening::start);
        } catch (RejectedExecutionException loopIsGone) {
            opening.failed(loopIsGone);
        }
        return future;
    }

    private final class Opening {
        private final @Nullable InetSocketAddress local;
        private final @Nullable InetSocketAddress remote;
        private final ToolkitFuture<InetSocketAddress> future;

        Opening(
                @Nullable InetSocketAddress local,
                @Nullable InetSocketAddress remote,
                ToolkitFuture<InetSocketAddress> future) {
            this.local = local;
            this.remote = remote;
            this.future = future;
        }

        void start() {
            DatagramChannel fresh;
            try {
                fresh = loops.datagramChannelFactory(family()).newChannel();
            } catch (RuntimeException noSocket) {
                failed(noSocket);
                return;
            }
            try {
                optionsNotApplied = SocketSettings.apply(options, fresh, family());
            } catch (Exception refused) {
                fresh.unsafe().closeForcibly();
                failed(refused);
                return;
            }
            if (!optionsNotApplied.isEmpty()) {
                log.warn("{}: socket options not granted as asked: {}", options.name, optionsNotApplied);
            }
            fresh.pipeline().addLast(new Inbound());
            loop.register(fresh).addListener((ChannelFuture registered) -> {
                if (registered.isSuccess()) {
                    bindOrConnect(fresh).addListener((ChannelFuture done) -> opened(fresh, done.cause()));
                } else {
                    opened(fresh, registered.cause());
                }
            });
        }

        private ChannelFuture bindOrConnect(DatagramChannel fresh) {
            if (remote == null) {
                return fresh.bind(local);
            }
            return local == null ? fresh.connect(remote) : fresh.connect(remote, local);
        }

        private SocketProtocolFamily family() {
            InetSocketAddress address = remote != null ? remote : local;
            return address != null && address.getAddress() instanceof Inet6Address
                    ? SocketProtocolFamily.INET6
                    : SocketProtocolFamily.INET;
        }

        private void opened(DatagramChannel fresh, @Nullable Throwable cause) {
            if (cause != null) {
                fresh.close();
                failed(cause);
                return;
            }
            EndpointSocket.this.local = fresh.localAddress();
            EndpointSocket.this.remote = remote;
            channel = fresh;
            queue.open(fresh);
            // The endpoint was closed meanwhile, or the caller has given up.
            if (isClosing() || future.isCancelled()) {
                queue.refuse();
                fresh.close();
                future.cancel(false);
                return;
            }
            listenerGuard.run(() -> options.listener.onOpen(endpoint));
            if (!future.succeed(fresh.localAddress())) {
                closeNow();
            }
        }

        void failed(Throwable cause) {
            opened.set(false);
            Operation operation = remote == null ? Operation.BIND : Operation.CONNECT;
            future.fail(NetException.of(cause, operation, local, remote, null));
        }
    }

    // ---- what came in

    /** The last handler of one channel; another try to open makes another. */
    private final class Inbound extends ChannelInboundHandlerAdapter {

        /** A failure of the socket comes right before its end. */
        private @Nullable Throwable lastFailure;

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            if (!(message instanceof DatagramPacket packet)) {
                ctx.fireChannelRead(message);
                return;
            }
            queue.beginBurst();
            int bytes = packet.content().readableBytes();
            if (bytes > options.maxDatagramBytes) {
                packet.release();
                onOversized(packet.sender());
                return;
            }
            EndpointCounters.add(counters.received, 1);
            EndpointCounters.add(counters.receivedBytes, bytes);
            if (mailbox == null) {
                deliver(packet);
            } else if (!mailbox.offer(packet)) {
                drop(packet);
            }
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext ctx) {
            queue.endBurst();
            lastFailure = null;
            ctx.fireChannelReadComplete();
        }

        /** A read failed: mostly the answer of ICMP to something this endpoint sent while connected. */
        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            EndpointCounters.add(counters.receiveFailures, 1);
            NetException failure = failed(cause, Operation.READ, remote, PathMtu::explainLate);
            lastFailure = failure;
            listenerGuard.run(() -> options.listener.onFailure(endpoint, failure));
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            queue.refuse();
            Throwable failure = lastFailure;
            CloseReason reason = failure == null || isClosing() || loop.isShuttingDown()
                    ? CloseReason.local()
                    : CloseReason.failed(CloseReason.Initiator.NETWORK, failure);
            listenerGuard.run(() -> options.listener.onClose(endpoint, reason));
            closed.succeed(reason);
            ctx.fireChannelInactive();
        }
    }

    /** On the loop or the executor. */
    private void deliver(DatagramPacket packet) {
        try {
            if (!isClosing()) {
                options.handler.onDatagram(endpoint, packet.content(), packet.sender());
            }
        } catch (Throwable failure) {
            handlerGuard.failed(failure);
        } finally {
            packet.release();
        }
    }

    private void drop(DatagramPacket packet) {
        EndpointCounters.add(counters.overflowed, 1);
        JfrEvents.datagramDrop(
                options.name, packet.sender(), "HANDLER_BUSY", packet.content().readableBytes());
        packet.release();
    }

    /** Of an executor that was shut down; perhaps on its thread. */
    private void dropLate(DatagramPacket packet) {
        try {
            loop.execute(() -> drop(packet));
        } catch (RejectedExecutionException loopIsGone) {
            packet.release();
        }
    }

    private void onOversized(InetSocketAddress sender) {
        EndpointCounters.add(counters.oversized, 1);
        JfrEvents.datagramDrop(options.name, sender, "TOO_LARGE", options.maxDatagramBytes + 1);
        long leftOut = oversizedLog.tryLog(options.timeSource.nanoTime());
        if (leftOut != LogLimiter.SUPPRESSED) {
            log.warn(
                    "{}: dropped a datagram from {} that is longer than maxDatagramBytes={}; raise it, or have the peer"
                            + " send less ({} since the last line like this)",
                    options.name,
                    sender,
                    options.maxDatagramBytes,
                    leftOut + 1);
        }
        listenerGuard.run(() -> options.listener.onOversized(endpoint, sender));
    }

    // ---- what goes out

    /** The queue of what goes out. */
    OutboundQueue queue() {
        return queue;
    }

    @Override
    public Throwable sendFailed(Throwable cause, @Nullable InetSocketAddress recipient, int bytes) {
        InetSocketAddress to = recipient != null ? recipient : remote;
        NetException failure = failed(cause, Operation.WRITE, to, (peer, mtu) -> PathMtu.explain(bytes, peer, mtu));
        JfrEvents.datagramDrop(options.name, to, failure.kind().name(), bytes);
        if (failure.kind() != Kind.LOCAL_CLOSED) {
            listenerGuard.run(() -> options.listener.onFailure(endpoint, failure));
        }
        return failure;
    }

    /** The failure in words of its own where the system only says "too long". */
    private NetException failed(
            Throwable cause,
            Operation operation,
            @Nullable InetSocketAddress to,
            BiFunction<InetSocketAddress, OptionalInt, String> tooLong) {
        NetException failure = NetException.of(cause, operation, local, to, null);
        if (failure.kind() != Kind.FRAME_TOO_LARGE || to == null) {
            return failure;
        }
        return NetException.builder(Kind.FRAME_TOO_LARGE, operation)
                .cause(cause)
                .local(local)
                .remote(to)
                .detail(tooLong.apply(to, pathMtu()))
                .build();
    }

    @Override
    public void onWritable() {
        handlerGuard.run(() -> options.handler.onWritable(endpoint));
    }

    @Override
    public void onEmpty() {
        Drain draining = drain.get();
        if (draining != null) {
            draining.onEmpty();
        }
    }

    // ---- the end

    /** Ends it: at the latest after the grace period. */
    public CompletableFuture<DrainReport> drain(Duration grace) {
        Drain fresh = new Drain(grace.toNanos());
        Drain running = drain.compareAndExchange(null, fresh);
        if (running != null) {
            return running.report.copy();
        }
        try {
            loop.execute(fresh::start);
        } catch (RejectedExecutionException loopIsGone) {
            // So is the channel.
            queue.refuse();
            fresh.end();
        }
        return fresh.report.copy();
    }

    private void closeNow() {
        drain(Duration.ZERO);
    }

    boolean isClosing() {
        return drain.get() != null;
    }

    private final class Drain {
        final ToolkitFuture<DrainReport> report = new ToolkitFuture<>(loop);
        private final long graceNanos;
        private final long startNanos = options.timeSource.nanoTime();
        private long queued;
        private boolean started;
        private boolean ended;

        Drain(long graceNanos) {
            this.graceNanos = graceNanos;
        }

        void start() {
            started = true;
            queue.refuse();
            queued = queue.datagrams();
            queue.flush();
            if (queue.datagrams() == 0 || graceNanos == 0) {
                end();
            } else {
                loop.schedule(this::end, graceNanos, TimeUnit.NANOSECONDS);
            }
        }

        void onEmpty() {
            if (started) {
                end();
            }
        }

        private void end() {
            if (ended) {
                return;
            }
            ended = true;
            int forced = (int) queue.datagrams();
            int drained = (int) Math.max(0, queued - forced);
            DatagramChannel open = channel;
            if (open == null || loop.isShuttingDown()) {
                finish(drained, forced);
            } else {
                // The JDK closes a socket of nio within the select after its close; a timer runs after that select.
                open.close().addListener(done -> afterNextSelect(() -> finish(drained, forced)));
            }
        }

        private void afterNextSelect(Runnable action) {
            try {
                loop.schedule(action, 1, TimeUnit.NANOSECONDS);
            } catch (RejectedExecutionException loopIsGone) {
                action.run();
            }
        }

        private void finish(int drained, int forced) {
            if (channel == null) {
                closed.succeed(CloseReason.local());
            }
            Duration elapsed = Duration.ofNanos(options.timeSource.nanoTime() - startNanos);
            DrainReport outcome = new DrainReport(drained, forced, elapsed);
            JfrEvents.drain(outcome);
            report.succeed(outcome);
        }
    }

    /** Completes at the end. */
    public CompletableFuture<CloseReason> closed() {
        return closed.copy();
    }

    // ---- questions

    /** The open channel; {@code null} before, and the closed one afterwards. */
    public @Nullable DatagramChannel channel() {
        return channel;
    }

    /** Where it is bound; {@code null} before. */
    public @Nullable InetSocketAddress local() {
        return local;
    }

    /** Whom it is connected to; {@code null} for everybody. */
    public @Nullable InetSocketAddress remote() {
        return remote;
    }

    /** What the path to the peer carries, where that can be told. */
    public OptionalInt pathMtu() {
        DatagramChannel open = channel;
        InetSocketAddress peer = remote;
        return open == null || peer == null ? OptionalInt.empty() : PathMtu.of(open, peer);
    }

    /** The loop of everything. */
    public EventLoop loop() {
        return loop;
    }

    /** What it is called. */
    public String name() {
        return options.name;
    }

    /** The figures of this moment. */
    public DatagramEndpoint.Stats stats() {
        return new DatagramEndpoint.Stats(
                counters.received.getOpaque(),
                counters.receivedBytes.getOpaque(),
                counters.oversized.getOpaque(),
                counters.overflowed.getOpaque(),
                counters.receiveFailures.getOpaque(),
                counters.sent.getOpaque(),
                counters.sentBytes.getOpaque(),
                counters.sendFailures.getOpaque(),
                counters.refusedSends.getOpaque(),
                handlerGuard.failures() + listenerGuard.failures(),
                queue.pendingBytes(),
                optionsNotApplied);
    }

    @Override
    public String toString() {
        return options.toString();
    }
}
