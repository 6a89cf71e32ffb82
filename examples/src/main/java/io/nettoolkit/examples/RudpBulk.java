package io.nettoolkit.examples;

import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.Endpoint;
import io.nettoolkit.core.EventLoops;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.core.Transport;
import io.nettoolkit.udp.CongestionControl;
import io.nettoolkit.udp.RudpChannel;
import io.nettoolkit.udp.RudpClient;
import io.nettoolkit.udp.RudpConfig;
import io.nettoolkit.udp.RudpHandler;
import io.nettoolkit.udp.RudpMessage;
import io.nettoolkit.udp.RudpSecurity;
import io.nettoolkit.udp.RudpServer;
import io.nettoolkit.udp.RudpStats;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.util.AttributeKey;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/*
 * Run:
 *   java -jar examples/target/examples.jar rudp-bulk
 * Output:
 *   ready 127.0.0.1:<port>
 *   sent <n> MB in <n> s: round trip <n> ms, <n> packets lost, <n> spuriously, window <n> kB
 *   goodput <n> Mbit/s
 *
 * Other ways to run it:
 *   ... rudp-bulk --serve --host 0.0.0.0 --port 7000                       until SIGTERM or Ctrl-C
 *   ... rudp-bulk --connect HOST:7000 --seconds 10 --congestion cubic      the client's half alone
 *
 * Messages of 16 KiB, as many as congestion and the receiver allow. The receiver counts their bytes from the first one to
 * the last and tells the sender: that is the goodput.
 */

/** Sends as fast as the path allows, and says how fast that was. */
@Command(
        name = "rudp-bulk",
        description = "Sends as fast as the path allows; alone it serves itself.",
        mixinStandardHelpOptions = true)
public final class RudpBulk implements Callable<Integer> {

