package io.nettoolkit.examples;

import io.nettoolkit.core.Endpoint;
import io.nettoolkit.core.EventLoops;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.EventLoop;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.socket.DatagramPacket;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** A bad link on this machine: a UDP relay to a server for one client, which loses datagrams both ways and delays the rest. */
final class LossyRelay implements AutoCloseable {

    private static final int SEED = 1;

    private final EventLoops loops;
    private final EventLoop loop;
    private final InetSocketAddress server;
    private final double loss;
    private final long delayNanos;
    private final SplittableRandom random = new SplittableRandom(SEED);
    private final AtomicLong lost = new AtomicLong();
    private final Channel clientSide;
    private final Channel serverSide;
    private @Nullable InetSocketAddress client;

    LossyRelay(EventLoops loops, InetSocketAddress server, double loss, Duration delay) throws InterruptedException {
        this.loops = loops;
        this.server = server;
        this.loss = loss;
        delayNanos = delay.toNanos();
        loop = loops.next();
        serverSide = bind(false);
        clientSide = bind(true);
    }

    private Channel bind(boolean facesClient) throws InterruptedException {
        return new Bootstrap()
                .group(loop)
                .channelFactory(loops.datagramChannelFactory())
                .handler(new SimpleChannelInboundHandler<DatagramPacket>() {
                    @Override
                    protected void channelRead0(ChannelHandlerContext context, DatagramPacket packet) {
                        pass(packet, facesClient);
                    }
                })
                .bind(new InetSocketAddress("127.0.0.1", 0))
                .sync()
                .channel();
    }

    private void pass(DatagramPacket packet, boolean fromClient) {
        client = fromClient ? packet.sender() : client;
        InetSocketAddress to = fromClient ? server : client;
        if (random.nextDouble() < loss) {
            lost.incrementAndGet();
        } else if (to != null) {
            Channel out = fromClient ? serverSide : clientSide;
            DatagramPacket passed = new DatagramPacket(packet.content().retain(), to);
            loop.schedule(() -> out.writeAndFlush(passed), delayNanos, TimeUnit.NANOSECONDS);
        }
    }

    /** Where a client finds the server through the bad link. */
    Endpoint endpoint() {
        return Endpoint.of("127.0.0.1", ((InetSocketAddress) clientSide.localAddress()).getPort());
    }

    /** Datagrams lost so far. */
    long lost() {
        return lost.get();
    }

    @Override
    public void close() {
        clientSide.close();
        serverSide.close();
    }
}
