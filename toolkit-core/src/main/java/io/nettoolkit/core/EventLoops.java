package io.nettoolkit.core;

import io.nettoolkit.core.internal.LoopWatchdog;
import io.nettoolkit.core.internal.StallAlarm;
import io.nettoolkit.core.internal.ToolkitFuture;
import io.nettoolkit.core.internal.jfr.JfrEvents;
import io.nettoolkit.core.internal.transport.LoopGroup;
import io.nettoolkit.core.internal.transport.TransportProvider;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFactory;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.socket.DatagramChannel;
import io.netty.channel.socket.SocketProtocolFamily;
import io.netty.util.concurrent.GlobalEventExecutor;
import io.netty.util.internal.ThreadExecutorMap;
import java.net.SocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The event loops of one transport, with everything that has to match it: channel factories, socket addresses and the
 * buffer allocator.
 *
 * <pre>{@code
 * try (EventLoops loops = EventLoops.builder().threads(2).build()) {
 *     Bootstrap bootstrap = new Bootstrap()
 *             .group(loops.group())
 *             .channelFactory(loops.channelFactory())
 *             .option(ChannelOption.ALLOCATOR, loops.allocator());
 *     …
 * }
 * }</pre>
 *
 * <p>A watchdog looks after the loops: see {@link Builder#stallThreshold}.
 *
 * <p><b>Threading.</b> Any thread may call every method.
 *
 * <p><b>Ownership.</b> Who builds them closes them, after everything that runs on them; products never close loops they
 * were given. {@link #shared()} belongs to nobody: its threads are daemons and closing it does nothing.
 *
 * <p><b>Failure.</b> A transport that is not available is refused by the builder, with what is missing. After
 * {@link #close()} Netty refuses tasks and registrations with {@link java.util.concurrent.RejectedExecutionException}.
 */
public final class EventLoops implements AutoCloseable {

    private static final ByteBufAllocator DEFAULT_ALLOCATOR = ByteBufAllocator.DEFAULT;

    /** How long tasks that are still queued at close may go on running. */
    private static final long CLOSE_LIMIT_SECONDS = 5;

    private final String name;
    private final Transport transport;
    private final Map<Transport, String> notChosen;
    private final ByteBufAllocator allocator;
    private final boolean closeable;
    private final TransportProvider provider;
    private final LoopGroup group;
    private final @Nullable LoopWatchdog watchdog;

    private EventLoops(Builder builder, boolean closeable) {
        name = builder.name;
        transport = builder.transport != null ? builder.transport : Transport.best();
        notChosen = notChosen(transport, builder.transport != null);
        allocator = builder.allocator;
        this.closeable = closeable;
        JfrEvents.register();
        // The allocator's first chunk does the same for Netty's own events.
        allocator.directBuffer(1).release();
        provider = TransportProvider.of(transport);
        String threadNames = name + "-" + transport.name().toLowerCase(Locale.ROOT);
        group = new LoopGroup(builder.threads, threadNames, !closeable, provider.newIoHandlerFactory());
        watchdog = builder.stallThreshold.isZero()
                ? null
                : LoopWatchdog.start(group, builder.stallThreshold.toNanos(), new StallAlarm(builder.listener));
    }

    private static Map<Transport, String> notChosen(Transport chosen, boolean asked) {
        Map<Transport, String> reasons = new EnumMap<>(Transport.class);
        for (Transport other : Transport.values()) {
            Throwable cause = other.unavailabilityCause();
            if (other == chosen) {
                continue;
            }
            if (cause != null) {
                reasons.put(other, String.valueOf(cause.getMessage()));
            } else if (asked) {
                reasons.put(other, "available; " + chosen + " was asked for");
            } else if (other == Transport.IO_URING) {
                reasons.put(other, "available; used only when asked for");
            } else {
                reasons.put(other, "available; " + chosen + " is preferred");
            }
        }
        return Collections.unmodifiableMap(reasons);
    }

    /** Starts new loops of one's own. */
    public static Builder builder() {
        return new Builder();
    }

    /** The loops of this JVM for whoever brings none: best transport, default options, daemon threads. */
    public static EventLoops shared() {
        return Shared.LOOPS;
    }

    /** The loops as Netty's bootstraps take them. */
    public EventLoopGroup group() {
        return group;
    }

    /** One of the loops, each in turn. */
    public EventLoop next() {
        return group.next();
    }

    /** What drives the loops. */
    public Transport transport() {
        return transport;
    }

    /** Where the channels on these loops take their buffers from. */
    public ByteBufAllocator allocator() {
        return allocator;
    }

    /** Makes listening TCP channels. */
    public ChannelFactory<? extends ServerChannel> serverChannelFactory() {
        return provider.serverChannels();
    }

    /** Makes TCP channels. */
    public ChannelFactory<? extends Channel> channelFactory() {
        return provider.channels();
    }

    /** Makes UDP channels. */
    public ChannelFactory<? extends DatagramChannel> datagramChannelFactory() {
        return provider.datagramChannels();
    }

    /**
     * Makes UDP channels of one family. Multicast needs it: a group of IPv4 cannot be joined by a socket of IPv6 on every
     * transport. Those of IPv6 carry IPv4 too where the system lets them.
     */
    public ChannelFactory<? extends DatagramChannel> datagramChannelFactory(SocketProtocolFamily family) {
        return provider.datagramChannels(Objects.requireNonNull(family, "family: must not be null"));
    }

    /** Makes listening unix-domain channels, for addresses of {@link #unixAddress}. */
    public ChannelFactory<? extends ServerChannel> unixServerChannelFactory() {
        return provider.unixServerChannels();
    }

    /** Makes unix-domain channels, for addresses of {@link #unixAddress}. */
    public ChannelFactory<? extends Channel> unixChannelFactory() {
        return provider.unixChannels();
    }

    /** A unix-domain address of the type this transport takes: the JDK's for NIO, Netty's for the native ones. */
    public SocketAddress unixAddress(Path path) {
        return provider.unixAddress(
                Objects.requireNonNull(path, "path: must not be null").toString());
    }

    /** How the loops are, now. */
    public Stats stats() {
        return new Stats(
                name,
                transport,
                notChosen,
                group.executorCount(),
                watchdog == null ? 0 : watchdog.stalls(),
                group.pendingTasks());
    }

    /**
     * Stops the loops without a quiet period: channels on them are closed, tasks already queued still run. Does nothing
     * for {@link #shared()}.
     *
     * @return completes when the threads are done; complete already for {@link #shared()}
     */
    public CompletableFuture<@Nullable Void> closeAsync() {
        if (!closeable) {
            return ToolkitFuture.succeeded(GlobalEventExecutor.INSTANCE, null);
        }
        if (watchdog != null) {
            watchdog.stop();
        }
        // Netty tells of the end on this executor; the loops themselves are gone by then.
        ToolkitFuture<@Nullable Void> closed = new ToolkitFuture<>(GlobalEventExecutor.INSTANCE);
        group.shutdownGracefully(0, CLOSE_LIMIT_SECONDS, TimeUnit.SECONDS).addListener(done -> closed.succeed(null));
        return closed;
    }

    /**
     * Like {@link #closeAsync()}, and waits for the threads to end; called on an event loop, whosever it is, it does not
     * wait. An interrupt ends the waiting, not the closing, and stays set.
     */
    @Override
    public void close() {
        CompletableFuture<@Nullable Void> closed = closeAsync();
        boolean wouldBlock =
                ThreadExecutorMap.currentExecutor() instanceof EventLoop || GlobalEventExecutor.INSTANCE.inEventLoop();
        if (wouldBlock) {
            return;
        }
        try {
            closed.get();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException impossible) {
            throw new IllegalStateException("closing event loops does not fail", impossible);
        }
    }

    /** The transport, and why it is none of the others. */
    @Override
    public String toString() {
        return "EventLoops[name=" + name + ", transport=" + transport + ", threads=" + group.executorCount()
                + ", allocator=" + allocator.getClass().getSimpleName() + ", notChosen=" + notChosen + "]";
    }

    /** Apart, so that nothing starts until somebody asks for it. */
    private static final class Shared {
        static final EventLoops LOOPS = new EventLoops(builder().name("nettoolkit-shared"), false);

        private Shared() {}
    }

    /** Hears of loops that somebody blocks. */
    @FunctionalInterface
    public interface Listener {

        /** A listener that ignores everything. */
        Listener NONE = (thread, blocked, stack) -> {};

        /**
         * A loop does not run its tasks. Called once per stall, while it lasts, on a thread that is no event loop.
         *
         * @param thread name of the loop's thread
         * @param blocked how long the watchdog has waited for it
         * @param stack where the thread is at this moment
         */
        void onStall(String thread, Duration blocked, StackTraceElement[] stack);
    }

    /**
     * How the loops are.
     *
     * @param name what their threads' names begin with
     * @param transport what drives them
     * @param notChosen why it is none of the other transports
     * @param threads how many loops there are
     * @param stalls how often one of them was blocked for longer than the threshold
     * @param pendingTasks tasks waiting on all loops together
     */
    public record Stats(
            String name,
            Transport transport,
            Map<Transport, String> notChosen,
            int threads,
            long stalls,
            long pendingTasks) {}

    /** Puts event loops together. Not thread-safe. */
    public static final class Builder {

        private static final Duration SHORTEST_THRESHOLD = Duration.ofMillis(50);

        private @Nullable Transport transport;
        private int threads = Runtime.getRuntime().availableProcessors();
        private String name = "nettoolkit";
        private ByteBufAllocator allocator = DEFAULT_ALLOCATOR;
        private Duration stallThreshold = Duration.ofMillis(500);
        private Listener listener = Listener.NONE;

        private Builder() {}

        /**
         * What drives the loops. Default {@link Transport#best()}.
         *
         * @throws IllegalArgumentException when it is not available here; the message tells what is missing
         */
        public Builder transport(Transport transport) {
            Throwable cause = Objects.requireNonNull(transport, "transport: must not be null")
                    .unavailabilityCause();
            if (cause != null) {
                throw new IllegalArgumentException(
                        "transport: " + transport + " (must be available; " + cause.getMessage() + ")", cause);
            }
            this.transport = transport;
            return this;
        }

        /** Number of loops, each with a thread of its own; at least 1. Default: the available processors. */
        public Builder threads(int threads) {
            if (threads < 1) {
                throw new IllegalArgumentException("threads: " + threads + " (must be 1 or more)");
            }
            this.threads = threads;
            return this;
        }

        /** What thread names begin with: {@code name-transport-number}. Default "nettoolkit". */
        public Builder name(String name) {
            if (Objects.requireNonNull(name, "name: must not be null").isBlank()) {
                throw new IllegalArgumentException("name: \"" + name + "\" (must not be blank)");
            }
            this.name = name;
            return this;
        }

        /** Where channels on these loops take their buffers from. Default: Netty's default allocator. */
        public Builder allocator(ByteBufAllocator allocator) {
            this.allocator = Objects.requireNonNull(allocator, "allocator: must not be null");
            return this;
        }

        /**
         * How long a loop may leave a task waiting before that is logged, counted and told to the listener, with the
         * stack that blocks it. At least 50 ms. Default 500 ms; zero: the loops are not watched. Each loop is looked
         * at once a second, so a stall shorter than a second plus this threshold may be missed.
         */
        public Builder stallThreshold(Duration stallThreshold) {
            Objects.requireNonNull(stallThreshold, "stallThreshold: must not be null");
            if (!stallThreshold.isZero() && stallThreshold.compareTo(SHORTEST_THRESHOLD) < 0) {
                throw new IllegalArgumentException(
                        "stallThreshold: " + stallThreshold + " (must be zero or at least " + SHORTEST_THRESHOLD + ")");
            }
            this.stallThreshold = stallThreshold;
            return this;
        }

        /** Who hears of blocked loops, besides the log. Default nobody. */
        public Builder listener(Listener listener) {
            this.listener = Objects.requireNonNull(listener, "listener: must not be null");
            return this;
        }

        /** The loops; a thread starts when its loop is first used. */
        public EventLoops build() {
            return new EventLoops(this, true);
        }
    }
}
