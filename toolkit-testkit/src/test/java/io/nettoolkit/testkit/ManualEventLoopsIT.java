package io.nettoolkit.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFactory;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.ServerChannel;
import io.netty.channel.SingleThreadEventLoop;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.channel.uring.IoUring;
import io.netty.channel.uring.IoUringIoHandler;
import io.netty.channel.uring.IoUringServerSocketChannel;
import io.netty.channel.uring.IoUringSocketChannel;
import io.netty.util.concurrent.MockTicker;
import io.netty.util.concurrent.Ticker;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@ExtendWith(LeakCheck.class)
class ManualEventLoopsIT {

    private enum Transport {
        NIO {
            @Override
            boolean isAvailable() {
                return true;
            }

            @Override
            IoHandlerFactory ioHandlerFactory() {
                return NioIoHandler.newFactory();
            }

            @Override
            ChannelFactory<? extends ServerChannel> server() {
                return NioServerSocketChannel::new;
            }

            @Override
            ChannelFactory<? extends Channel> client() {
                return NioSocketChannel::new;
            }
        },
        EPOLL {
            @Override
            boolean isAvailable() {
                return Epoll.isAvailable();
            }

            @Override
            IoHandlerFactory ioHandlerFactory() {
                return EpollIoHandler.newFactory();
            }

            @Override
            ChannelFactory<? extends ServerChannel> server() {
                return EpollServerSocketChannel::new;
            }

            @Override
            ChannelFactory<? extends Channel> client() {
                return EpollSocketChannel::new;
            }
        },
        IO_URING {
            @Override
            boolean isAvailable() {
                return IoUring.isAvailable();
            }

            @Override
            IoHandlerFactory ioHandlerFactory() {
                return IoUringIoHandler.newFactory();
            }

            @Override
            ChannelFactory<? extends ServerChannel> server() {
                return IoUringServerSocketChannel::new;
            }

            @Override
            ChannelFactory<? extends Channel> client() {
                return IoUringSocketChannel::new;
            }
        };

        abstract boolean isAvailable();

        abstract IoHandlerFactory ioHandlerFactory();

        abstract ChannelFactory<? extends ServerChannel> server();

        abstract ChannelFactory<? extends Channel> client();
    }

