package io.nettoolkit.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.AdaptiveByteBufAllocator;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.DatagramChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Test classes for {@link LeakCheckIT} to run; not found by the build, as they are nested. */
final class LeakingTests {

    private static final Deque<AutoCloseable> leftovers = new ArrayDeque<>();

    private LeakingTests() {}

    static void closeLeftovers() throws Exception {
        while (!leftovers.isEmpty()) {
            leftovers.pop().close();
        }
    }

    private static void leak(ByteBuf buffer) {
        assertThat(buffer.refCnt()).isPositive();
    }

    private static Thread startBlockedThread(String name) {
        CountDownLatch latch = new CountDownLatch(1);
        Thread thread = new Thread(
                () -> {
                    try {
                        latch.await();
                    } catch (InterruptedException e) {
                        throw new AssertionError(e);
                    }
                },
                name);
        thread.setDaemon(true);
        thread.start();
        leftovers.push(() -> {
            latch.countDown();
            thread.join();
        });
        return thread;
    }

    private static EventLoopGroup newGroup(String name) {
        return new MultiThreadIoEventLoopGroup(1, new DefaultThreadFactory(name, true), NioIoHandler.newFactory());
    }

    private static void end(EventLoopGroup group) {
        group.shutdownGracefully(0, 0, TimeUnit.SECONDS).syncUninterruptibly();
    }

    @ExtendWith(LeakCheck.class)
    static class Clean {
        @Test
        void usesEverythingAndCleansUp() throws Exception {
            GlobalEventExecutor.INSTANCE.submit(() -> {}).sync();
            PooledByteBufAllocator.DEFAULT.directBuffer(16).release();
            EventLoopGroup group = newGroup("clean-loop");
            new ServerBootstrap()
                    .group(group)
                    .channel(NioServerSocketChannel.class)
                    .childHandler(new ChannelInboundHandlerAdapter())
                    .bind(InetAddress.getLoopbackAddress(), 0)
                    .sync()
                    .channel()
                    .close()
                    .sync();
            end(group);
        }
    }

    @ExtendWith(LeakCheck.class)
    static class LeakyBuffer {
        @Test
        void pooledDirect() {
            leak(PooledByteBufAllocator.DEFAULT.directBuffer(16));
        }

        @Test
        void pooledHeap() {
            leak(PooledByteBufAllocator.DEFAULT.heapBuffer(16));
        }

        @Test
        void adaptive() {
            leak(new AdaptiveByteBufAllocator(true).buffer(16));
        }

        @Test
        void unpooledDirect() {
            leak(UnpooledByteBufAllocator.DEFAULT.directBuffer(16));
        }
    }

    @ExtendWith(LeakCheck.class)
    static class LeakyComposite {
        @Test
        void composite() {
            PooledByteBufAllocator allocator = PooledByteBufAllocator.DEFAULT;
            leak(allocator.compositeBuffer().addComponent(true, allocator.buffer(8)));
        }
    }

    @ExtendWith(LeakCheck.class)
    static class SlicedBuffer {
        @Test
        void retainedSlice() {
            ByteBuf buffer = PooledByteBufAllocator.DEFAULT.buffer(16).writeZero(16);
            leak(buffer.readRetainedSlice(8));
            buffer.release();
        }
    }

    @ExtendWith(LeakCheck.class)
    static class LeakyWhileDisabled {
        @Test
        void leaks() {
            leak(PooledByteBufAllocator.DEFAULT.directBuffer(16));
        }
    }

    @ExtendWith(LeakCheck.class)
    static class LeakyFirst {
        @Test
        void leaks() {
            leak(PooledByteBufAllocator.DEFAULT.directBuffer(16));
        }
    }

    static class LeakyChannel {
        static int port;

        @RegisterExtension
        static final LeakCheck leaks =
                new LeakCheck().withPatience(Duration.ofMillis(50)).withAllowedThreads("channel-loop");

        @Test
        void leavesAServerAndAClientOpen() throws Exception {
            EventLoopGroup group = newGroup("channel-loop");
            leftovers.push(() -> end(group));
            Channel server = new ServerBootstrap()
                    .group(group)
                    .channel(NioServerSocketChannel.class)
                    .childHandler(new ChannelInboundHandlerAdapter())
                    .bind(InetAddress.getByName("127.0.0.1"), 0)
                    .sync()
                    .channel();
            port = ((InetSocketAddress) server.localAddress()).getPort();
            new Bootstrap()
                    .group(group)
                    .channel(NioSocketChannel.class)
                    .handler(new ChannelInboundHandlerAdapter())
                    .connect(server.localAddress())
                    .sync();
        }
    }

