package io.nettoolkit.tcp.internal;

import io.nettoolkit.core.DrainReport;
import io.nettoolkit.core.Endpoint;
import io.nettoolkit.core.EventLoops;
import io.nettoolkit.core.NetException;
import io.nettoolkit.core.NetFailure.Operation;
import io.nettoolkit.core.RejectedException;
import io.nettoolkit.core.RejectedException.Reason;
import io.nettoolkit.core.internal.SocketOptionsApplier;
import io.nettoolkit.core.internal.SystemResolverGroup;
import io.nettoolkit.core.internal.ToolkitFuture;
import io.nettoolkit.tcp.TcpServer;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The listening socket of a server and what came in through it.
 *
 * <p>Threading: any thread.
 */
public final class Listening {

    private final ConnectionGroup group;
    private final ConnectionSettings settings;
    private final ServerBootstrap bootstrap;
    private final List<String> optionsNotApplied;

    /** Written by the accepting loop alone. */
    private final AtomicLong accepted = new AtomicLong();

    private final AtomicLong rejected = new AtomicLong();
    private final AtomicBoolean bound = new AtomicBoolean();
    private volatile @Nullable Channel channel;

    /**
     * Not yet listening.
     *
     * @throws IllegalArgumentException when options contradict each other, or TLS material cannot be used
     */
    public Listening(ConnectionOptions options) {
        group = new ConnectionGroup(options);
        settings = group.settings();
        EventLoops loops = settings.loops;
        bootstrap = new ServerBootstrap()
                .group(loops.group(), loops.group())
                .channelFactory(loops.serverChannelFactory())
                .handler(new Admission(group, accepted, rejected))
                .childHandler(group.acceptedInitializer())
                .childOption(ChannelOption.ALLOCATOR, loops.allocator())
                .childOption(ChannelOption.ALLOW_HALF_CLOSURE, true);
        optionsNotApplied = SocketOptionsApplier.applyTo(bootstrap, options.socketOptions, loops.transport());
    }

    /** Binds, once. */
    public CompletableFuture<InetSocketAddress> bind(Endpoint endpoint) {
        if (endpoint.isUnix()) {
            throw new IllegalArgumentException("endpoint: " + endpoint + " (must be a host and port)");
        }
        if (group.isStopping()) {
            throw new RejectedException(settings.name, Reason.SHUTTING_DOWN, Duration.ZERO, "build a new server");
        }
        if (!bound.compareAndSet(false, true)) {
            throw new IllegalStateException(settings.name + " was bound before; build another server for " + endpoint);
        }
        EventLoop loop = settings.loops.next();
        ToolkitFuture<InetSocketAddress> future = new ToolkitFuture<>(loop);
        SocketAddress named = endpoint.toSocketAddress();
        Future<InetSocketAddress> lookup =
                SystemResolverGroup.INSTANCE.getResolver(loop).resolve(named);
        lookup.addListener(done -> {
            if (done.isSuccess()) {
                bind(lookup.getNow(), future);
            } else {
                bound.set(false);
                future.fail(NetException.of(done.cause(), Operation.RESOLVE, named, null, null));
            }
        });
        return future;
    }

    private void bind(InetSocketAddress address, ToolkitFuture<InetSocketAddress> future) {
        ChannelFuture binding = bootstrap.bind(address);
        binding.addListener(done -> {
            if (!done.isSuccess()) {
                bound.set(false);
                future.fail(NetException.of(done.cause(), Operation.BIND, address, null, null));
                return;
            }
            channel = binding.channel();
            // The server was stopped meanwhile, or the caller has given up.
            if (group.isStopping() || !future.succeed(localAddress())) {
                binding.channel().close();
                future.cancel(false);
            }
        });
    }

    /** Where it listens. */
    public InetSocketAddress localAddress() {
        Channel listening = channel;
        SocketAddress address = listening == null ? null : listening.localAddress();
        if (address == null) {
            throw new IllegalStateException(
                    settings.name + " is not bound" + (listening == null ? ": wait for bind first" : " any more"));
        }
        return (InetSocketAddress) address;
    }

    /** Stops in order. */
    public CompletableFuture<DrainReport> drain(Duration grace) {
        return afterAccepting(group.drain(grace));
    }

    /** Stops at once. */
    public CompletableFuture<@Nullable Void> closeAsync() {
        return afterAccepting(group.close()).thenApply(report -> null);
    }

    /** Stops at once and waits, where waiting is allowed. */
    public void close() {
        group.awaitUnlessOnLoop(closeAsync());
    }

    /** Completes when the listening socket is gone as well: its address is free again then. */
    private <T> CompletableFuture<T> afterAccepting(ToolkitFuture<T> stopped) {
        Channel listening = channel;
        if (listening == null) {
            return stopped.copy();
        }
        ToolkitFuture<@Nullable Void> deaf = new ToolkitFuture<>(settings.loops.next());
        listening.close().addListener(done -> afterNextSelect(listening.eventLoop(), () -> deaf.succeed(null)));
        return stopped.thenCombine(deaf, (result, nothing) -> result);
    }

    /** The JDK closes a socket of nio within the select after its close; a loop looks at its timers after it selected. */
    private static void afterNextSelect(EventLoop loop, Runnable action) {
        try {
            loop.schedule(action, 1, TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException loopIsGone) {
            action.run();
        }
    }

    /** The figures of this moment. */
    public TcpServer.Stats stats() {
        LoopShard.Counts counts = group.counts();
        return new TcpServer.Stats(
                group.size(),
                accepted.getOpaque(),
                rejected.getOpaque(),
                counts.framesIn(),
                counts.framesOut(),
                counts.bytesIn(),
                counts.bytesOut(),
                group.refusedSends(),
                group.callbackFailures(),
                optionsNotApplied);
    }
}
