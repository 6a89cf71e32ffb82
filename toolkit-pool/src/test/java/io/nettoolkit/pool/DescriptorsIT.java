package io.nettoolkit.pool;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.EventLoops;
import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.core.Transport;
import io.nettoolkit.testkit.LeakCheck;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoop;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A process that may open fewer files than its pool may have connections. */
@ExtendWith(LeakCheck.class)
class DescriptorsIT {

    private static final int DESCRIPTORS = 120;
    private static final int CALLERS = 200;

    @ParameterizedTest
    @MethodSource("io.nettoolkit.pool.SocketHost#transports")
    void goesOnWithTheConnectionsItCouldOpen(Transport transport) throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/bin/sh")), "needs a shell to set the limit");
        try (SocketHost host = new SocketHost(Transport.NIO)) {
            Process child = new ProcessBuilder(
                            "/bin/sh",
                            "-c",
                            "ulimit -n " + DESCRIPTORS + " && exec \"$0\" \"$@\"",
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-cp",
                            System.getProperty("java.class.path"),
                            "-Xshare:auto",
                            "-XX:TieredStopAtLevel=1",
                            Child.class.getName(),
                            transport.name(),
                            String.valueOf(host.address().getPort()))
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            String said = new String(child.getInputStream().readAllBytes(), US_ASCII);
            assertThat(said.lines().filter(line -> line.startsWith("pool ")))
                    .as(said)
                    .containsExactly(
                            "pool some were served",
                            "pool the others failed with [RESOURCE_EXHAUSTED]",
                            "pool serves again",
                            "pool closed, 0 open");
        }
    }

    /** The process. */
    static final class Child {

        private Child() {}

        public static void main(String[] arguments) throws Exception {
            InetSocketAddress server =
                    new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(arguments[1]));
            try (EventLoops loops = EventLoops.builder()
                    .transport(Transport.valueOf(arguments[0]))
                    .threads(1)
                    .build()) {
                // What is loaded at first use is loaded while there are descriptors.
                connect(server, loops).get().close().sync();
                ConnectionPool pool = ConnectionPool.builder(
                                "host", (Object key, EventLoop loop, Deadline deadline) -> connect(server, loops))
                        .eventLoops(loops.group())
                        .config(PoolConfig.builder().maxSize(CALLERS).build())
                        .build();
                pool.acquireBlocking(Deadline.after(Duration.ofSeconds(10))).release();
                exhaust(pool);
                Lease again = pool.acquireBlocking(Deadline.after(Duration.ofSeconds(10)));
                System.out.println("pool serves again");
                again.release();
                pool.close(Duration.ZERO).get();
                System.out.println("pool closed, " + pool.stats().total() + " open");
            }
            System.exit(0);
        }

        private static void exhaust(ConnectionPool pool) throws Exception {
            List<CompletableFuture<Lease>> all = new ArrayList<>();
            for (int i = 0; i < CALLERS; i++) {
                all.add(pool.acquire(Deadline.after(Duration.ofSeconds(3))));
            }
            List<Lease> served = new ArrayList<>();
            Set<Kind> kinds = new TreeSet<>();
            for (CompletableFuture<Lease> one : all) {
                one.handle((lease, failure) -> {
                            if (lease != null) {
                                served.add(lease);
                            } else {
                                // A wait in vain tells of the connect that failed.
                                kinds.add(Kind.of(failure.getCause() == null ? failure : failure.getCause()));
                            }
                            return lease;
                        })
                        .get();
            }
            System.out.println("pool " + (served.isEmpty() ? "nobody was" : "some were") + " served");
            System.out.println("pool the others failed with " + kinds);
            served.forEach(Lease::release);
        }

        private static CompletableFuture<Channel> connect(InetSocketAddress server, EventLoops loops) {
            CompletableFuture<Channel> connected = new CompletableFuture<>();
            ChannelFuture connect = new Bootstrap()
                    .group(loops.group())
                    .channelFactory(loops.channelFactory())
                    .handler(new ChannelInboundHandlerAdapter())
                    .connect(server);
            connect.addListener(done -> {
                if (done.isSuccess()) {
                    connected.complete(connect.channel());
                } else {
                    connected.completeExceptionally(done.cause());
                }
            });
            return connected;
        }
    }
}
