package io.nettoolkit.examples;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.Endpoint;
import io.nettoolkit.core.EventLoops;
import io.nettoolkit.testkit.BadNetwork;
import io.nettoolkit.testkit.BadNetworkRelay;
import io.nettoolkit.udp.DeliveryMode;
import io.nettoolkit.udp.RudpChannel;
import io.nettoolkit.udp.RudpClient;
import io.nettoolkit.udp.RudpConfig;
import io.nettoolkit.udp.RudpHandler;
import io.nettoolkit.udp.RudpMessage;
import io.nettoolkit.udp.RudpSecurity;
import io.nettoolkit.udp.RudpServer;
import io.nettoolkit.udp.RudpStats;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import picocli.CommandLine.Command;

/*
 * Run:
 *   java -jar examples/target/examples.jar reliable-udp
 * Output:
 *   connected through a link that loses 10 % and takes 20 ms each way
 *   2,000 orders arrived, each once and in order
 *   <n> of 2,000 positions arrived, none of them stale
 *   the link lost <n> datagrams; <n> bytes were sent again
 *   closed in order
 */

/** Messages with different promises over one connection, through a link that loses one datagram in ten. */
@Command(
        name = "reliable-udp",
        description = "Ordered and latest-only messages over a link that loses a tenth.",
        mixinStandardHelpOptions = true)
public final class ReliableUdp implements Callable<Integer> {

    private static final int MESSAGES = 2_000;
    private static final double LOSS = 0.1;
    private static final Duration DELAY = Duration.ofMillis(20);
    private static final BadNetwork NETWORK =
            BadNetwork.builder().loss(LOSS).delay(DELAY).seed(1).build();
    private static final int PATIENCE_SECONDS = 60;
    private static final int KEY_BYTES = 32;
    private static final int ORDERS = 0;
    private static final int POSITIONS = 1;

    /** Runs the example and ends the JVM with its status, where that is not 0. */
    public static void main(String[] arguments) {
        Examples.run(new ReliableUdp(), arguments);
    }

    /** What the server makes of the messages: one connection, so one thread. */
    private static final class Desk implements RudpHandler {
        private final CompletableFuture<Integer> allOrders = new CompletableFuture<>();
        private final AtomicInteger positions = new AtomicInteger();
        private int orders;
        private int lastPosition = -1;

        @Override
        public void onMessage(RudpChannel channel, RudpMessage message) throws IOException {
            int number = Integer.parseInt(message.content().toString(UTF_8));
            if (message.channel() == POSITIONS) {
                if (number <= lastPosition) {
                    throw new IOException("position " + number + " came after " + lastPosition);
                }
                lastPosition = number;
                positions.incrementAndGet();
            } else if (number != orders) {
                allOrders.completeExceptionally(new IOException("order " + number + " came in place of " + orders));
            } else if (++orders == MESSAGES) {
                allOrders.complete(orders);
            }
        }
    }

    @Override
    public Integer call() throws Exception {
        byte[] key = new byte[KEY_BYTES];
        new SecureRandom().nextBytes(key);
        RudpConfig config = RudpConfig.realtime(RudpSecurity.psk(key));
        Desk desk = new Desk();
        try (EventLoops loops = EventLoops.builder().build();
                RudpServer server =
                        RudpServer.builder(config, desk).eventLoops(loops).build();
                RudpClient client = RudpClient.builder(config, (channel, message) -> {})
                        .eventLoops(loops)
                        .build()) {
            InetSocketAddress address = server.bind(Endpoint.of("127.0.0.1", 0)).join();
            try (BadNetworkRelay link = BadNetworkRelay.to(address, NETWORK)) {
                RudpChannel channel = client.connect(
                                Endpoint.of(link.address()), Deadline.after(Duration.ofSeconds(PATIENCE_SECONDS)))
                        .join();
                System.out.printf(
                        Locale.ROOT,
                        "connected through a link that loses %.0f %% and takes %d ms each way%n",
                        100 * LOSS,
                        DELAY.toMillis());
                send(channel);
                System.out.printf(
                        Locale.ROOT,
                        "%,d orders arrived, each once and in order%n",
                        desk.allOrders.get(PATIENCE_SECONDS, TimeUnit.SECONDS));
                System.out.printf(
                        Locale.ROOT,
                        "%,d of %,d positions arrived, none of them stale%n",
                        desk.positions.get(),
                        MESSAGES);
                RudpStats stats = channel.stats();
                System.out.printf(
                        Locale.ROOT,
                        "the link lost %,d datagrams; %,d bytes were sent again%n",
                        link.toTarget().stats().lost() + link.toClient().stats().lost(),
                        stats.sent().retransmittedBytes());
                channel.close().sync();
                System.out.println(
                        channel.closed().get(PATIENCE_SECONDS, TimeUnit.SECONDS).isOrderly()
                                ? "closed in order"
                                : "closed otherwise");
            }
        }
        return 0;
    }

    /** An order has to arrive; of positions only the newest is worth anything, so what was lost is not sent again. */
    private static void send(RudpChannel channel) {
        CompletableFuture<?> last = CompletableFuture.completedFuture(null);
        for (int i = 0; i < MESSAGES; i++) {
            last = channel.send(message(i).withChannel(ORDERS));
            channel.send(message(i).withChannel(POSITIONS).withMode(DeliveryMode.UNRELIABLE_SEQUENCED))
                    .exceptionally(superseded -> null);
        }
        last.orTimeout(PATIENCE_SECONDS, TimeUnit.SECONDS).join();
    }

    private static RudpMessage message(int number) {
        return RudpMessage.of(Unpooled.copiedBuffer(Integer.toString(number), UTF_8));
    }
}
