package io.nettoolkit.udp;

import io.nettoolkit.core.ConnectionListener;
import io.nettoolkit.core.DrainReport;
import io.nettoolkit.core.Endpoint;
import io.nettoolkit.core.EventLoops;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.udp.internal.facade.FacadeOptions;
import io.nettoolkit.udp.internal.facade.Listening;
import io.netty.channel.ChannelHandler;
import io.netty.channel.EventLoop;
import io.netty.util.internal.ThreadExecutorMap;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Accepts reliable connections over UDP.
 *
 * <pre>{@code
 * RudpConfig config = RudpConfig.wan(RudpSecurity.psk(key));
 * RudpServer server = RudpServer.builder(config, (channel, message) -> channel.send(message.retain())).build();
 * server.bind(Endpoint.of("0.0.0.0", 7000)).join();
 * // ...
 * server.drain(Duration.ofSeconds(10)).join();
 * }</pre>
 *
 * <p>Where the system lets several sockets share a port (Linux), there is one for each event loop, and the system spreads the
 * clients over them; a connection stays on the loop it began on, also when its client's address changes.
 *
 * <p><b>Threading.</b> Any thread may call every method; {@link #close} does not wait when it is called on an event loop.
 *
 * <p><b>Life cycle.</b> Bind once; drain or close once. The event loops are the caller's, or the shared ones, and stay.
 * The shared loops are daemon threads: a program that only serves builds its own, or waits for something in {@code main}.
 *
 * <p><b>Failure.</b> {@link #bind} fails with a {@link io.nettoolkit.core.NetException} of operation BIND. A failing
 * connection ends alone; the handler's {@code onClose} and the {@link Listener} hear why.
 */
public final class RudpServer implements AutoCloseable {

    private final Listening listening;
    private final String options;

    private RudpServer(Builder builder) {
        listening = new Listening(builder.options);
        options = builder.toString();
    }

    /** Begins a server that gives messages to this handler. */
    public static Builder builder(RudpConfig config, RudpHandler handler) {
        Objects.requireNonNull(config, "config: must not be null");
        Objects.requireNonNull(handler, "handler: must not be null");
        return new Builder(new FacadeOptions(config, handler, null, "rudp-server"));
    }

    /**
     * Begins a server whose connections have a Netty pipeline.
     *
     * @param pipeline usually a {@link io.netty.channel.ChannelInitializer}; one that is sharable
     */
    public static Builder builder(RudpConfig config, ChannelHandler pipeline) {
        Objects.requireNonNull(config, "config: must not be null");
        Objects.requireNonNull(pipeline, "pipeline: must not be null");
        return new Builder(new FacadeOptions(config, null, pipeline, "rudp-server"));
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
     * Stops in order: accepts nothing more, closes every connection once what was written on it is acknowledged, and waits
     * until the peers have heard of it. What is left when the grace period is over is cut.
     *
     * @param grace how long to wait; zero cuts at once
     * @return completes when the last connection is gone and the address is free; a second call returns the first one's report
     */
    public CompletableFuture<DrainReport> drain(Duration grace) {
        if (Objects.requireNonNull(grace, "grace: must not be null").isNegative()) {
            throw new IllegalArgumentException("grace: " + grace + " (must not be negative)");
        }
        return listening.drain(grace);
    }

    /**
     * Stops listening and ends every connection, whatever is not acknowledged yet; completes when the address is free, which
     * takes up to a second in which peers are told.
     */
    public CompletableFuture<@Nullable Void> closeAsync() {
        return listening.closeAsync();
    }

    /** {@link #closeAsync} and, unless called on an event loop, the wait for it. */
    @Override
    public void close() {
        CompletableFuture<@Nullable Void> closed = closeAsync();
        if (!(ThreadExecutorMap.currentExecutor() instanceof EventLoop)) {
            closed.join();
        }
    }

    /** The figures of this moment, of all sockets together. */
    public RudpServerChannel.Stats stats() {
        return listening.stats();
    }

    /** How often the handler or the listener threw. */
    public long callbackFailures() {
        return listening.callbackFailures();
    }

    @Override
    public String toString() {
        return "RudpServer[" + options + "]";
    }

    /** Hears of connections, and of peers whose address changed. */
    public interface Listener extends ConnectionListener {

        /** The peer's datagrams come from another address: {@link RudpChannel#remoteAddress()}. On the connection's loop. */
        default void onPathChanged(RudpChannel channel) {}
    }

    /** Options of a server. Not thread-safe. */
    public static final class Builder {

        private final FacadeOptions options;

        private Builder(FacadeOptions options) {
            this.options = options;
        }

        /** Where connections live. Default {@link EventLoops#shared()}. */
        public Builder eventLoops(EventLoops eventLoops) {
            options.eventLoops = Objects.requireNonNull(eventLoops, "eventLoops: must not be null");
            return this;
        }

        /** How many connections there may be; further clients are refused. Default 100,000. */
        public Builder maxConnections(int connections) {
            if (connections < 1) {
                throw new IllegalArgumentException("maxConnections: " + connections + " (must be 1 or more)");
            }
            options.maxConnections = connections;
            return this;
        }

        /** How many sockets share the port, at most one for each loop and 256. Default 0: one for each loop. */
        public Builder sockets(int sockets) {
            if (sockets < 0 || sockets > 256) {
                throw new IllegalArgumentException("sockets: " + sockets + " (must be 0 to 256)");
            }
            options.sockets = sockets;
            return this;
        }

        /** Hears of opens, closes, refusals and the drain; a {@link Listener} also of changed addresses. Default nobody. */
        public Builder listener(ConnectionListener listener) {
            options.listener = Objects.requireNonNull(listener, "listener: must not be null");
            return this;
        }

        /** The clock. Default {@link TimeSource#system()}; another is for tests. */
        public Builder timeSource(TimeSource timeSource) {
            options.timeSource = Objects.requireNonNull(timeSource, "timeSource: must not be null");
            return this;
        }

        /** What the server is called in logs, refusals and metrics. Default "rudp-server". */
        public Builder name(String name) {
            options.name = Objects.requireNonNull(name, "name: must not be null");
            return this;
        }

        /** The server, not yet listening. */
        public RudpServer build() {
            return new RudpServer(this);
        }

        @Override
        public String toString() {
            return "name=" + options.name + ", maxConnections=" + options.maxConnections + ", sockets="
                    + options.sockets + ", config=" + options.config;
        }
    }
}