    private static final int MESSAGE_BYTES = 16 << 10;
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);
    private static final int RESULT_TIMEOUT_SECONDS = 120;
    private static final double BITS_PER_BYTE = 8;
    private static final int DATA = 0;
    private static final int END = 1;

    @ArgGroup
    private @Nullable Mode mode;

    @Option(names = "--host", description = "Where to listen, by default 127.0.0.1; 0.0.0.0 for everywhere.")
    private String host = "127.0.0.1";

    @Option(names = "--port", description = "Where to listen, by default a free port.")
    private int port;

    @Option(names = "--seconds", description = "How long to send, by default 2.")
    private int seconds = 2;

    @Option(names = "--congestion", paramLabel = "newreno|cubic", description = "How fast to send, by default cubic.")
    private Congestion congestion = Congestion.CUBIC;

    @Option(names = "--datagram", paramLabel = "BYTES", description = "Largest datagram, by default 1452.")
    private int datagramBytes = 1452;

    @Option(names = "--transport", paramLabel = "nio|epoll|io_uring|kqueue", description = "By default the best here.")
    private Transport transport = Transport.best();

    /** Runs the example and ends the JVM with its status, where that is not 0. */
    public static void main(String[] arguments) {
        Examples.run(new RudpBulk(), arguments);
    }

    @Override
    public Integer call() throws Exception {
        RudpConfig config = RudpConfig.bulk(RudpSecurity.plaintext()).toBuilder()
                .datagramBytes(datagramBytes)
                .congestionControl(congestion.control())
                .build();
        try (EventLoops loops =
                EventLoops.builder().transport(transport).threads(2).build()) {
            if (mode != null && mode.connect != null) {
                send(config, loops, mode.connect);
                return 0;
            }
            try (RudpServer server =
                    RudpServer.builder(config, new Receiver()).eventLoops(loops).build()) {
                InetSocketAddress address = server.bind(Endpoint.of(host, port)).join();
                Endpoint endpoint = Endpoint.of(address.getAddress().getHostAddress(), address.getPort());
                System.out.println("ready " + endpoint);
                if (mode != null && mode.serve) {
                    new CountDownLatch(1).await();
                }
                send(config, loops, endpoint);
            }
        }
        return 0;
    }

    /** Counts the bytes of each connection, and answers its END. */
    private static final class Receiver implements RudpHandler {

        private static final AttributeKey<Count> COUNT = AttributeKey.valueOf(RudpBulk.class, "COUNT");

        private static final class Count {
            private long bytes;
            private long firstNanos;
        }

        @Override
        public void onMessage(RudpChannel channel, RudpMessage message) {
            long now = TimeSource.system().nanoTime();
            Count count = channel.attr(COUNT).get();
            if (count == null) {
                count = new Count();
                count.firstNanos = now;
                channel.attr(COUNT).set(count);
            }
            if (message.content().getByte(message.content().readerIndex()) == DATA) {
                count.bytes += message.content().readableBytes();
            } else {
                ByteBuf answer = Unpooled.buffer(2 * Long.BYTES);
                answer.writeLong(count.bytes).writeLong(now - count.firstNanos);
                channel.send(RudpMessage.of(answer));
            }
        }
    }

    /** Writes whenever the channel takes something. */
    private final class Sender implements RudpHandler {

        private final ByteBuf content =
                Unpooled.directBuffer(MESSAGE_BYTES).writeByte(DATA).writeZero(MESSAGE_BYTES - 1);
        private final CompletableFuture<Double> goodput = new CompletableFuture<>();
        private long endNanos;
        private boolean ended;

        @Override
        public void onOpen(RudpChannel channel) {
            endNanos = TimeSource.system().nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
            fill(channel);
        }

        @Override
        public void onWritabilityChanged(RudpChannel channel) {
            fill(channel);
        }

        private void fill(RudpChannel channel) {
            while (!ended && channel.isWritable()) {
                if (TimeSource.system().nanoTime() - endNanos >= 0) {
                    ended = true;
                    channel.writeAndFlush(Unpooled.buffer(1).writeByte(END));
                    return;
                }
                channel.write(content.retainedDuplicate(), channel.voidPromise());
            }
            channel.flush();
        }

        @Override
        public void onMessage(RudpChannel channel, RudpMessage message) {
            long bytes = message.content().readLong();
            long nanos = Math.max(1, message.content().readLong());
            RudpStats stats = channel.stats();
            System.out.printf(
                    Locale.ROOT,
                    "sent %.1f MB in %.2f s: round trip %.2f ms, %,d packets lost, %,d spuriously, window %,d kB%n",
                    bytes / 1e6,
                    nanos / 1e9,
                    stats.path().smoothedRtt().toNanos() / 1e6,
                    stats.sent().lost(),
                    stats.sent().spurious(),
                    stats.path().windowBytes() / 1000);
            goodput.complete(bytes * BITS_PER_BYTE * 1e3 / nanos);
        }

        @Override
        public void onClose(RudpChannel channel, io.nettoolkit.core.CloseReason reason) {
            content.release();
            goodput.completeExceptionally(new java.io.IOException("the connection ended: " + reason));
        }
    }

    private void send(RudpConfig config, EventLoops loops, Endpoint server) throws Exception {
        Sender sender = new Sender();
        try (RudpClient client =
                RudpClient.builder(config, sender).eventLoops(loops).build()) {
            client.connect(server, Deadline.after(CONNECT_TIMEOUT)).join();
            double goodput = sender.goodput.get(seconds + RESULT_TIMEOUT_SECONDS, TimeUnit.SECONDS);
            System.out.printf(Locale.ROOT, "goodput %.1f Mbit/s%n", goodput);
        }
    }

    private enum Congestion {
        NEWRENO {
            @Override
            CongestionControl control() {
                return CongestionControl.newReno();
            }
        },
        CUBIC {
            @Override
            CongestionControl control() {
                return CongestionControl.cubic();
            }
        };

        abstract CongestionControl control();
    }

    private static final class Mode {
        @Option(names = "--serve", description = "Only serve, until SIGTERM.")
        private boolean serve;

        @Option(
                names = "--connect",
                paramLabel = "HOST:PORT",
                description = "Only send to a server that runs elsewhere.")
        private @Nullable Endpoint connect;
    }
}
