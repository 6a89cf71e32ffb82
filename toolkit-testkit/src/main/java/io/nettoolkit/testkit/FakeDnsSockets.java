package io.nettoolkit.testkit;

import io.nettoolkit.testkit.FakeDnsReply.Flaw;
import io.nettoolkit.testkit.FakeDnsServer.Query;
import io.nettoolkit.testkit.FakeDnsServer.Reply;
import io.nettoolkit.testkit.FakeDnsServer.Transport;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.socket.DatagramPacket;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.ssl.SslContext;
import io.netty.util.AttributeKey;
import java.io.ByteArrayOutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The sockets of a fake server: takes queries in, asks what to say, says it as badly as the reply wants. */
final class FakeDnsSockets {

    private static final long PATIENCE_SECONDS = 10;
    private static final int PORT_ATTEMPTS = 20;
    private static final int LENGTH_BYTES = 2;
    private static final int COPIES_AT_ONCE = 256;
    private static final byte[] OTHER_ADDRESS = {127, 0, 0, 2};
    /** Of a connection over which nothing more is said. */
    private static final AttributeKey<Boolean> STALLED = AttributeKey.valueOf(FakeDnsSockets.class, "stalled");

    private final Function<Query, Reply> rule;
    private final Set<Channel> connections = ConcurrentHashMap.newKeySet();
    private final AtomicInteger accepted = new AtomicInteger();
    private final Channel datagrams;
    /** What answers "from another port" come from. */
    private final Channel otherPort;
    /** The same for "from another address"; null where this host has no other one of its own. */
    private final @Nullable Channel otherAddress;

    private final Channel streams;
    private final @Nullable Channel secure;

