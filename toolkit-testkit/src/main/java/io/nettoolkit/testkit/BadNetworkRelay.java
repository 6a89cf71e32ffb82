package io.nettoolkit.testkit;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.IoEventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.DatagramPacket;
import io.netty.channel.socket.SocketProtocolFamily;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.Future;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnknownHostException;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/**
 * A UDP relay on loopback that stands between clients and their server, with a {@link BadNetwork} in each direction.
 *
 * <pre>{@code
 * BadNetwork network = BadNetwork.builder().loss(0.1).delay(Duration.ofMillis(20)).build();
 * try (BadNetworkRelay relay = BadNetworkRelay.to(server.localAddress(), network)) {
 *     client.send(relay.address(), datagram);
 *     relay.toClient().change(faults -> faults.loss(0.5));
 *     relay.rebind();
 *     ...
 * }
 * }</pre>
 *
 * <p>To the server every client has an address of its own: a port of the relay, which is that of one client for as long as
 * {@link #rebind} is not called. All clients share the one link of each direction, and so its rate and its queue.
 *
 * <p><b>Threading.</b> Any thread may call every method. {@link #to(SocketAddress, BadNetwork, EventLoopGroup)},
 * {@link #rebind} and {@link #close} wait for the sockets and so must not be called on the relay's event loop. Delays are
 * timers of that loop: on a group of {@link ManualTime} they are virtual, while the sockets stay real.
 *
 * <p><b>Life cycle.</b> Relays from the start until {@link #close()}, which drops what is on its way, closes every socket
 * and, where the loop is the relay's own (one daemon thread), ends it.
 *
 * <p><b>Failure.</b> What a socket refuses is lost, and counted by {@link #refusedDatagrams()}; so are empty datagrams,
 * which Netty's NIO channels do not send, and those of a client beyond the 1000th. What cannot be opened or closed within 10 s is an
 * {@link IllegalStateException}.
 */
public final class BadNetworkRelay implements AutoCloseable {

    private static final int MAX_CLIENTS = 1000;
    private static final long PATIENCE_SECONDS = 10;
    private static final int SOCKET_BUFFER_BYTES = 4 << 20;
    private static final int MAX_UDP_BYTES = 65_535;

    private final InetSocketAddress target;
    private final EventLoopGroup group;
    private final boolean ownsGroup;
    private final EventLoop loop;
    private final Direction toTarget;
    private final Direction toClient;
    private final Channel front;
    private final AtomicLong refused = new AtomicLong();
    /** The socket that stands for each client; loop only. */
    private final Map<InetSocketAddress, ChannelFuture> clients = new HashMap<>();

    private volatile boolean closed;

    private record Direction(BadLink link, InFlight inFlight) {

        static Direction start(BadNetwork network, EventLoop loop) {
            return new Direction(new BadLink(network, loop.ticker().nanoTime()), new InFlight(loop, () -> {}));
        }

        void carry(DatagramPacket packet, Consumer<byte[]> arrival) {
            byte[] datagram = ByteBufUtil.getBytes(packet.content());
            link.carry(
                    inFlight.nowNanos(), datagram, (nanos, bytes) -> inFlight.add(nanos, () -> arrival.accept(bytes)));
            inFlight.settle();
        }
    }

    private BadNetworkRelay(SocketAddress target, BadNetwork network, EventLoopGroup group, boolean ownsGroup) {
        this.target = reachable(target);
        this.group = group;
        this.ownsGroup = ownsGroup;
        loop = group.next();
        toTarget = Direction.start(network, loop);
        toClient = Direction.start(network.otherDirection(), loop);
        front = settled(bind(true, this::onClient));
    }

    /** A relay to this address, with these faults in both directions and an event loop of its own. */
    public static BadNetworkRelay to(SocketAddress target, BadNetwork network) {
        requireArguments(target, network);
        EventLoopGroup group = new MultiThreadIoEventLoopGroup(
                1, new DefaultThreadFactory("bad-network", true), NioIoHandler.newFactory());
        try {
            return new BadNetworkRelay(target, network, group, true);
        } catch (Throwable failure) {
            group.shutdownGracefully(0, 0, TimeUnit.SECONDS);
            throw failure;
        }
    }

    /**
     * A relay to this address, with these faults in both directions, on one of the given event loops.
     *
     * @param group event loops of the NIO transport; stays the caller's
     */
    public static BadNetworkRelay to(SocketAddress target, BadNetwork network, EventLoopGroup group) {
        requireArguments(target, network);
        Objects.requireNonNull(group, "group: must not be null");
        if (!(group instanceof IoEventLoopGroup io) || !io.isIoType(NioIoHandler.class)) {
            throw new IllegalArgumentException("group: " + group + " (must be of the NIO transport)");
        }
        return new BadNetworkRelay(target, network, group, false);
    }

    private static void requireArguments(SocketAddress target, BadNetwork network) {
        Objects.requireNonNull(target, "target: must not be null");
        Objects.requireNonNull(network, "network: must not be null");
        if (!(target instanceof InetSocketAddress address) || address.isUnresolved() || address.getPort() == 0) {
            throw new IllegalArgumentException("target: " + target + " (must be a resolved address with a port)");
        }
    }

    /** A server bound to all addresses is reached through loopback. */
    private static InetSocketAddress reachable(SocketAddress target) {
        InetSocketAddress address = (InetSocketAddress) target;
        return address.getAddress().isAnyLocalAddress()
                ? new InetSocketAddress(InetAddress.getLoopbackAddress(), address.getPort())
                : address;
    }

