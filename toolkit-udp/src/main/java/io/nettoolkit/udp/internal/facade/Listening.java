package io.nettoolkit.udp.internal.facade;

import io.nettoolkit.core.DrainReport;
import io.nettoolkit.core.Endpoint;
import io.nettoolkit.core.NetException;
import io.nettoolkit.core.NetFailure.Operation;
import io.nettoolkit.core.RejectedException;
import io.nettoolkit.core.RejectedException.Reason;
import io.nettoolkit.core.internal.CallbackGuard;
import io.nettoolkit.core.internal.SystemResolverGroup;
import io.nettoolkit.core.internal.ToolkitFuture;
import io.nettoolkit.udp.RudpServerChannel;
import io.nettoolkit.udp.internal.channel.Admission;
import io.nettoolkit.udp.internal.channel.ConnectionChannel;
import io.nettoolkit.udp.internal.channel.ConnectionSet.Sums;
import io.nettoolkit.udp.internal.channel.ListeningChannel;
import io.nettoolkit.udp.internal.channel.PortGroup;
import io.nettoolkit.udp.internal.channel.PortSettings;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.Future;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The sockets of a server and what came in through them.
 *
 * <p>Threading: any thread.
 */
public final class Listening implements Admission {

    /** How long a close that does not wait for connections waits for peers to hear of it. */
    private static final Duration LINGER = Duration.ofSeconds(1);

    private final FacadeOptions options;
    private final PortSettings settings;
    private final CallbackGuard handlers;
    private final CallbackGuard listeners;
    private final ChannelInitializer<Channel> initializer;
    private final PortGroup group = new PortGroup();
    private final CopyOnWriteArrayList<ListeningChannel> sockets = new CopyOnWriteArrayList<>();
    private final AtomicInteger connections = new AtomicInteger();
    private final AtomicBoolean bound = new AtomicBoolean();
    private final AtomicReference<@Nullable Stop> stop = new AtomicReference<>();
    private volatile @Nullable InetSocketAddress address;

    /** Not yet listening. */
    public Listening(FacadeOptions options) {
        this.options = options;
        settings = options.settings();
        handlers = options.guard("the handler");
        listeners = options.guard("the listener");
        initializer = options.initializer(handlers, listeners);
    }

    @Override
    public boolean tryEnter() {
        if (connections.incrementAndGet() <= options.maxConnections) {
            return true;
        }
        connections.decrementAndGet();
        return false;
    }

    @Override
    public void leave() {
        connections.decrementAndGet();
    }

    @Override
    public void onRefused(SocketAddress from, Exception why) {
        listeners.run(() -> options.listener.onReject(from, why));
    }

    /** Binds, once. */
    public CompletableFuture<InetSocketAddress> bind(Endpoint endpoint) {
        if (endpoint.isUnix()) {
            throw new IllegalArgumentException("endpoint: " + endpoint + " (must be a host and port)");
        }
        if (stop.get() != null) {
            throw new RejectedException(options.name, Reason.SHUTTING_DOWN, Duration.ZERO, "build a new server");
        }
        if (!bound.compareAndSet(false, true)) {
            throw new IllegalStateException(options.name + " was bound before; build another server for " + endpoint);
        }
        List<EventLoop> loops = loops();
        ToolkitFuture<InetSocketAddress> future = new ToolkitFuture<>(loops.get(0));
        SocketAddress named = endpoint.toSocketAddress();
        Future<InetSocketAddress> lookup =
                SystemResolverGroup.INSTANCE.getResolver(loops.get(0)).resolve(named);
        lookup.addListener(done -> {
            if (done.isSuccess()) {
                bindNext(loops.iterator(), lookup.getNow(), future);
            } else {
                bound.set(false);
                future.fail(NetException.of(done.cause(), Operation.RESOLVE, null, named, null));
            }
        });
        return future;
    }

    private List<EventLoop> loops() {
        List<EventLoop> loops = new ArrayList<>();
        int most = options.sockets == 0 ? PortGroup.MAX_MEMBERS : options.sockets;
        for (EventExecutor loop : options.eventLoops.group()) {
            if (loops.size() < most) {
                loops.add((EventLoop) loop);
            }
        }
        return loops;
    }

