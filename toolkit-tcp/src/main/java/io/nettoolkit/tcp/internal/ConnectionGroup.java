package io.nettoolkit.tcp.internal;

import io.nettoolkit.core.DrainReport;
import io.nettoolkit.core.Transport;
import io.nettoolkit.core.internal.ToolkitFuture;
import io.nettoolkit.core.internal.jfr.JfrEvents;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoop;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.concurrent.ScheduledFuture;
import io.netty.util.internal.ThreadExecutorMap;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * All connections of one server or client: how one is put together, how many there are, and how they end together.
 *
 * <p>Threading: any thread, unless said otherwise.
 */
public final class ConnectionGroup {

    private final ConnectionSettings settings;
    private final ConcurrentHashMap<EventLoop, LoopShard> shards = new ConcurrentHashMap<>();
    private final AtomicInteger live = new AtomicInteger();
    private final AtomicInteger dials = new AtomicInteger();
    private final AtomicReference<@Nullable Stop> stop = new AtomicReference<>();

    /**
     * An empty group.
     *
     * @throws IllegalArgumentException when options contradict each other, or TLS material cannot be used
     */
    public ConnectionGroup(ConnectionOptions options) {
        settings = new ConnectionSettings(options);
    }

    /** The way to the options for this package. */
    ConnectionSettings settings() {
        return settings;
    }

    /** Connections that exist now, those in their TLS handshake included. */
    public int size() {
        return live.get();
    }

    /** Whether no connection may be added any more. */
    public boolean isStopping() {
        return stop.get() != null;
    }

    /** What an accepted connection is made of. */
    ChannelInitializer<Channel> acceptedInitializer() {
        return new ChannelInitializer<>() {
            @Override
            public boolean isSharable() {
                return true;
            }

            @Override
            protected void initChannel(Channel channel) {
                build(channel, null, null, -1);
            }
        };
    }

    /** Puts the pipeline of one connection together. On the channel's loop. */
    void build(Channel channel, @Nullable Opening opening, @Nullable String peerHost, int peerPort) {
        LoopShard shard = shards.computeIfAbsent(
                channel.eventLoop(),
                loop -> new LoopShard(loop, settings.loops.allocator(), settings.time, this::left));
        if (settings.tls != null) {
            SslHandler tls = settings.tls.newHandler(channel.alloc(), peerHost, peerPort);
            tls.setHandshakeTimeout(settings.timeouts.tlsHandshake().toNanos(), TimeUnit.NANOSECONDS);
            channel.pipeline().addLast(tls);
        } else if (settings.loops.transport() != Transport.IO_URING) {
            channel.config().setRecvByteBufAllocator(shard.receive);
        }
        FramedConnection connection = new FramedConnection(settings, shard, channel, opening);
        live.incrementAndGet();
        channel.pipeline().addLast(connection);
        if (isStopping()) {
            connection.endNow();
        }
    }

    /** A connection has told everybody that it ended. */
    private void left() {
        live.decrementAndGet();
        endStopIfLast();
    }

    /** An attempt to connect begins: a stop waits for it as for a connection. False when no more are taken. */
    boolean beginDial() {
        dials.incrementAndGet();
        if (!isStopping()) {
            return true;
        }
        endDial();
        return false;
    }

    /** An attempt is over; what it opened counts as a connection by now. */
    void endDial() {
        dials.decrementAndGet();
        endStopIfLast();
    }

    /** Each leaves before it looks, so the last of two that leave together sees that it is the last. */
    private void endStopIfLast() {
        Stop stopping = stop.get();
        if (stopping != null && isEmpty()) {
            stopping.over();
        }
    }

    /** Attempts first: they turn into connections, never the other way round. */
    private boolean isEmpty() {
        return dials.get() == 0 && live.get() == 0;
    }

    /** The counters of all loops together. */
    public LoopShard.Counts counts() {
        LoopShard.Counts sum = LoopShard.Counts.ZERO;
        for (LoopShard shard : shards.values()) {
            sum = sum.plus(shard.counts());
        }
        return sum;
    }

    /** Sends refused because a write queue was at its cap. */
    public long refusedSends() {
        return settings.refusedSends.sum();
    }

    /** How often the user's handler or listener threw. */
    public long callbackFailures() {
        return settings.handlerGuard.failures() + settings.listenerGuard.failures();
    }

    /**
     * Ends every connection in order and takes no more; after the grace period what is left is reset.
     *
     * @return the same future for every call: the first grace period counts
     */
    public ToolkitFuture<DrainReport> drain(Duration grace) {
        return stop(FramedConnection::drain, grace);
    }

    /** Waits, where the calling thread may. */
    void awaitUnlessOnLoop(CompletableFuture<?> future) {
        if (!(ThreadExecutorMap.currentExecutor() instanceof EventLoop)) {
            future.join();
        }
    }

    /** Ends every connection at once, without waiting for what is queued, and takes no more. */
    public ToolkitFuture<DrainReport> close() {
        return stop(FramedConnection::endNow, settings.timeouts.linger());
    }

    private ToolkitFuture<DrainReport> stop(Consumer<FramedConnection> end, Duration grace) {
        Stop fresh = new Stop(settings.loops.next());
        if (!stop.compareAndSet(null, fresh)) {
            Stop running = stop.get();
            onAll(end);
            return running != null ? running.report : fresh.report;
        }
        fresh.begin(end, grace);
        return fresh.report;
    }

    private void onAll(Consumer<FramedConnection> action) {
        shards.forEach((loop, shard) -> {
            if (!loop.isShuttingDown()) {
                loop.execute(() -> shard.forEach(action));
            }
        });
    }

    /** One stop of the whole group, from its begin to the last close. */
    private final class Stop {

        private final long startNanos = settings.time.nanoTime();
        private final EventLoop loop;
        private final ToolkitFuture<DrainReport> report;
        private final AtomicInteger forced = new AtomicInteger();
        private int total;
        private @Nullable ScheduledFuture<?> graceTimer;

        Stop(EventLoop loop) {
            this.loop = loop;
            report = new ToolkitFuture<>(loop);
        }

        void begin(Consumer<FramedConnection> end, Duration grace) {
            total = live.get();
            onAll(end);
            if (isEmpty()) {
                over();
                return;
            }
            graceTimer = loop.schedule(this::force, grace.toNanos(), TimeUnit.NANOSECONDS);
            if (report.isDone()) {
                graceTimer.cancel(false);
            }
        }

        private void force() {
            onAll(connection -> {
                forced.incrementAndGet();
                connection.abort();
            });
        }

        /** The last connection left. */
        void over() {
            if (graceTimer != null) {
                graceTimer.cancel(false);
            }
            if (settings.tls != null) {
                settings.tls.close();
            }
            Duration elapsed = Duration.ofNanos(settings.time.nanoTime() - startNanos);
            DrainReport result = new DrainReport(Math.max(0, total - forced.get()), forced.get(), elapsed);
            if (report.succeed(result)) {
                JfrEvents.drain(result);
                settings.listenerGuard.run(() -> settings.listener.onDrain(result));
            }
        }
    }
}
