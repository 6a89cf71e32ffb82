package io.nettoolkit.tcp.internal;

import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.DrainReport;
import io.nettoolkit.core.Endpoint;
import io.nettoolkit.core.EventLoops;
import io.nettoolkit.core.RejectedException;
import io.nettoolkit.core.RejectedException.Reason;
import io.nettoolkit.core.internal.SocketOptionsApplier;
import io.nettoolkit.core.internal.ToolkitFuture;
import io.nettoolkit.tcp.TcpClient;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.resolver.AddressResolver;
import io.netty.resolver.AddressResolverGroup;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What a client opens connections with, and those it opened.
 *
 * <p>Threading: any thread.
 */
public final class Dialer {

    private final ConnectionGroup group;
    private final ConnectionSettings settings;
    private final AddressResolverGroup<? extends SocketAddress> resolvers;
    private final Bootstrap template;
    private final List<String> optionsNotApplied;
    private final Set<Dial<?>> dials = ConcurrentHashMap.newKeySet();

    /**
     * A dialer without connections.
     *
     * @throws IllegalArgumentException when options contradict each other, or TLS material cannot be used
     */
    public Dialer(ConnectionOptions options, AddressResolverGroup<? extends SocketAddress> resolvers) {
        group = new ConnectionGroup(options);
        settings = group.settings();
        this.resolvers = resolvers;
        EventLoops loops = settings.loops;
        template = new Bootstrap()
                .channelFactory(loops.channelFactory())
                .option(ChannelOption.ALLOCATOR, loops.allocator())
                .option(ChannelOption.ALLOW_HALF_CLOSURE, true)
                .disableResolver();
        optionsNotApplied = SocketOptionsApplier.applyTo(template, options.socketOptions, loops.transport());
    }

    ConnectionGroup group() {
        return group;
    }

    ConnectionSettings settings() {
        return settings;
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
        return settings.loops.next();
    }

    /** Opens a connection on this loop and hands on what {@code result} makes of it. */
    public <T> CompletableFuture<T> connect(
            Endpoint endpoint, EventLoop loop, Deadline deadline, Function<FramedConnection, T> result) {
        if (endpoint.isUnix()) {
            throw new IllegalArgumentException("endpoint: " + endpoint + " (must be a host and port)");
        }
        if (deadline.timeSource() != settings.time) {
            throw new IllegalArgumentException("deadline: measured on " + deadline.timeSource() + ", the client on "
                    + settings.time + "; build both from the same TimeSource");
        }
        if (!group.beginDial()) {
            return ToolkitFuture.failed(loop, closed());
        }
        Dial<T> dial = new Dial<>(this, endpoint, loop, deadline, result);
        dials.add(dial);
        try {
            // A stop that did not see the dial in the set is seen by its start.
            loop.execute(dial::start);
        } catch (RejectedExecutionException loopIsGone) {
            dial.refuse();
        }
        return dial.future();
    }

    /** The attempt is over. */
    void ended(Dial<?> dial) {
        dials.remove(dial);
        group.endDial();
    }

    RejectedException closed() {
        return new RejectedException(settings.name, Reason.SHUTTING_DOWN, Duration.ZERO, "the client is closed");
    }

    private void refuseDials() {
        for (Dial<?> dial : dials) {
            try {
                dial.loop().execute(dial::refuse);
            } catch (RejectedExecutionException loopIsGone) {
                dial.refuse();
            }
        }
    }

    /** Ends every connection in order. */
    public CompletableFuture<DrainReport> drain(Duration grace) {
        CompletableFuture<DrainReport> drained = group.drain(grace).copy();
        refuseDials();
        return drained;
    }

    /** Ends every connection at once. */
    public CompletableFuture<@Nullable Void> closeAsync() {
        CompletableFuture<@Nullable Void> closed = group.close().thenApply(report -> null);
        refuseDials();
        return closed;
    }

    /** Ends every connection at once and waits, where waiting is allowed. */
    public void close() {
        group.awaitUnlessOnLoop(closeAsync());
    }

    /** The figures of this moment. */
    public TcpClient.Stats stats() {
        LoopShard.Counts counts = group.counts();
        return new TcpClient.Stats(
                group.size(),
                counts.opened(),
                counts.framesIn(),
                counts.framesOut(),
                counts.bytesIn(),
                counts.bytesOut(),
                group.refusedSends(),
                group.callbackFailures(),
                optionsNotApplied);
    }
}
