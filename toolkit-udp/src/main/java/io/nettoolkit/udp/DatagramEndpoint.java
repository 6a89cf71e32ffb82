package io.nettoolkit.udp;

import io.nettoolkit.core.CloseReason;
import io.nettoolkit.core.DrainReport;
import io.nettoolkit.core.EventLoops;
import io.nettoolkit.core.NetException;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.udp.internal.datagram.DatagramOptions;
import io.nettoolkit.udp.internal.datagram.Datagrams;
import io.nettoolkit.udp.internal.datagram.EndpointSocket;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.util.internal.ThreadExecutorMap;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * A UDP socket: sends datagrams, and hands over those that come in.
 *
 * <pre>{@code
 * DatagramEndpoint echo = DatagramEndpoint.builder((endpoint, datagram, sender) ->
 *                 endpoint.send(datagram.retain(), sender))
 *         .build();
 * InetSocketAddress address = echo.bind(new InetSocketAddress("0.0.0.0", 7000)).join();
 * // ...
 * echo.drain(Duration.ofSeconds(1)).join();
 * }</pre>
 *
 * <p>{@link #bind} takes datagrams from everybody and sends to anybody. {@link #connect} is for one peer: the system drops
 * what others send, and says so where nobody listens at the peer. What is sent together leaves together, in one system call
 * where the transport can. UDP promises nothing: what was sent may never arrive, arrive twice or in another order.
 *
 * <p>A datagram that is longer than {@link Builder#maxDatagramBytes} is dropped, counted, logged and told to the
 * {@link Listener}; a part of one is never handed over as if it were the whole.
 *
 * <p><b>Threading.</b> Any thread may call every method; {@link #close} does not wait when it is called on an event loop.
 * Datagrams go out in the order in which one thread sent them. The handler runs on the endpoint's event loop, or one call
 * at a time on the {@link Builder#executor}.
 *
 * <p><b>Ownership.</b> A datagram given to the handler is valid during the call: {@code retain()} it to keep it, or copy it
 * where it is kept for long, as a small datagram may hold a large buffer. {@link #send} releases the datagram in every
 * case; {@link #trySend} when it answers true, otherwise it still belongs to the caller.
 *
 * <p><b>Life cycle.</b> Open once, with {@link #bind} or {@link #connect}; drain or close once. The event loops are the
 * caller's, or the shared ones, and stay.
 *
 * <p><b>Failure.</b> Wrong arguments throw at the call: an address without an IP address or port, an empty datagram (which
 * Netty's transports do not send), one that is longer than UDP can carry. All else fails through the future with a
 * {@link NetException}: CONNECT_REFUSED where ICMP said that nobody listens (connected endpoints only; the report may come
 * with a later datagram than the one that caused it), UNREACHABLE, PERMISSION for a broadcast that was not
 * {@linkplain Builder#broadcast allowed}, FRAME_TOO_LARGE for what the path's MTU does not let through
 * ({@link Builder#dontFragment}, {@link #pathMtu}). None of these ends
 * the endpoint. A handler that throws is logged (rate limited) and counted, and the next datagram is delivered to it as
 * ever.
 *
 * <p><b>Sources.</b> RFC 768, RFC 1122 §4.1.3.3 (ICMP), RFC 1191 and RFC 8201 (path MTU), RFC 8085 (UDP usage guidelines);
 * ip(7), udp(7), recvmmsg(2), sendmmsg(2).
 */
public final class DatagramEndpoint implements AutoCloseable {

    private final EndpointSocket socket;

    private DatagramEndpoint(Builder builder) {
        socket = new EndpointSocket(this, builder.options);
    }

    /** Begins an endpoint with this handler. */
    public static Builder builder(Handler handler) {
        return new Builder(Objects.requireNonNull(handler, "handler: must not be null"));
    }

    /**
     * Opens for everybody.
     *
     * @param local where to receive; port 0 takes a free one. Its IP version is that of the endpoint; {@code ::} serves
     *     both where the system does
     * @return the address bound; fails with operation BIND, and may then be tried again
     */
    public CompletableFuture<InetSocketAddress> bind(InetSocketAddress local) {
        return socket.open(Datagrams.requireResolved("local", local), null);
    }

    /**
     * Opens for one peer, on a free local port.
     *
     * @return the local address; fails with operation CONNECT, and may then be tried again. Success does not mean that there
     *     is anybody
     */
    public CompletableFuture<InetSocketAddress> connect(InetSocketAddress remote) {
        return socket.open(null, Datagrams.requireRecipient("remote", remote));
    }

    /** Opens for one peer, on this local address. */
    public CompletableFuture<InetSocketAddress> connect(InetSocketAddress remote, InetSocketAddress local) {
        return socket.open(Datagrams.requireResolved("local", local), Datagrams.requireRecipient("remote", remote));
    }

    /**
     * Queues a datagram to somebody if the queue has room. The answer is final: true means that it is handed to the system
     * unless the endpoint ends first. What the system then says against it hears {@link Listener#onFailure}.
     *
     * @return false when the queue is at its cap or the endpoint is closing; the datagram then stays the caller's
     * @throws IllegalStateException when the endpoint is connected, or not open yet
     */
    public boolean trySend(ByteBuf datagram, InetSocketAddress recipient) {
        return Datagrams.trySend(socket, datagram, Objects.requireNonNull(recipient, "recipient: must not be null"));
    }

    /**
     * Queues a datagram to the peer of a connected endpoint, as {@link #trySend(ByteBuf, InetSocketAddress)}.
     *
     * @throws IllegalStateException when the endpoint is not connected
     */
    public boolean trySend(ByteBuf datagram) {
        return Datagrams.trySend(socket, datagram, null);
    }

    /**
     * Sends a datagram to somebody and says when it was handed to the system.
     *
     * @return fails with a {@link io.nettoolkit.core.RejectedException} when the queue is at its cap or the endpoint is
     *     closing, with a {@link NetException} when the system refused the datagram or the endpoint ended first; completes
     *     on the event loop. Cancelling it does not take the datagram back
     * @throws IllegalStateException when the endpoint is connected, or not open yet
     */
    public CompletableFuture<@Nullable Void> send(ByteBuf datagram, InetSocketAddress recipient) {
        return Datagrams.send(socket, datagram, Objects.requireNonNull(recipient, "recipient: must not be null"));
    }

    /**
     * Sends a datagram to the peer of a connected endpoint, as {@link #send(ByteBuf, InetSocketAddress)}.
     *
     * @throws IllegalStateException when the endpoint is not connected
     */
    public CompletableFuture<@Nullable Void> send(ByteBuf datagram) {
        return Datagrams.send(socket, datagram, null);
    }

    /** Whether the queue is below half of its cap. */
    public boolean isWritable() {
        return Datagrams.isWritable(socket);
    }

    /** Lets datagrams wait in the system's buffer, which drops what it has no room for. */
    public void pauseReading() {
        channel().config().setAutoRead(false);
    }

    /** Delivers datagrams again. */
    public void resumeReading() {
        channel().config().setAutoRead(true);
    }

    /**
     * Ends in order: takes and delivers nothing more, sends what is queued, closes.
     *
     * @param grace how long to try; zero drops what is queued
     * @return how many queued datagrams were sent, and how many dropped; a second call returns the first one's report
     */
    public CompletableFuture<DrainReport> drain(Duration grace) {
        if (Objects.requireNonNull(grace, "grace: must not be null").isNegative()) {
            throw new IllegalArgumentException("grace: " + grace + " (must not be negative)");
        }
        return socket.drain(grace);
    }

    /** Closes at once, and drops what is queued; completes when the socket is gone. */
    public CompletableFuture<@Nullable Void> closeAsync() {
        return socket.drain(Duration.ZERO).thenApply(report -> null);
    }

    /** {@link #closeAsync} and, unless called on an event loop, the wait for it. */
    @Override
    public void close() {
        CompletableFuture<@Nullable Void> closing = closeAsync();
        if (!(ThreadExecutorMap.currentExecutor() instanceof EventLoop)) {
            closing.join();
        }
    }

    /** Completes with the reason of the end, which may also be the socket's failure; never fails. */
    public CompletableFuture<CloseReason> closed() {
        return socket.closed();
    }

    /**
     * Where it receives, or received.
     *
     * @throws IllegalStateException before it is open
     */
    public InetSocketAddress localAddress() {
        Datagrams.open(socket);
        return Objects.requireNonNull(socket.local());
    }

    /** The peer of a connected endpoint; {@code null} for one that is bound. */
    public @Nullable InetSocketAddress remoteAddress() {
        Datagrams.open(socket);
        return socket.remote();
    }

    /**
     * The longest IP packet that the path to the peer of a connected endpoint carries, in bytes, as far as the system knows:
     * at first the MTU of the interface, and less once a router has said so. The payload of a datagram that fits is shorter
     * by 28 bytes on IPv4, by 48 on IPv6. Asks the system each time.
     *
     * @return empty where it cannot be told: for an endpoint that is bound, as every recipient has a path of its own; on NIO
     *     and kqueue, where neither the JDK nor Netty passes the question on; and once the endpoint is closed
     * @throws IllegalStateException before it is open
     */
    public OptionalInt pathMtu() {
        Datagrams.open(socket);
        return socket.pathMtu();
    }

    /**
     * The channel underneath. Its pipeline is open to other handlers in front of the endpoint's.
     *
     * @throws IllegalStateException before it is open
     */
    public Channel channel() {
        return Datagrams.open(socket);
    }

    /** The loop of all callbacks but those of a handler with an executor. */
    public EventLoop eventLoop() {
        return socket.loop();
    }

    /** The figures of this moment. */
    public Stats stats() {
        return socket.stats();
    }

    EndpointSocket socket() {
        return socket;
    }

    @Override
    public String toString() {
        return "DatagramEndpoint[" + socket + "]";
    }

    /** Gets the datagrams. What it throws is logged (rate limited) and counted. */
    @FunctionalInterface
    public interface Handler {

        /** A whole datagram; see {@link DatagramEndpoint} for Threading and Ownership. */
        void onDatagram(DatagramEndpoint endpoint, ByteBuf datagram, InetSocketAddress sender) throws Exception;

        /** There is room in the queue again after a send was refused. On the event loop. */
        default void onWritable(DatagramEndpoint endpoint) throws Exception {}
    }

    /** Hears of rare events, on the event loop. What it throws is logged (rate limited) and counted. */
    public interface Listener {

        /** A listener that ignores everything. */
        Listener NONE = new Listener() {};

        /** It is open. */
        default void onOpen(DatagramEndpoint endpoint) throws Exception {}

        /** A datagram longer than {@link Builder#maxDatagramBytes} was dropped. */
        default void onOversized(DatagramEndpoint endpoint, InetSocketAddress sender) throws Exception {}

        /**
         * The system refused a datagram, or told of one that it had sent. The exception has the recipient where that is
         * known; its operation is WRITE for what a send said, READ for what came in by itself.
         */
        default void onFailure(DatagramEndpoint endpoint, NetException failure) throws Exception {}

        /** It is closed. Called once for each {@link #onOpen}. */
        default void onClose(DatagramEndpoint endpoint, CloseReason reason) throws Exception {}
    }

    /**
     * The figures of an endpoint at one moment.
     *
     * @param received datagrams taken from the system, those dropped for want of room at the executor included
     * @param receivedBytes their payloads
     * @param oversized datagrams dropped because they were longer than {@link Builder#maxDatagramBytes}
     * @param overflowed datagrams dropped because too many waited for the executor
     * @param receiveFailures failures that came in by themselves, ICMP's mostly
     * @param sent datagrams the system took
     * @param sentBytes their payloads
     * @param sendFailures datagrams that were queued, and then refused by the system or dropped at the end
     * @param refusedSends sends refused because the queue was at its cap
     * @param callbackFailures how often the handler or the listener threw
     * @param pendingBytes what is queued, with 128 bytes for each datagram
     * @param optionsNotApplied socket options that were not granted, in words
     */
    public record Stats(
            long received,
            long receivedBytes,
            long oversized,
            long overflowed,
            long receiveFailures,
            long sent,
            long sentBytes,
            long sendFailures,
            long refusedSends,
            long callbackFailures,
            long pendingBytes,
            List<String> optionsNotApplied) {}

    /** Options of an endpoint. Not thread-safe. */
    public static final class Builder {

        private final DatagramOptions options;

        private Builder(Handler handler) {
            options = new DatagramOptions(handler);
        }

        /** Where it lives. Default {@link EventLoops#shared()}. */
        public Builder eventLoops(EventLoops eventLoops) {
            options.eventLoops = Objects.requireNonNull(eventLoops, "eventLoops: must not be null");
            return this;
        }

        /**
         * Where the handler runs. Default the event loop, where it must not block.
         *
         * @param datagrams how many may wait for it, at least 1; the next ones are dropped and counted
         */
        public Builder executor(Executor executor, int datagrams) {
            options.mailboxDatagrams = Datagrams.requireRange("datagrams", datagrams, 1, Integer.MAX_VALUE);
            options.executor = Objects.requireNonNull(executor, "executor: must not be null");
            return this;
        }

        /** The longest datagram that is taken, in bytes of payload, from 1 to 65,527. Default 2048. */
        public Builder maxDatagramBytes(int bytes) {
            options.maxDatagramBytes = Datagrams.requireRange("maxDatagramBytes", bytes, 1, Datagrams.MAX_BYTES_V6);
            return this;
        }

        /** The system's buffer for what comes in. Default 0: left to the system. */
        public Builder receiveBufferBytes(int bytes) {
            options.receiveBufferBytes = Datagrams.requireRange("receiveBufferBytes", bytes, 0, Integer.MAX_VALUE);
            return this;
        }

        /** The system's buffer for what goes out. Default 0: left to the system. */
        public Builder sendBufferBytes(int bytes) {
            options.sendBufferBytes = Datagrams.requireRange("sendBufferBytes", bytes, 0, Integer.MAX_VALUE);
            return this;
        }

        /**
         * The cap of what waits for the system, at least 1; each datagram counts 128 bytes besides its payload, and an empty
         * queue takes any. Default 1 MiB.
         */
        public Builder sendQueueBytes(int bytes) {
            options.sendQueueBytes = Datagrams.requireRange("sendQueueBytes", bytes, 1, Integer.MAX_VALUE);
            return this;
        }

        /** Whether it may send to broadcast addresses. Default no. */
        public Builder broadcast(boolean allowed) {
            options.broadcast = allowed;
            return this;
        }

        /**
         * Whether others on this host may bind the same address and port, each with this option. All of them get what is
         * sent to a group or by broadcast; which one gets a datagram of its own is the system's choice. Default no.
         */
        public Builder reuseAddress(boolean reuse) {
            options.reuseAddress = reuse;
            return this;
        }

        /**
         * Whether a datagram goes whole or not at all. One that is longer than its path's MTU then fails with FRAME_TOO_LARGE,
         * which tells by how much; one that only a router finds too long is lost, and a connected endpoint hears of it from
         * {@link Listener#onFailure}, after which the system knows. Default no: the system cuts what does not fit into
         * fragments, of which none may be lost, and which some networks drop.
         *
         * <p>NIO has it from JDK 19 on, kqueue not at all; {@link Stats#optionsNotApplied} tells where it was not granted.
         */
        public Builder dontFragment(boolean dontFragment) {
            options.dontFragment = dontFragment;
            return this;
        }

        /** The network interface that multicast leaves by, such as "eth0". Default the system's choice. */
        public Builder multicastInterface(String name) {
            options.multicastInterface = Objects.requireNonNull(name, "name: must not be null");
            return this;
        }

        /** How many routers multicast may pass, from 0 (it stays on this host) to 255. Default the system's: 1. */
        public Builder multicastTimeToLive(int hops) {
            options.multicastTimeToLive = Datagrams.requireRange("multicastTimeToLive", hops, 0, 255);
            return this;
        }

        /** Whether members on this host get what it sends to their group. Default yes. */
        public Builder multicastLoopback(boolean loopback) {
            options.multicastLoopback = loopback;
            return this;
        }

        /** Hears of rare events. Default nobody. */
        public Builder listener(Listener listener) {
            options.listener = Objects.requireNonNull(listener, "listener: must not be null");
            return this;
        }

        /** The clock. Default {@link TimeSource#system()}; another is for tests. */
        public Builder timeSource(TimeSource timeSource) {
            options.timeSource = Objects.requireNonNull(timeSource, "timeSource: must not be null");
            return this;
        }

        /** What the endpoint is called in logs, refusals and metrics. Default "datagrams". */
        public Builder name(String name) {
            options.name = Objects.requireNonNull(name, "name: must not be null");
            return this;
        }

        /** The endpoint, not yet open. One builder builds one. */
        public DatagramEndpoint build() {
            return new DatagramEndpoint(this);
        }

        @Override
        public String toString() {
            return options.toString();
        }
    }
}