    FakeDnsSockets(EventLoopGroup group, @Nullable SslContext tls, Function<Query, Reply> rule) {
        this.rule = rule;
        Pair pair = bindPair(group);
        datagrams = pair.datagrams;
        streams = pair.streams;
        otherPort = bindDatagrams(group, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        otherAddress = bindOtherAddress(group, ((InetSocketAddress) datagrams.localAddress()).getPort());
        secure = tls == null ? null : bindStreams(group, 0, tls);
    }

    private record Pair(Channel datagrams, Channel streams) {}

    /** Both on one port. */
    private Pair bindPair(EventLoopGroup group) {
        for (int attempt = 1; ; attempt++) {
            Channel udp = bindDatagrams(group, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            try {
                return new Pair(udp, bindStreams(group, ((InetSocketAddress) udp.localAddress()).getPort(), null));
            } catch (IllegalStateException portIsTaken) {
                settled(udp.close());
                if (attempt == PORT_ATTEMPTS) {
                    throw portIsTaken;
                }
            }
        }
    }

    private @Nullable Channel bindOtherAddress(EventLoopGroup group, int port) {
        try {
            return bindDatagrams(group, new InetSocketAddress(InetAddress.getByAddress(OTHER_ADDRESS), port));
        } catch (IllegalStateException | UnknownHostException noSuchAddressOrTaken) {
            return null;
        }
    }

    private Channel bindDatagrams(EventLoopGroup group, InetSocketAddress address) {
        return settled(new Bootstrap()
                .group(group)
                .channel(NioDatagramChannel.class)
                .option(ChannelOption.SO_RCVBUF, 1 << 20)
                .handler(new Datagrams())
                .bind(address));
    }

    private Channel bindStreams(EventLoopGroup group, int port, @Nullable SslContext tls) {
        return settled(new ServerBootstrap()
                .group(group)
                .channel(NioServerSocketChannel.class)
                .childHandler(new ChannelInitializer<SocketChannel>() {
                    @Override
                    protected void initChannel(SocketChannel channel) {
                        accepted.incrementAndGet();
                        connections.add(channel);
                        channel.closeFuture().addListener(closed -> connections.remove(channel));
                        if (tls != null) {
                            channel.pipeline().addLast(tls.newHandler(channel.alloc()));
                        }
                        channel.pipeline().addLast(new Stream(tls == null ? Transport.TCP : Transport.TLS));
                    }
                })
                .bind(InetAddress.getLoopbackAddress(), port));
    }

    private static Channel settled(ChannelFuture future) {
        if (!future.awaitUninterruptibly(PATIENCE_SECONDS, TimeUnit.SECONDS) || !future.isSuccess()) {
            throw new IllegalStateException("a socket of the fake name server could not be opened", future.cause());
        }
        return future.channel();
    }

    InetSocketAddress address() {
        return (InetSocketAddress) datagrams.localAddress();
    }

    InetSocketAddress tlsAddress() {
        if (secure == null) {
            throw new IllegalStateException("this server has no certificate: start it with an SslContext");
        }
        return (InetSocketAddress) secure.localAddress();
    }

    int accepted() {
        return accepted.get();
    }

    void closeConnections() {
        for (Channel connection : connections) {
            settled(connection.close());
        }
    }

    void close() {
        settled(streams.close());
        if (secure != null) {
            settled(secure.close());
        }
        closeConnections();
        settled(datagrams.close());
        settled(otherPort.close());
        if (otherAddress != null) {
            settled(otherAddress.close());
        }
    }

    private void say(Channel channel, Query query, FakeDnsReply reply) {
        for (FakeDnsReply each = reply; each != null; each = each.next()) {
            if (each.content() == FakeDnsReply.Content.NOTHING) {
                continue;
            }
            FakeDnsReply now = each;
            if (each.delay().isZero()) {
                sayNow(channel, query, now);
            } else {
                channel.eventLoop()
                        .schedule(
                                () -> sayNow(channel, query, now), each.delay().toNanos(), TimeUnit.NANOSECONDS);
            }
        }
    }

    private void sayNow(Channel channel, Query query, FakeDnsReply reply) {
        byte[] answer = FakeDnsMessages.answer(query, reply);
        if (query.transport() == Transport.UDP) {
            Channel from =
                    reply.is(Flaw.OTHER_PORT) ? otherPort : reply.is(Flaw.OTHER_ADDRESS) ? otherAddress : channel;
            if (from != null) {
                sayCopies(from, query, answer, reply.copies());
            }
            return;
        }
        for (int i = 0; i < reply.copies(); i++) {
            sayInStream(channel, reply, answer);
        }
    }

    /** Many of them in several rounds of the loop, which has others to serve. */
    private static void sayCopies(Channel channel, Query query, byte[] answer, int copies) {
        for (int i = Math.min(copies, COPIES_AT_ONCE); i > 0; i--) {
            channel.write(new DatagramPacket(Unpooled.wrappedBuffer(answer), query.from()));
        }
        channel.flush();
        if (copies > COPIES_AT_ONCE) {
            channel.eventLoop().execute(() -> sayCopies(channel, query, answer, copies - COPIES_AT_ONCE));
        }
    }

    private static void sayInStream(Channel channel, FakeDnsReply reply, byte[] answer) {
        if (channel.hasAttr(STALLED)) {
            return;
        }
        if (reply.end() == FakeDnsReply.Cut.STALL) {
            channel.attr(STALLED).set(true);
        }
        ByteArrayOutputStream framed = new ByteArrayOutputStream();
        framed.write(answer.length >> 8);
        framed.write(answer.length);
        framed.writeBytes(answer);
        byte[] bytes = framed.toByteArray();
        int end = reply.end() == FakeDnsReply.Cut.NONE ? bytes.length : Math.min(reply.cut(), bytes.length);
        int piece = reply.pieces() == 0 ? Math.max(end, 1) : reply.pieces();
        sayPieces(channel, reply, Unpooled.wrappedBuffer(bytes, 0, end), piece);
    }

    /** Each piece is written in a round of the loop of its own. */
    private static void sayPieces(Channel channel, FakeDnsReply reply, ByteBuf rest, int piece) {
        if (rest.isReadable()) {
            ByteBuf next = Unpooled.copiedBuffer(rest.readSlice(Math.min(piece, rest.readableBytes())));
            channel.writeAndFlush(next)
                    .addListener(written -> channel.eventLoop().execute(() -> sayPieces(channel, reply, rest, piece)));
            return;
        }
        switch (reply.end()) {
            case CLOSE -> channel.close();
            case RESET -> {
                channel.config().setOption(ChannelOption.SO_LINGER, 0);
                channel.close();
            }
            case NONE, STALL -> {}
        }
    }

    private final class Datagrams extends SimpleChannelInboundHandler<DatagramPacket> {
        @Override
        protected void channelRead0(ChannelHandlerContext ctx, DatagramPacket packet) {
            Query query = FakeDnsMessages.query(ByteBufUtil.getBytes(packet.content()), Transport.UDP, packet.sender());
            if (query != null) {
                say(ctx.channel(), query, rule.apply(query).settings());
            }
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            // An asker that is gone (ICMP) is no business of the others.
        }
    }

    private final class Stream extends SimpleChannelInboundHandler<ByteBuf> {

        private final Transport transport;
        private final ByteBuf received = Unpooled.buffer();

        Stream(Transport transport) {
            this.transport = transport;
        }

        @Override
        protected void channelRead0(ChannelHandlerContext ctx, ByteBuf bytes) {
            received.writeBytes(bytes);
            while (received.readableBytes() >= LENGTH_BYTES) {
                int length = received.getUnsignedShort(received.readerIndex());
                if (received.readableBytes() < LENGTH_BYTES + length) {
                    break;
                }
                received.skipBytes(LENGTH_BYTES);
                byte[] message = new byte[length];
                received.readBytes(message);
                InetSocketAddress from = (InetSocketAddress) ctx.channel().remoteAddress();
                Query query = FakeDnsMessages.query(message, transport, from);
                if (query != null) {
                    say(ctx.channel(), query, rule.apply(query).settings());
                }
            }
            received.discardReadBytes();
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            ctx.close();
        }
    }
}
