package io.nettoolkit.examples;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.Endpoint;
import io.nettoolkit.pool.ConnectionPool;
import io.nettoolkit.pool.HealthCheck;
import io.nettoolkit.pool.Lease;
import io.nettoolkit.pool.PoolConfig;
import io.nettoolkit.tcp.Connection;
import io.nettoolkit.tcp.FrameHandler;
import io.nettoolkit.tcp.Framing;
import io.nettoolkit.tcp.TcpClient;
import io.nettoolkit.tcp.TcpServer;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.util.AttributeKey;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;

/*
 * Run:
 *   java -jar examples/target/examples.jar health-check
 * Output:
 *   a question:  answered on connection 1
 *   a question:  answered on connection 1, which was pinged before
 *   connection 1 stays open, and its server forgets it
 *   a question:  answered on connection 2, because 1 did not answer its ping
 *   closed:      {UNHEALTHY=1}
 */

/** A ping before a connection is used that was idle: what a peer lost without a word is found before it is needed. */
@Command(
        name = "health-check",
        description = "Pings idle connections before they are used.",
        mixinStandardHelpOptions = true)
public final class HealthCheckExample implements Callable<Integer> {

    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final Framing FRAMING =
            Framing.lengthField().maxFrameBytes(1 << 10).build();
    private static final AttributeKey<CompletableFuture<String>> ANSWER =
            AttributeKey.valueOf(HealthCheckExample.class, "answer");

    private final AtomicInteger connections = new AtomicInteger();
    private final AtomicInteger pings = new AtomicInteger();
    private volatile @Nullable Connection forgotten;

    /** Runs the example and ends the JVM with its status, where that is not 0. */
    public static void main(String[] arguments) {
        Examples.run(new HealthCheckExample(), arguments);
    }

    @Override
    public Integer call() throws Exception {
        HealthCheck ping = channel -> {
            pings.incrementAndGet();
            return ask(channel, "ping").thenApply(answer -> answer.startsWith("ping"));
        };
        try (TcpServer server = TcpServer.builder(FRAMING, new Numbering()).build();
                TcpClient client =
                        TcpClient.builder(FRAMING, HealthCheckExample::onAnswer).build()) {
            Endpoint endpoint =
                    Endpoint.of(server.bind(Endpoint.of("127.0.0.1", 0)).join());
            PoolConfig config = PoolConfig.builder()
                    .maxSize(1)
                    // Half a second by default: a connection that was just in use needs no ping.
                    .validateAfterIdle(Duration.ZERO)
                    .validationTimeout(Duration.ofMillis(200))
                    .build();
            try (ConnectionPool pool = ConnectionPool.builder(endpoint, client::connectChannel)
                    .config(config)
                    .healthCheck(ping)
                    .build()) {
                show(pool);
            }
        }
        return 0;
    }

    private void show(ConnectionPool pool) throws Exception {
        System.out.println("a question:  " + question(pool));
        System.out.println("a question:  " + question(pool) + (pings.get() == 1 ? ", which was pinged before" : ""));

        try (Lease lease = pool.acquireBlocking(Deadline.after(PATIENCE))) {
            ask(lease.channel(), "forget me").get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        }
        System.out.println("connection 1 stays open, and its server forgets it");
        System.out.println("a question:  " + question(pool) + ", because 1 did not answer its ping");
        System.out.println("closed:      " + pool.stats().closes());
    }

    private static String question(ConnectionPool pool) throws Exception {
        try (Lease lease = pool.acquireBlocking(Deadline.after(PATIENCE))) {
            return ask(lease.channel(), "answered").get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        }
    }

    private static CompletableFuture<String> ask(Channel channel, String text) {
        CompletableFuture<String> answer = new CompletableFuture<>();
        channel.attr(ANSWER).set(answer);
        Connection.of(channel).send(Unpooled.copiedBuffer(text, UTF_8));
        return answer;
    }

    private static void onAnswer(Connection connection, ByteBuf frame) {
        connection.channel().attr(ANSWER).get().complete(frame.toString(UTF_8));
    }

    /** A server that numbers its connections, and forgets one when it is asked to. */
    private final class Numbering implements FrameHandler {

        @Override
        public void onOpen(Connection connection) {
            connection.attach(connections.incrementAndGet());
        }

        @Override
        public void onFrame(Connection connection, ByteBuf frame) {
            String text = frame.toString(UTF_8);
            if (connection != forgotten) {
                String answer = text + " on connection " + connection.attachment();
                connection.send(Unpooled.copiedBuffer(answer, UTF_8));
            }
            if (text.equals("forget me")) {
                forgotten = connection;
            }
        }
    }
}