    static class LeakyDatagramSocket {
        static int port;

        @RegisterExtension
        static final LeakCheck leaks = new LeakCheck().withPatience(Duration.ZERO);

        @Test
        void leavesASocketOpen() throws Exception {
            DatagramChannel channel = DatagramChannel.open().bind(new InetSocketAddress("127.0.0.1", 0));
            port = ((InetSocketAddress) channel.getLocalAddress()).getPort();
            leftovers.push(channel);
        }
    }

    static class LeakyUnixSocket {
        @RegisterExtension
        static final LeakCheck leaks = new LeakCheck().withPatience(Duration.ZERO);

        @Test
        void leavesSocketsOpen() throws Exception {
            Path path = Files.createTempDirectory("leak").resolve("socket");
            ServerSocketChannel channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
            leftovers.push(() -> {
                channel.close();
                Files.delete(path);
                Files.delete(path.getParent());
            });
            channel.bind(UnixDomainSocketAddress.of(path));
            leftovers.push(SocketChannel.open());
        }
    }

    static class BlockedThread {
        @RegisterExtension
        static final LeakCheck leaks = new LeakCheck().withPatience(Duration.ofMillis(50));

        @Test
        void blocksForEver() throws Exception {
            Thread thread = startBlockedThread("left-behind");
            while (thread.getState() != Thread.State.WAITING) {
                Thread.onSpinWait();
            }
            GlobalEventExecutor.INSTANCE.submit(() -> {}).sync();
        }
    }

    static class LeakyEventLoop {
        @RegisterExtension
        static final LeakCheck leaks = new LeakCheck().withPatience(Duration.ofMillis(50));

        @Test
        void leavesTheLoopRunning() throws Exception {
            EventLoopGroup group = newGroup("leaky-loop");
            leftovers.push(() -> end(group));
            group.submit(() -> {}).sync();
        }
    }

    static class AllowedThread {
        @RegisterExtension
        static final LeakCheck leaks =
                new LeakCheck().withAllowedThreads("metrics-").withPatience(Duration.ofMillis(50));

        @Test
        void startsAThreadOfTheApplication() {
            startBlockedThread("metrics-reporter");
        }
    }

    @ExtendWith(LeakCheck.class)
    static class ClosesLate {
        @Test
        void leavesTheClosingToOthers() throws Exception {
            SocketChannel socket = SocketChannel.open();
            CountDownLatch never = new CountDownLatch(1);
            Thread slow = new Thread(() -> {
                try (socket) {
                    assertThat(never.await(100, TimeUnit.MILLISECONDS)).isFalse();
                } catch (IOException | InterruptedException e) {
                    throw new AssertionError(e);
                }
            });
            slow.start();
        }
    }

    @ExtendWith(LeakCheck.class)
    static class SharedFixture {
        private static EventLoopGroup group;

        @BeforeAll
        static void open() {
            group = newGroup("shared-loop");
        }

        @AfterAll
        static void close() {
            end(group);
        }

        @Test
        void startsTheLoop() throws Exception {
            group.submit(() -> {}).sync();
        }

        @Test
        void usesItAgain() throws Exception {
            group.submit(() -> {}).sync();
        }
    }

    @ExtendWith(LeakCheck.class)
    @TestInstance(TestInstance.Lifecycle.PER_CLASS)
    static class DescribesNested {
        private final EventLoopGroup group = newGroup("outer-loop");

        @AfterAll
        void close() {
            end(group);
        }

        @Nested
        class Inner {
            @Test
            void startsTheOuterLoop() throws Exception {
                group.submit(() -> {}).sync();
            }
        }

        @Test
        void usesItToo() throws Exception {
            group.submit(() -> {}).sync();
        }
    }

    static class PerMethod {
        @RegisterExtension
        final LeakCheck leaks = new LeakCheck().withPatience(Duration.ofMillis(50));

        @Test
        void leaks() {
            startBlockedThread("per-method");
        }

        @Test
        void isClean() {
            PooledByteBufAllocator.DEFAULT.buffer(8).release();
        }
    }

    static class OneLeakyMethod {
        @Test
        @ExtendWith(LeakCheck.class)
        void checked() {
            leak(PooledByteBufAllocator.DEFAULT.directBuffer(16));
        }

        @Test
        void unchecked() {}
    }
}