    /** One socket after the other: the first chooses the port, and tells whether others may share it. */
    private void bindNext(Iterator<EventLoop> loops, InetSocketAddress at, ToolkitFuture<InetSocketAddress> future) {
        EventLoop loop = loops.next();
        AtomicReference<@Nullable Boolean> shared = new AtomicReference<>();
        boolean last = !loops.hasNext();
        ChannelFuture binding = new ServerBootstrap()
                .group(loop, loop)
                .channelFactory(() -> {
                    ListeningChannel channel =
                            new ListeningChannel(settings, new ListeningChannel.Place(sockets.size(), group, this));
                    shared.set((!last || !sockets.isEmpty()) && channel.sharePort());
                    return channel;
                })
                .option(ChannelOption.ALLOCATOR, options.eventLoops.allocator())
                .childOption(ChannelOption.ALLOCATOR, options.eventLoops.allocator())
                .childHandler(initializer)
                .bind(at);
        binding.addListener(done -> {
            if (!done.isSuccess()) {
                onBindFailed(NetException.of(done.cause(), Operation.BIND, at, null, null), future);
                return;
            }
            ListeningChannel channel = (ListeningChannel) binding.channel();
            sockets.add(channel);
            InetSocketAddress actual = (InetSocketAddress) channel.localAddress();
            address = actual;
            if (!last && Boolean.TRUE.equals(shared.get())) {
                bindNext(loops, actual, future);
            } else if (stop.get() != null || !future.succeed(actual)) {
                // The server was stopped meanwhile, or the caller has given up.
                sockets.forEach(Channel::close);
                future.cancel(false);
            }
        });
    }

    private void onBindFailed(NetException failure, ToolkitFuture<InetSocketAddress> future) {
        sockets.forEach(Channel::close);
        sockets.clear();
        address = null;
        bound.set(false);
        future.fail(failure);
    }

    /** Where it listens. */
    public InetSocketAddress localAddress() {
        InetSocketAddress listening = address;
        if (listening == null) {
            throw new IllegalStateException(options.name + " is not bound: wait for bind first");
        }
        return listening;
    }

    /** Stops in order. */
    public CompletableFuture<DrainReport> drain(Duration grace) {
        return stop(grace, ConnectionChannel::close).copy();
    }

    /** Stops at once. */
    public CompletableFuture<@Nullable Void> closeAsync() {
        return stop(LINGER, ConnectionChannel::abort).thenApply(report -> null);
    }

    private ToolkitFuture<DrainReport> stop(Duration grace, Consumer<ConnectionChannel> end) {
        Stop fresh = new Stop(
                options.eventLoops.next(),
                settings.time(),
                report -> listeners.run(() -> options.listener.onDrain(report)));
        if (!stop.compareAndSet(null, fresh)) {
            sockets.forEach(socket -> socket.forEachChild(end));
            Stop running = stop.get();
            return running == null ? fresh.report() : running.report();
        }
        for (ListeningChannel socket : sockets) {
            fresh.await();
            socket.socketClosed().addListener(closed -> fresh.over());
            // On its loop, so that none is accepted between the two.
            socket.eventLoop().execute(() -> {
                socket.close();
                socket.forEachChild(child -> {
                    fresh.countEnding();
                    end.accept(child);
                });
            });
        }
        fresh.begin(grace, () -> force(fresh));
        return fresh.report();
    }

    private void force(Stop stopping) {
        for (ListeningChannel socket : sockets) {
            socket.eventLoop().execute(() -> {
                socket.forEachChild(child -> {
                    stopping.countForced();
                    child.abort();
                });
                // After the turn that tells the peers.
                socket.eventLoop().execute(socket::closeSocket);
            });
        }
    }

    /** The figures of this moment. */
    public RudpServerChannel.Stats stats() {
        List<String> optionsNotApplied = List.of();
        long[] sums = new long[8];
        Sums traffic = Sums.NONE;
        for (ListeningChannel socket : sockets) {
            RudpServerChannel.Stats one = socket.stats();
            long[] values = {
                one.opened(),
                one.refused(),
                one.datagramsIn(),
                one.bytesIn(),
                one.datagramsOut(),
                one.bytesOut(),
                one.strays(),
                one.handedOver()
            };
            for (int i = 0; i < sums.length; i++) {
                sums[i] += values[i];
            }
            traffic = traffic.plus(new Sums(one.connections(), one.sent(), one.received()));
            optionsNotApplied = one.optionsNotApplied();
        }
        return new RudpServerChannel.Stats(
                traffic.live(),
                sums[0],
                sums[1],
                sums[2],
                sums[3],
                sums[4],
                sums[5],
                sums[6],
                sums[7],
                traffic.sent(),
                traffic.received(),
                optionsNotApplied);
    }

    /** How often the user's handler or listener threw. */
    public long callbackFailures() {
        return handlers.failures() + listeners.failures();
    }
}