    /** Answers each message one virtual minute later. */
    private static final class SlowEcho extends ChannelInboundHandlerAdapter {
        private final CompletableFuture<Void> received = new CompletableFuture<>();

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            ctx.executor().schedule(() -> ctx.writeAndFlush(message), 1, TimeUnit.MINUTES);
            received.complete(null);
        }
    }

    private static final class Collector extends ChannelInboundHandlerAdapter {
        private final CompletableFuture<Byte> answer = new CompletableFuture<>();

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            ByteBuf buffer = (ByteBuf) message;
            answer.complete(buffer.readByte());
            buffer.release();
        }
    }

    @ParameterizedTest
    @EnumSource(Transport.class)
    void realSocketsSeeVirtualTimeouts(Transport transport) throws Exception {
        assumeTrue(transport.isAvailable(), transport + " is not available here");
        SlowEcho echo = new SlowEcho();
        Collector collector = new Collector();
        try (ManualTime time = ManualTime.create()) {
            EventLoopGroup group = time.newEventLoopGroup(2, transport.ioHandlerFactory());
            Channel server = new ServerBootstrap()
                    .group(group)
                    .channelFactory(transport.server())
                    .childHandler(initializer(echo))
                    .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                    .sync()
                    .channel();
            Channel client = new Bootstrap()
                    .group(group)
                    .channelFactory(transport.client())
                    .handler(initializer(collector))
                    .connect(server.localAddress())
                    .sync()
                    .channel();
            client.writeAndFlush(Unpooled.wrappedBuffer(new byte[] {42})).sync();
            echo.received.get(10, TimeUnit.SECONDS);

            time.advance(Duration.ofSeconds(59));
            assertThat(collector.answer).isNotDone();
            time.advance(Duration.ofSeconds(1));
            assertThat(collector.answer.get(10, TimeUnit.SECONDS)).isEqualTo((byte) 42);
        }
    }

    @Test
    void loopTasksReadExactlyTheirOwnTimeAndMayScheduleMore() {
        List<Long> seconds = new CopyOnWriteArrayList<>();
        try (ManualTime time = ManualTime.create()) {
            EventLoop loop = time.newEventLoopGroup().next();
            Runnable note = () -> seconds.add(time.elapsed().toSeconds());
            loop.scheduleAtFixedRate(note, 10, 10, TimeUnit.SECONDS);
            loop.schedule(
                    () -> {
                        note.run();
                        loop.schedule(note, 2, TimeUnit.SECONDS);
                        loop.execute(() -> loop.schedule(note, 0, TimeUnit.SECONDS));
                    },
                    15,
                    TimeUnit.SECONDS);
            time.advance(Duration.ofSeconds(30));
        }
        assertThat(seconds).containsExactly(10L, 15L, 15L, 17L, 20L, 30L);
    }

    @Test
    void keepsStepAcrossLoopsExecutorAndBack() {
        List<String> order = new CopyOnWriteArrayList<>();
        try (ManualTime time = ManualTime.create()) {
            EventLoopGroup group = time.newEventLoopGroup(2, NioIoHandler.newFactory());
            EventLoop one = group.next();
            EventLoop two = group.next();
            assertThat(one).isNotSameAs(two);
            two.schedule(
                    () -> hop(20, one, two, () -> {
                        order.add("hops@" + time.elapsed().toNanos());
                        time.executor()
                                .execute(() ->
                                        order.add("executor@" + time.elapsed().toNanos()));
                    }),
                    5,
                    TimeUnit.NANOSECONDS);
            time.executor().schedule(() -> order.add("later@" + time.elapsed().toNanos()), 6, TimeUnit.NANOSECONDS);
            time.advance(Duration.ofNanos(10));
        }
        assertThat(order).containsExactly("hops@5", "executor@5", "later@6");
    }

    @Test
    void tailTasksOfALoopDoNotHoldTheClockUp() {
        try (ManualTime time = ManualTime.create()) {
            SingleThreadEventLoop loop =
                    (SingleThreadEventLoop) time.newEventLoopGroup().next();
            CompletableFuture<Void> tail = new CompletableFuture<>();
            loop.schedule(() -> loop.executeAfterEventLoopIteration(() -> tail.complete(null)), 1, TimeUnit.SECONDS);
            time.advance(Duration.ofSeconds(1));
            tail.orTimeout(10, TimeUnit.SECONDS).join();
        }
    }

    @Test
    void aGroupWithAQuietPeriodEndsThoughTheClockStands() throws Exception {
        try (ManualTime time = ManualTime.create()) {
            EventLoopGroup group = time.newEventLoopGroup();
            group.next().submit(() -> {}).sync();
            group.shutdownGracefully();
            assertThat(group.awaitTermination(10, TimeUnit.SECONDS)).isTrue();
            time.advance(Duration.ofSeconds(1));
        }
    }

    @Test
    void aGroupThatIsShutDownLateInAnIterationStillClosesItsChannels() throws Exception {
        try (ManualTime time = ManualTime.create()) {
            EventLoopGroup group = time.newEventLoopGroup();
            Channel server = new ServerBootstrap()
                    .group(group)
                    .channelFactory(Transport.NIO.server())
                    .childHandler(new SlowEcho())
                    .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                    .sync()
                    .channel();
            group.execute(() -> group.shutdownGracefully(0, 0, TimeUnit.SECONDS));
            assertThat(group.awaitTermination(10, TimeUnit.SECONDS)).isTrue();
            assertThat(server.isOpen()).isFalse();
        }
    }

    @Test
    @Tag("blocks-loop")
    void aBlockedLoopEndsTheAdvanceWithAMessageThatNamesIt() {
        CountDownLatch blocked = new CountDownLatch(1);
        MockTicker ticker = Ticker.newMockTicker();
        ticker.advanceMillis(1);
        ManualEventLoops loops = new ManualEventLoops(ticker, Duration.ofMillis(50));
        EventLoop loop = loops.newGroup(1, NioIoHandler.newFactory()).next();
        loop.execute(() -> awaitUninterruptibly(blocked));
        assertThatIllegalStateException()
                .isThrownBy(loops::settle)
                .withMessageMatching("manual-time-\\S+ did not run its tasks within PT0.05S: is it blocked.*");
        assertThatIllegalStateException()
                .isThrownBy(loops::close)
                .withMessageContaining("event loops did not end within PT0.05S");
        blocked.countDown();
        loop.terminationFuture().syncUninterruptibly();
    }

    @Test
    void anInterruptEndsTheWaitForALoop() {
        CountDownLatch blocked = new CountDownLatch(1);
        try (ManualTime time = ManualTime.create()) {
            EventLoop loop = time.newEventLoopGroup().next();
            loop.execute(() -> awaitUninterruptibly(blocked));
            // Twice, so that two probes nobody waits for any more meet in the loop's queue.
            for (int attempt = 0; attempt < 2; attempt++) {
                Thread.currentThread().interrupt();
                assertThatIllegalStateException()
                        .isThrownBy(() -> time.advance(Duration.ofSeconds(1)))
                        .withMessageContaining("interrupted while waiting");
                assertThat(Thread.interrupted()).isTrue();
            }
            blocked.countDown();
            time.advance(Duration.ofSeconds(1));
        }
    }

    /** Runs the action after handing it back and forth between two loops. */
    private static void hop(int times, EventLoop next, EventLoop other, Runnable action) {
        if (times == 0) {
            action.run();
        } else {
            next.execute(() -> hop(times - 1, other, next, action));
        }
    }

    private static void awaitUninterruptibly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private static ChannelInitializer<Channel> initializer(ChannelInboundHandlerAdapter handler) {
        return new ChannelInitializer<>() {
            @Override
            protected void initChannel(Channel channel) {
                channel.pipeline().addLast(handler);
            }
        };
    }
}
