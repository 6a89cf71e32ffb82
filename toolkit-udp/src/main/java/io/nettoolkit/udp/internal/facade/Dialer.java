package io.nettoolkit.udp.internal.facade;

import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.DrainReport;
import io.nettoolkit.core.Endpoint;
import io.nettoolkit.core.RejectedException;
import io.nettoolkit.core.RejectedException.Reason;
import io.nettoolkit.core.internal.CallbackGuard;
import io.nettoolkit.core.internal.ToolkitFuture;
import io.nettoolkit.udp.RudpClient;
import io.nettoolkit.udp.internal.channel.ConnectionChannel;
import io.nettoolkit.udp.internal.channel.ConnectionSet;
import io.nettoolkit.udp.internal.channel.ConnectionSet.Sums;
import io.nettoolkit.udp.internal.channel.PortSettings;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.resolver.AddressResolver;
import io.netty.resolver.AddressResolverGroup;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What a client opens connections with, and those it opened.
 *
 * <p>Threading: any thread.
 */
public final class Dialer {

    private static final Duration LINGER = Duration.ofSeconds(1);

    private final FacadeOptions options;
    private final PortSettings settings;
    private final CallbackGuard handlers;
    private final CallbackGuard listeners;
    private final AddressResolverGroup<? extends SocketAddress> resolvers;
    private final Bootstrap template;
    private final Set<Dial<?>> dials = ConcurrentHashMap.newKeySet();
    private final ConcurrentHashMap<EventLoop, ConnectionSet> connections = new ConcurrentHashMap<>();
    private final AtomicLong opened = new AtomicLong();
    private final AtomicReference<@Nullable Stop> stop = new AtomicReference<>();

    /** A dialer without connections. */
    public Dialer(FacadeOptions options, AddressResolverGroup<? extends SocketAddress> resolvers) {
        this.options = options;
        this.resolvers = resolvers;
        settings = options.settings();
        handlers = options.guard("the handler");
        listeners = options.guard("the listener");
        ChannelInitializer<Channel> initializer = options.initializer(handlers, listeners);
        template = new Bootstrap()
                .channelFactory(() -> new ConnectionChannel(settings))
                .option(ChannelOption.ALLOCATOR, options.eventLoops.allocator())
                .handler(initializer)
                .disableResolver();
    }

    @SuppressWarnings("unchecked") // a resolver group for a client resolves internet addresses
    AddressResolver<InetSocketAddress> resolver(EventLoop loop) {
        return ((AddressResolverGroup<InetSocketAddress>) resolvers).getResolver(loop);
    }

    Bootstrap bootstrap(EventLoop loop) {
        return template.clone(loop);
    }

    /** A loop of the client's. */
    public EventLoop nextLoop() {
        return options.eventLoops.next();
    }

    /** Opens a connection on this loop and hands on what {@code result} makes of it. */
    public <T> CompletableFuture<T> connect(
            Endpoint endpoint, EventLoop loop, Deadline deadline, Function<ConnectionChannel, T> result) {
        if (endpoint.isUnix()) {
            throw new IllegalArgumentException("endpoint: " + endpoint + " (must be a host and port)");
        }
        if (deadline.timeSource() != settings.time()) {
            throw new IllegalArgumentException("deadline: measured on " + deadline.timeSource() + ", the client on "
                    + settings.time() + "; build both from the same TimeSource");
        }
        Dial<T> dial = new Dial<>(this, endpoint, loop, deadline, result);
        dials.add(dial);
        // A stop that did not see the attempt among them is seen here.
        if (stop.get() != null) {
            dials.remove(dial);
            return ToolkitFuture.failed(loop, closed());
        }
        try {
            loop.execute(dial::start);
        } catch (RejectedExecutionException loopIsGone) {
            dial.refuse();
        }
        return dial.future();
    }

    /** The attempt is over. */
    void ended(Dial<?> dial) {
        dials.remove(dial);
    }

    /** It brought a connection. On its loop. */
    void opened(ConnectionChannel channel) {
        opened.incrementAndGet();
        ConnectionSet set = connections.computeIfAbsent(channel.eventLoop(), loop -> new ConnectionSet());
        set.add(channel);
        channel.closeFuture().addListener(gone -> set.remove(channel));
        if (stop.get() != null) {
            channel.abort();
        }
    }

    RejectedException closed() {
        return new RejectedException(options.name, Reason.SHUTTING_DOWN, Duration.ZERO, "the client is closed");
    }

    /** Ends every connection in order. */
    public CompletableFuture<DrainReport> drain(Duration grace) {
        return stop(grace, ConnectionChannel::close).copy();
    }

    /** Ends every connection at once. */
    public CompletableFuture<@Nullable Void> closeAsync() {
        return stop(LINGER, ConnectionChannel::abort).thenApply(report -> null);
    }

    private ToolkitFuture<DrainReport> stop(Duration grace, Consumer<ConnectionChannel> end) {
        Stop fresh =
                new Stop(nextLoop(), settings.time(), report -> listeners.run(() -> options.listener.onDrain(report)));
        if (!stop.compareAndSet(null, fresh)) {
            connections.values().forEach(set -> set.forEach(end));
            Stop running = stop.get();
            return running == null ? fresh.report() : running.report();
        }
        for (Dial<?> dial : dials) {
            dial.loop().execute(dial::refuse);
        }
        connections
                .values()
                .forEach(set -> set.forEach(channel -> {
                    fresh.countEnding();
                    fresh.await();
                    channel.socketClosed().addListener(closed -> fresh.over());
                    end.accept(channel);
                }));
        fresh.begin(grace, () -> force(fresh));
        return fresh.report();
    }

    private void force(Stop stopping) {
        connections.forEach((loop, set) -> loop.execute(() -> set.forEach(channel -> {
            stopping.countForced();
            channel.abort();
            // After the turn that tells the peer.
            loop.execute(channel::closeSocket);
        })));
    }

    /** The figures of this moment. */
    public RudpClient.Stats stats() {
        Sums sums = Sums.NONE;
        for (ConnectionSet set : connections.values()) {
            sums = sums.plus(set.sums());
        }
        return new RudpClient.Stats(
                sums.live(), opened.get(), sums.sent(), sums.received(), handlers.failures() + listeners.failures());
    }
}
