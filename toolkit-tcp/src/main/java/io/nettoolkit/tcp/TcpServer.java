package io.nettoolkit.tcp;

import io.nettoolkit.core.ConnectionListener;
import io.nettoolkit.core.DrainReport;
import io.nettoolkit.core.Endpoint;
import io.nettoolkit.core.EventLoops;
import io.nettoolkit.core.SocketOptions;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.core.TlsConfig;
import io.nettoolkit.tcp.internal.ConnectionOptions;
import io.nettoolkit.tcp.internal.Listening;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Accepts framed TCP connections.
 *
 * <pre>{@code
 * Framing framing = Framing.lengthField().maxFrameBytes(1 << 20).build();
 * TcpServer server = TcpServer.builder(framing, (connection, frame) -> connection.send(frame.retain())).build();
 * server.bind(Endpoint.of("0.0.0.0", 7000)).join();
 * // ...
 * server.drain(Duration.ofSeconds(10)).join();
 * }</pre>
 *
 * <p>Limits and deadlines are on by default: see {@link Limits} and {@link Timeouts}. While the write queue of a
 * connection is more than half full, the server reads nothing from it, so a peer that does not take its answers stops
 * being served and in the end meets the write stall.
 *
 * <p><b>Threading.</b> Any thread may call every method; {@link #close} does not wait when it is called on an event loop.
 *
 * <p><b>Life cycle.</b> Bind once; drain or close once. The event loops are the caller's, or the shared ones, and stay.
 * The shared loops are daemon threads: a program that only serves builds its own, or waits for something in {@code main}.
 *
 * <p><b>Failure.</b> {@link #bind} fails with a {@link io.nettoolkit.core.NetException} of operation BIND. A failing
 * connection ends alone; the handler's {@code onClose} and the {@link ConnectionListener} hear why.
 */
public final class TcpServer implements AutoCloseable {

    private final Listening listening;
    private final String options;

    private TcpServer(Builder builder) {
        listening = new Listening(builder.options);
        options = builder.toString();
    }

    /** Begins a server with this framing and handler. */
    public static Builder builder(Framing framing, FrameHandler handler) {
        return new Builder(framing, handler);
    }

    /**
     * Starts to listen. Port 0 takes a free one.
     *
     * @return the address listened on
     */
    public CompletableFuture<InetSocketAddress> bind(Endpoint endpoint) {
        return listening.bind(Objects.requireNonNull(endpoint, "endpoint: must not be null"));
    }

    /**
     * The address listened on.
     *
     * @throws IllegalStateException before {@link #bind} has completed
     */
    public InetSocketAddress localAddress() {
        return listening.localAddress();
    }

    /**
     * Stops in order: accepts nothing more, answers every frame that was read, writes all that is queued, sends FIN, and
     * waits for the peers'. What is left when the grace period is over is reset.
     *
     * @param grace how long to wait; zero resets at once
     * @return completes when the last connection is gone; a second call returns the first one's report
     */
    public CompletableFuture<DrainReport> drain(Duration grace) {
        if (Objects.requireNonNull(grace, "grace: must not be null").isNegative()) {
            throw new IllegalArgumentException("grace: " + grace + " (must not be negative)");
        }
        return listening.drain(grace);
    }

    /** Stops listening and closes every connection at once; completes when the last is gone. */
    public CompletableFuture<@Nullable Void> closeAsync() {
        return listening.closeAsync();
    }

    /** {@link #closeAsync} and, unless called on an event loop, the wait for it. */
    @Override
    public void close() {
        listening.close();
    }

    /** The figures of this moment. */
    public Stats stats() {
        return listening.stats();
    }

    @Override
    public String toString() {
        return "TcpServer[" + options + "]";
    }

    /**
     * The figures of a server at one moment; those of connections are added up from each loop's, so they are exact at
     * rest and at most a few frames apart under load.
     *
     * @param connections open now, those in their TLS handshake included
     * @param accepted taken in so far
     * @param rejected refused by a limit so far, or not accepted by the system
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
            long accepted,
            long rejected,
            long framesIn,
            long framesOut,
            long bytesIn,
            long bytesOut,
            long refusedSends,
            long callbackFailures,
            List<String> optionsNotApplied) {}

    /** Options of a server. Not thread-safe. */
    public static final class Builder {

        private final ConnectionOptions options;
        private final Framing framing;

        private Builder(Framing framing, FrameHandler handler) {
            this.framing = Objects.requireNonNull(framing, "framing: must not be null");
            options = ConnectionOptions.forServer(
                    framing.format(), Objects.requireNonNull(handler, "handler: must not be null"));
        }

        /** Where connections live. Default {@link EventLoops#shared()}. */
        public Builder eventLoops(EventLoops eventLoops) {
            options.eventLoops = Objects.requireNonNull(eventLoops, "eventLoops: must not be null");
            return this;
        }

        /** How much the server takes on. Default {@link Limits#defaults()}. */
        public Builder limits(Limits limits) {
            options.limits = Objects.requireNonNull(limits, "limits: must not be null");
            return this;
        }

        /** How long things may take. Default {@link Timeouts#forServers()}. */
        public Builder timeouts(Timeouts timeouts) {
            options.timeouts = Objects.requireNonNull(timeouts, "timeouts: must not be null");
            return this;
        }

        /** Options of the sockets. Default {@link SocketOptions#defaults()}. */
        public Builder socketOptions(SocketOptions socketOptions) {
            options.socketOptions = Objects.requireNonNull(socketOptions, "socketOptions: must not be null");
            return this;
        }

        /** TLS with a certificate of this server's. Default none: plaintext. */
        public Builder tls(TlsConfig tls) {
            options.tls = Objects.requireNonNull(tls, "tls: must not be null");
            return this;
        }

        /** Hears of opens, closes, refusals and the drain. Default nobody. */
        public Builder listener(ConnectionListener listener) {
            options.listener = Objects.requireNonNull(listener, "listener: must not be null");
            return this;
        }

        /** The clock of all deadlines. Default {@link TimeSource#system()}; another is for tests. */
        public Builder timeSource(TimeSource timeSource) {
            options.timeSource = Objects.requireNonNull(timeSource, "timeSource: must not be null");
            return this;
        }

        /** What the server is called in logs, refusals and metrics. Default "tcp-server". */
        public Builder name(String name) {
            options.name = Objects.requireNonNull(name, "name: must not be null");
            return this;
        }

        /**
         * The server, not yet listening.
         *
         * @throws IllegalArgumentException when options contradict each other, or the TLS material cannot be used (the
         *     cause is then the {@link io.nettoolkit.core.NetException} that says why)
         */
        public TcpServer build() {
            return new TcpServer(this);
        }

        @Override
        public String toString() {
            return "name=" + options.name + ", framing=" + framing + ", limits=" + options.limits + ", timeouts="
                    + options.timeouts + ", socketOptions=" + options.socketOptions + ", tls=" + options.tls;
        }
    }
}