    /** Where clients send to instead of the target. */
    public InetSocketAddress address() {
        return (InetSocketAddress) front.localAddress();
    }

    /** The direction of what clients send. */
    public BadLink toTarget() {
        return toTarget.link;
    }

    /** The direction of what the target answers. */
    public BadLink toClient() {
        return toClient.link;
    }

    /** Datagrams that arrived at a socket of the relay but could not be sent on from it. */
    public long refusedDatagrams() {
        return refused.get();
    }

    /**
     * What a NAT does when it forgets its bindings: the next datagram of every client comes to the target from a new port,
     * and what the target sends to the old one is lost.
     */
    public void rebind() {
        closeClients();
    }

    private void closeClients() {
        Collection<ChannelFuture> closing = new ConcurrentLinkedQueue<>();
        await(loop.submit(() -> {
            clients.values().forEach(socket -> closing.add(socket.channel().close()));
            clients.clear();
        }));
        closing.forEach(BadNetworkRelay::await);
    }

    /** Drops what is on its way and closes the sockets; more calls do nothing. */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        try {
            // A group that its owner shut down first closes its sockets itself.
            if (!group.isShuttingDown()) {
                await(front.close());
                await(loop.submit(() -> {
                    toTarget.inFlight.clear();
                    toClient.inFlight.clear();
                }));
                closeClients();
            }
        } finally {
            if (ownsGroup) {
                await(group.shutdownGracefully(0, 0, TimeUnit.SECONDS));
            }
        }
    }

    @Override
    public String toString() {
        return "BadNetworkRelay(" + address() + " -> " + target + ", toTarget " + toTarget() + ", toClient "
                + toClient() + ")";
    }

    private void onClient(DatagramPacket packet) {
        InetSocketAddress client = packet.sender();
        toTarget.carry(packet, bytes -> sendAs(client, bytes));
    }

    private void sendAs(InetSocketAddress client, byte[] datagram) {
        ChannelFuture bound = clients.get(client);
        if (bound == null) {
            if (clients.size() == MAX_CLIENTS) {
                refused.incrementAndGet();
                return;
            }
            bound = bind(target.getAddress().isLoopbackAddress(), answer -> onTarget(client, answer));
            clients.put(client, bound);
        }
        bound.addListener((ChannelFuture socket) -> {
            if (socket.isSuccess()) {
                send(socket.channel(), datagram, target);
            } else {
                refused.incrementAndGet();
                clients.remove(client, socket);
            }
        });
    }

    private void onTarget(InetSocketAddress client, DatagramPacket packet) {
        if (target.equals(packet.sender())) {
            toClient.carry(packet, bytes -> send(front, bytes, client));
        }
    }

    private void send(Channel socket, byte[] datagram, InetSocketAddress recipient) {
        if (datagram.length == 0) {
            refused.incrementAndGet();
            return;
        }
        socket.writeAndFlush(new DatagramPacket(Unpooled.wrappedBuffer(datagram), recipient))
                .addListener(sent -> {
                    if (!sent.isSuccess()) {
                        refused.incrementAndGet();
                    }
                });
    }

    private ChannelFuture bind(boolean loopback, Consumer<DatagramPacket> receiver) {
        boolean v6 = target.getAddress() instanceof Inet6Address;
        SocketProtocolFamily family = v6 ? SocketProtocolFamily.INET6 : SocketProtocolFamily.INET;
        return new Bootstrap()
                .group(loop)
                .channelFactory(() -> new NioDatagramChannel(family))
                .option(ChannelOption.SO_RCVBUF, SOCKET_BUFFER_BYTES)
                .option(ChannelOption.SO_SNDBUF, SOCKET_BUFFER_BYTES)
                .option(ChannelOption.RECVBUF_ALLOCATOR, new FixedRecvByteBufAllocator(MAX_UDP_BYTES))
                .handler(new Datagrams(receiver))
                .bind(new InetSocketAddress(localAddress(v6, loopback), 0));
    }

    private static InetAddress localAddress(boolean v6, boolean loopback) {
        byte[] address = new byte[v6 ? 16 : 4];
        if (loopback) {
            address[0] = (byte) (v6 ? 0 : 127);
            address[address.length - 1] = 1;
        }
        try {
            return InetAddress.getByAddress(address);
        } catch (UnknownHostException e) {
            throw new AssertionError(e);
        }
    }

    private static final class Datagrams extends SimpleChannelInboundHandler<DatagramPacket> {

        private final Consumer<DatagramPacket> receiver;

        Datagrams(Consumer<DatagramPacket> receiver) {
            this.receiver = receiver;
        }

        @Override
        protected void channelRead0(ChannelHandlerContext ctx, DatagramPacket packet) {
            receiver.accept(packet);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            // A receiver that is gone answers with ICMP; the relay goes on, as a network does.
        }
    }

    private static Channel settled(ChannelFuture future) {
        await(future);
        return future.channel();
    }

    private static void await(Future<?> future) {
        if (!future.awaitUninterruptibly(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
            throw new IllegalStateException(
                    "the sockets of the relay took longer than " + PATIENCE_SECONDS + " s: is its event loop blocked?");
        }
        if (!future.isSuccess()) {
            throw new IllegalStateException("the relay failed to open or close a socket", future.cause());
        }
    }
}
