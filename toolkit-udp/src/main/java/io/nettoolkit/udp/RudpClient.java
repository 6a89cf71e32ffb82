package io.nettoolkit.udp;

import io.nettoolkit.core.ConnectionListener;
import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.DrainReport;
import io.nettoolkit.core.Endpoint;
import io.nettoolkit.core.EventLoops;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.core.internal.SystemResolverGroup;
import io.nettoolkit.udp.internal.facade.Dialer;
import io.nettoolkit.udp.internal.facade.FacadeOptions;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.EventLoop;
import io.netty.resolver.AddressResolverGroup;
import io.netty.util.internal.ThreadExecutorMap;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Opens reliable connections over UDP.
 *
 * <pre>{@code
 * RudpConfig config = RudpConfig.wan(RudpSecurity.psk(key));
 * RudpClient client = RudpClient.builder(config, (channel, message) -> System.out.println(message)).build();
 * RudpChannel channel = client.connect(Endpoint.parse("example.com:7000"), Deadline.after(Duration.ofSeconds(5))).join();
 * channel.send(RudpMessage.of(Unpooled.copiedBuffer("hello", UTF_8))).join();
 * channel.close();
 * }</pre>
 *
 * <p>Each connection has a socket of its own.
 *
 * <p><b>Threading.</b> Any thread may call every method; {@link #close} does not wait when it is called on an event loop.
 *
 * <p><b>Life cycle.</b> One client opens any number of connections and ends those left over when it is closed. The event
 * loops are the caller's, or the shared ones, and stay.
 *
 * <p><b>Failure.</b> {@link #connect} fails with a {@link io.nettoolkit.core.NetException} of operation RESOLVE or CONNECT,
 * of a kind that tells why, as {@link RudpChannel} lists them. Where a name has several addresses, each is tried in turn;
 * the failure of the last is reported and carries the others as suppressed.
 */
public final class RudpClient implements AutoCloseable {

    private final Dialer dialer;
    private final String options;

    private RudpClient(Builder builder) {
        dialer = new Dialer(builder.options, builder.resolver);
        options = builder.toString();
    }

    /** Begins a client that gives messages to this handler. */
    public static Builder builder(RudpConfig config, RudpHandler handler) {
        Objects.requireNonNull(config, "config: must not be null");
        Objects.requireNonNull(handler, "handler: must not be null");
        return new Builder(new FacadeOptions(config, handler, null, "rudp-client"));
    }

    /**
     * Begins a client whose connections have a Netty pipeline.
     *
     * @param pipeline usually a {@link io.netty.channel.ChannelInitializer}; one that is sharable
     */
    public static Builder builder(RudpConfig config, ChannelHandler pipeline) {
        Objects.requireNonNull(config, "config: must not be null");
        Objects.requireNonNull(pipeline, "pipeline: must not be null");
        return new Builder(new FacadeOptions(config, null, pipeline, "rudp-client"));
    }

    /**
     * Opens a connection on one of the client's loops.
     *
     * @param deadline for the name lookup and all addresses together
     * @return completes on the connection's loop when it is ready, after {@link RudpHandler#onOpen}; cancelling it gives the
     *     attempt up
     */
    public CompletableFuture<RudpChannel> connect(Endpoint endpoint, Deadline deadline) {
        Objects.requireNonNull(endpoint, "endpoint: must not be null");
        Objects.requireNonNull(deadline, "deadline: must not be null");
        return dialer.connect(endpoint, dialer.nextLoop(), deadline, channel -> channel);
    }

    /**
     * Opens a connection on a given loop and answers it as a plain channel: the shape a connection pool takes as its
     * connector, by method reference.
     *
     * @param loop one that fits the transport of the client's event loops
     */
    public CompletableFuture<Channel> connectChannel(Endpoint endpoint, EventLoop loop, Deadline deadline) {
        Objects.requireNonNull(endpoint, "endpoint: must not be null");
        Objects.requireNonNull(loop, "loop: must not be null");
        Objects.requireNonNull(deadline, "deadline: must not be null");
        return dialer.connect(endpoint, loop, deadline, channel -> channel);
    }

    /**
     * Closes every connection once what was written on it is acknowledged, and opens no more; what is left when the grace
     * period is over is cut.
     *
     * @param grace how long to wait; zero cuts at once
     */
    public CompletableFuture<DrainReport> drain(Duration grace) {
        if (Objects.requireNonNull(grace, "grace: must not be null").isNegative()) {
            throw new IllegalArgumentException("grace: " + grace + " (must not be negative)");
        }
        return dialer.drain(grace);
    }

    /** Ends every connection, whatever is not acknowledged yet, and opens no more; takes up to a second. */
    public CompletableFuture<@Nullable Void> closeAsync() {
        return dialer.closeAsync();
    }

    /** {@link #closeAsync} and, unless called on an event loop, the wait for it. */
    @Override
    public void close() {
        CompletableFuture<@Nullable Void> closed = closeAsync();
        if (!(ThreadExecutorMap.currentExecutor() instanceof EventLoop)) {
            closed.join();
        }
    }

    /** The figures of this moment. */
    public Stats stats() {
        return dialer.stats();
    }

    @Override
    public String toString() {
        return "RudpClient[" + options + "]";
    }

    /**
     * The figures of a client at one moment.
     *
     * @param connections open now
     * @param opened opened so far
     * @param sent what all connections have sent so far
     * @param received what all connections have received so far
     * @param callbackFailures how often the handler or the listener threw
     */
    public record Stats(
            int connections, long opened, RudpStats.Sent sent, RudpStats.Received received, long callbackFailures) {}

    /** Options of a client. Not thread-safe. */
    public static final class Builder {

        private final FacadeOptions options;
        private AddressResolverGroup<? extends SocketAddress> resolver = SystemResolverGroup.INSTANCE;

        private Builder(FacadeOptions options) {
            this.options = options;
        }

        /** Where connections live. Default {@link EventLoops#shared()}. */
        public Builder eventLoops(EventLoops eventLoops) {
            options.eventLoops = Objects.requireNonNull(eventLoops, "eventLoops: must not be null");
            return this;
        }

        /** Looks names up. Default the JDK's resolver, called off the event loops. */
        public Builder resolver(AddressResolverGroup<? extends SocketAddress> resolver) {
            this.resolver = Objects.requireNonNull(resolver, "resolver: must not be null");
            return this;
        }

        /** Hears of opens, closes and the drain. Default nobody. */
        public Builder listener(ConnectionListener listener) {
            options.listener = Objects.requireNonNull(listener, "listener: must not be null");
            return this;
        }

        /** The clock of all deadlines. Default {@link TimeSource#system()}; another is for tests. */
        public Builder timeSource(TimeSource timeSource) {
            options.timeSource = Objects.requireNonNull(timeSource, "timeSource: must not be null");
            return this;
        }

        /** What the client is called in logs, refusals and metrics. Default "rudp-client". */
        public Builder name(String name) {
            options.name = Objects.requireNonNull(name, "name: must not be null");
            return this;
        }

        /** The client, without connections. */
        public RudpClient build() {
            return new RudpClient(this);
        }

        @Override
        public String toString() {
            return "name=" + options.name + ", config=" + options.config;
        }
    }
}
