package io.nettoolkit.tcp;

import io.nettoolkit.core.ConnectionListener;
import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.DrainReport;
import io.nettoolkit.core.Endpoint;
import io.nettoolkit.core.EventLoops;
import io.nettoolkit.core.SocketOptions;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.core.TlsConfig;
import io.nettoolkit.core.internal.SystemResolverGroup;
import io.nettoolkit.tcp.internal.ConnectionOptions;
import io.nettoolkit.tcp.internal.Dialer;
import io.nettoolkit.tcp.internal.FramedConnection;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.resolver.AddressResolverGroup;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Opens framed TCP connections.
 *
 * <pre>{@code
 * Framing framing = Framing.lengthField().maxFrameBytes(1 << 20).build();
 * TcpClient client = TcpClient.builder(framing, (connection, frame) -> System.out.println(frame.toString(UTF_8))).build();
 * Connection connection = client.connect(Endpoint.parse("example.com:7000"), Deadline.after(Duration.ofSeconds(5))).join();
 * connection.send(Unpooled.copiedBuffer("hello", UTF_8)).join();
 * connection.close().join();
 * }</pre>
 *
 * <p><b>Threading.</b> Any thread may call every method; {@link #close} does not wait when it is called on an event loop.
 *
 * <p><b>Life cycle.</b> One client opens any number of connections and ends those left over when it is closed. The event
 * loops are the caller's, or the shared ones, and stay.
 *
 * <p><b>Failure.</b> {@link #connect} fails with a {@link io.nettoolkit.core.NetException} of operation RESOLVE, CONNECT
 * or TLS. Where a name has several addresses, each is tried in turn; the failure of the last is reported and carries the
 * others as suppressed.
 */
public final class TcpClient implements AutoCloseable {

    private final Dialer dialer;
    private final String options;

    private TcpClient(Builder builder) {
        dialer = new Dialer(builder.options, builder.resolver);
        options = builder.toString();
    }

    /** Begins a client with this framing and handler. */
    public static Builder builder(Framing framing, FrameHandler handler) {
        return new Builder(framing, handler);
    }

    /**
     * Opens a connection on one of the client's loops.
     *
     * @param deadline for the name lookup, all addresses and the TLS handshake together
     * @return completes on the connection's loop when it is ready, after {@link FrameHandler#onOpen}; cancelling it gives
     *     the attempt up
     */
    public CompletableFuture<Connection> connect(Endpoint endpoint, Deadline deadline) {
        Objects.requireNonNull(endpoint, "endpoint: must not be null");
        Objects.requireNonNull(deadline, "deadline: must not be null");
        return dialer.connect(endpoint, dialer.nextLoop(), deadline, connection -> connection);
    }

    /**
     * Opens a connection on a given loop and answers its bare channel: the shape a connection pool takes as its
     * connector, by method reference. {@link Connection#of} gives the connection back.
     *
     * @param loop one that fits the transport of the client's event loops
     */
    public CompletableFuture<Channel> connectChannel(Endpoint endpoint, EventLoop loop, Deadline deadline) {
        Objects.requireNonNull(endpoint, "endpoint: must not be null");
        Objects.requireNonNull(loop, "loop: must not be null");
        Objects.requireNonNull(deadline, "deadline: must not be null");
        return dialer.connect(endpoint, loop, deadline, FramedConnection::channel);
    }

    /**
     * Ends every connection in order and opens no more; what is left when the grace period is over is reset.
     *
     * @param grace how long to wait; zero resets at once
     */
    public CompletableFuture<DrainReport> drain(Duration grace) {
        if (Objects.requireNonNull(grace, "grace: must not be null").isNegative()) {
            throw new IllegalArgumentException("grace: " + grace + " (must not be negative)");
        }
        return dialer.drain(grace);
    }

    /** Ends every connection at once and opens no more; completes when the last is gone. */
    public CompletableFuture<@Nullable Void> closeAsync() {
        return dialer.closeAsync();
    }

    /** {@link #closeAsync} and, unless called on an event loop, the wait for it. */
    @Override
    public void close() {
        dialer.close();
    }

    /** The figures of this moment. */
    public Stats stats() {
        return dialer.stats();
    }

    @Override
    public String toString() {
        return "TcpClient[" + options + "]";
    }

    /**
     * The figures of a client at one moment; they are added up from each loop's, so they are exact at rest and at most a
     * few frames apart under load.
     *
     * @param connections open now, those being opened included
     * @param opened opened so far
     * @param framesIn frames delivered
     * @param framesOut frames taken for sending
     * @param bytesIn bytes read, after TLS
     * @param bytesOut bytes written, before TLS
     * @param refusedSends sends refused because a write queue was at its cap
     * @param callbackFailures how often the handler or the listener threw
     * @param optionsNotApplied socket options this transport could not set, in words
     */
    public record Stats(
            int connections,
            long opened,
            long framesIn,
            long framesOut,
            long bytesIn,
            long bytesOut,
            long refusedSends,
            long callbackFailures,
            List<String> optionsNotApplied) {}

    /** Options of a client. Not thread-safe. */
    public static final class Builder {

        private final ConnectionOptions options;
        private final Framing framing;
        private AddressResolverGroup<? extends SocketAddress> resolver = SystemResolverGroup.INSTANCE;

        private Builder(Framing framing, FrameHandler handler) {
            this.framing = Objects.requireNonNull(framing, "framing: must not be null");
            options = ConnectionOptions.forClient(
                    framing.format(), Objects.requireNonNull(handler, "handler: must not be null"));
        }

        /** Where connections live. Default {@link EventLoops#shared()}. */
        public Builder eventLoops(EventLoops eventLoops) {
            options.eventLoops = Objects.requireNonNull(eventLoops, "eventLoops: must not be null");
            return this;
        }

        /** How much the client queues; the limits of accepting mean nothing here. Default {@link Limits#defaults()}. */
        public Builder limits(Limits limits) {
            options.limits = Objects.requireNonNull(limits, "limits: must not be null");
            return this;
        }

        /** How long things may take. Default {@link Timeouts#forClients()}. */
        public Builder timeouts(Timeouts timeouts) {
            options.timeouts = Objects.requireNonNull(timeouts, "timeouts: must not be null");
            return this;
        }

        /** Options of the sockets. Default {@link SocketOptions#defaults()}. */
        public Builder socketOptions(SocketOptions socketOptions) {
            options.socketOptions = Objects.requireNonNull(socketOptions, "socketOptions: must not be null");
            return this;
        }

        /** TLS; the host of the endpoint is what the server has to prove to be. Default none: plaintext. */
        public Builder tls(TlsConfig tls) {
            options.tls = Objects.requireNonNull(tls, "tls: must not be null");
            return this;
        }

        /** Hears of opens and closes. Default nobody. */
        public Builder listener(ConnectionListener listener) {
            options.listener = Objects.requireNonNull(listener, "listener: must not be null");
            return this;
        }

        /** The clock of all deadlines. Default {@link TimeSource#system()}; another is for tests. */
        public Builder timeSource(TimeSource timeSource) {
            options.timeSource = Objects.requireNonNull(timeSource, "timeSource: must not be null");
            return this;
        }

        /**
         * Looks names up. Default the JDK's resolver, called off the event loops; Netty's own
         * {@code DefaultAddressResolverGroup} would block them.
         */
        public Builder resolver(AddressResolverGroup<? extends SocketAddress> resolver) {
            this.resolver = Objects.requireNonNull(resolver, "resolver: must not be null");
            return this;
        }

        /** What the client is called in logs, refusals and metrics. Default "tcp-client". */
        public Builder name(String name) {
            options.name = Objects.requireNonNull(name, "name: must not be null");
            return this;
        }

        /**
         * The client, without connections.
         *
         * @throws IllegalArgumentException when options contradict each other, or the TLS material cannot be used (the
         *     cause is then the {@link io.nettoolkit.core.NetException} that says why)
         */
        public TcpClient build() {
            return new TcpClient(this);
        }

        @Override
        public String toString() {
            return "name=" + options.name + ", framing=" + framing + ", limits=" + options.limits + ", timeouts="
                    + options.timeouts + ", socketOptions=" + options.socketOptions + ", tls=" + options.tls;
        }
    }
}
