package io.nettoolkit.testkit;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.channel.socket.DatagramPacket;
import io.netty.util.ReferenceCountUtil;
import java.net.InetSocketAddress;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A {@link BadNetwork} in the pipeline of a datagram channel, in both directions. Belongs in front of all handlers that
 * are to be tested.
 *
 * <pre>{@code
 * BadNetworkHandler network = BadNetworkHandler.of(BadNetwork.builder().loss(0.1).build());
 * channel.pipeline().addFirst(network);
 * ...
 * network.outbound().interrupt();
 * }</pre>
 *
 * <p>Takes {@link DatagramPacket}s both ways and, outbound, the {@link ByteBuf}s of a connected channel; all other messages
 * pass untouched. Not for segmented packets (GSO), which are many datagrams in one: their write fails; test those through
 * a {@link BadNetworkRelay}. Not for streams either.
 *
 * <p><b>Threading.</b> {@link #outbound}, {@link #inbound} and {@link #rebind} may be called from any thread once the
 * handler is in a pipeline. Delays are timers of the channel's event loop: on one of {@link ManualTime} they are virtual.
 *
 * <p><b>Ownership.</b> Datagrams are copied and released at once; what is on its way is dropped when the channel is closed
 * or the handler removed. One handler serves one channel.
 *
 * <p><b>Failure.</b> A write succeeds at once, as a socket's does, whether or not the datagram arrives; where the socket
 * then refuses it, the pipeline gets an {@code exceptionCaught}.
 */
public final class BadNetworkHandler extends ChannelDuplexHandler {

    private static final int LOWEST_ALIAS_PORT = 1024;

    private final BadNetwork outboundNetwork;
    private final BadNetwork inboundNetwork;
    private volatile @Nullable Path outbound;
    private volatile @Nullable Path inbound;
    private @Nullable ChannelHandlerContext context;

    /** The addresses under which the NAT shows those who send, once it has rebound; loop only. */
    private final Map<InetSocketAddress, InetSocketAddress> aliases = new HashMap<>();

    private final Map<InetSocketAddress, InetSocketAddress> aliased = new HashMap<>();
    private final Set<InetSocketAddress> forgotten = new HashSet<>();
    private final Set<InetSocketAddress> senders = new HashSet<>();

    private record Path(BadLink link, InFlight inFlight) {

        static Path start(BadNetwork network, ChannelHandlerContext ctx, Runnable afterBurst) {
            InFlight inFlight = new InFlight(ctx.executor(), afterBurst);
            return new Path(new BadLink(network, inFlight.nowNanos()), inFlight);
        }

        void carry(byte[] datagram, Function<byte[], Runnable> arrival) {
            link.carry(inFlight.nowNanos(), datagram, (nanos, bytes) -> inFlight.add(nanos, arrival.apply(bytes)));
            inFlight.settle();
        }
    }

    private BadNetworkHandler(BadNetwork outboundNetwork, BadNetwork inboundNetwork) {
        this.outboundNetwork = outboundNetwork;
        this.inboundNetwork = inboundNetwork;
    }

    /** The same faults in both directions. */
    public static BadNetworkHandler of(BadNetwork network) {
        Objects.requireNonNull(network, "network: must not be null");
        return new BadNetworkHandler(network, network.otherDirection());
    }

    /** Faults of what the channel writes, and of what it reads. */
    public static BadNetworkHandler of(BadNetwork outbound, BadNetwork inbound) {
        Objects.requireNonNull(outbound, "outbound: must not be null");
        Objects.requireNonNull(inbound, "inbound: must not be null");
        return new BadNetworkHandler(outbound, inbound);
    }

    /** The direction of what the channel writes. */
    public BadLink outbound() {
        return started(outbound).link;
    }

    /** The direction of what the channel reads. */
    public BadLink inbound() {
        return started(inbound).link;
    }

    private static Path started(@Nullable Path path) {
        if (path == null) {
            throw new IllegalStateException("the handler is in no pipeline yet");
        }
        return path;
    }

    /**
     * What a NAT in front of the peers does when it forgets its bindings: whoever has sent something comes from another
     * port from now on, and what is sent to the old one vanishes.
     */
    public void rebind() {
        ChannelHandlerContext ctx = Objects.requireNonNull(context, "the handler is in no pipeline yet");
        if (ctx.executor().inEventLoop()) {
            rebindSenders();
        } else {
            ctx.executor().execute(this::rebindSenders);
        }
    }

    private void rebindSenders() {
        for (InetSocketAddress sender : senders) {
            InetSocketAddress old = aliases.getOrDefault(sender, sender);
            InetSocketAddress alias = old;
            do {
                int port = alias.getPort() > LOWEST_ALIAS_PORT ? alias.getPort() - 1 : 0xFFFF;
                alias = new InetSocketAddress(sender.getAddress(), port);
            } while (forgotten.contains(alias) || senders.contains(alias) || aliased.containsKey(alias));
            aliases.put(sender, alias);
            aliased.remove(old);
            aliased.put(alias, sender);
            forgotten.add(old);
        }
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        context = ctx;
        outbound = Path.start(outboundNetwork, ctx, ctx::flush);
        inbound = Path.start(inboundNetwork, ctx, ctx::fireChannelReadComplete);
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        started(outbound).inFlight.clear();
        started(inbound).inFlight.clear();
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        handlerRemoved(ctx);
        ctx.fireChannelInactive();
    }

    @Override
    public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
        Path path = started(outbound);
        if (message instanceof DatagramPacket packet) {
            if (packet.getClass() != DatagramPacket.class) {
                ReferenceCountUtil.release(message);
                promise.setFailure(new UnsupportedOperationException(
                        packet.getClass().getName() + " is many datagrams: use a BadNetworkRelay"));
                return;
            }
            byte[] datagram = ByteBufUtil.getBytes(packet.content());
            InetSocketAddress recipient = packet.recipient();
            packet.release();
            promise.trySuccess();
            path.carry(datagram, bytes -> () -> send(ctx, bytes, recipient));
        } else if (message instanceof ByteBuf content) {
            byte[] datagram = ByteBufUtil.getBytes(content);
            content.release();
            promise.trySuccess();
            path.carry(
                    datagram,
                    bytes -> () -> ctx.write(Unpooled.wrappedBuffer(bytes))
                            .addListener(ChannelFutureListener.FIRE_EXCEPTION_ON_FAILURE));
        } else {
            ctx.write(message, promise);
        }
    }

    private void send(ChannelHandlerContext ctx, byte[] datagram, InetSocketAddress recipient) {
        if (!forgotten.contains(recipient)) {
            ctx.write(new DatagramPacket(Unpooled.wrappedBuffer(datagram), aliased.getOrDefault(recipient, recipient)))
                    .addListener(ChannelFutureListener.FIRE_EXCEPTION_ON_FAILURE);
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (!(message instanceof DatagramPacket packet)) {
            ctx.fireChannelRead(message);
            return;
        }
        byte[] datagram = ByteBufUtil.getBytes(packet.content());
        InetSocketAddress recipient = packet.recipient();
        InetSocketAddress sender = packet.sender();
        packet.release();
        if (sender != null) {
            senders.add(sender);
        }
        started(inbound)
                .carry(
                        datagram,
                        bytes -> () -> ctx.fireChannelRead(new DatagramPacket(
                                Unpooled.wrappedBuffer(bytes),
                                recipient,
                                sender == null ? null : aliases.getOrDefault(sender, sender))));
    }

    @Override
    public String toString() {
        Path out = outbound;
        Path in = inbound;
        return "BadNetworkHandler(outbound " + (out == null ? outboundNetwork : out.link) + ", inbound "
                + (in == null ? inboundNetwork : in.link) + ")";
    }
}
