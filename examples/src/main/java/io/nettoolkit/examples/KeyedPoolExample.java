package io.nettoolkit.examples;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.Endpoint;
import io.nettoolkit.pool.ConnectionPool;
import io.nettoolkit.pool.ConnectionPool.CloseCause;
import io.nettoolkit.pool.KeyedConnectionPool;
import io.nettoolkit.pool.Lease;
import io.nettoolkit.tcp.Connection;
import io.nettoolkit.tcp.FrameHandler;
import io.nettoolkit.tcp.Framing;
import io.nettoolkit.tcp.TcpClient;
import io.nettoolkit.tcp.TcpServer;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.util.AttributeKey;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import picocli.CommandLine.Command;

/*
 * Run:
 *   java -jar examples/target/examples.jar keyed-pool
 * Output:
 *   orders answers, stock answers: 2 connections, which is all there may be
 *   prices answers: 2 connections; 1, the one to orders, idle for longest, made room
 *   every host has its turn: 90 answers of 30 hosts over 2 connections
 *   prices has moved: its connection is closed
 *   nobody asks for a while: 0 hosts are remembered
 */

/** Many services, and one bound on the connections to all of them together. */
@Command(
        name = "keyed-pool",
        description = "Shares a few connections among many hosts.",
        mixinStandardHelpOptions = true)
public final class KeyedPoolExample implements Callable<Integer> {

    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final Duration FORGET_AFTER = Duration.ofMillis(200);
    private static final Framing FRAMING =
            Framing.lengthField().maxFrameBytes(1 << 10).build();
    private static final AttributeKey<CompletableFuture<String>> ANSWER =
            AttributeKey.valueOf(KeyedPoolExample.class, "answer");

    private final Map<String, TcpServer> servers = new LinkedHashMap<>();

    /** Runs the example and ends the JVM with its status, where that is not 0. */
    public static void main(String[] arguments) {
        Examples.run(new KeyedPoolExample(), arguments);
    }

    @Override
    public Integer call() throws Exception {
        try (TcpClient client =
                        TcpClient.builder(FRAMING, KeyedPoolExample::onAnswer).build();
                // A key is whatever names a service; where that is at the moment is the connector's affair.
                KeyedConnectionPool<String> pools = KeyedConnectionPool.<String>builder(
                                (service, loop, deadline) -> client.connectChannel(locate(service), loop, deadline))
                        .maxTotal(2)
                        .hostTimeout(FORGET_AFTER)
                        .build()) {
            for (String service : List.of("orders", "stock", "prices")) {
                start(service);
            }
            makeRoom(pools);
            takeTurns(pools);
            move(pools);
        } finally {
            servers.values().forEach(TcpServer::close);
        }
        return 0;
    }

    private void start(String service) {
        FrameHandler handler =
                (connection, frame) -> connection.send(Unpooled.copiedBuffer(service + " answers", UTF_8));
        TcpServer server = TcpServer.builder(FRAMING, handler).name(service).build();
        server.bind(Endpoint.of("127.0.0.1", 0)).join();
        servers.put(service, server);
    }

    private Endpoint locate(String service) {
        return Endpoint.of(server(service).localAddress());
    }

    private TcpServer server(String service) {
        return Objects.requireNonNull(servers.get(service), service);
    }

    private static void makeRoom(KeyedConnectionPool<String> pools) throws Exception {
        String first = ask(pools, "orders").get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        String second = ask(pools, "stock").get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        System.out.printf(
                "%s, %s: %d connections, which is all there may be%n",
                first, second, pools.stats().sum().total());

        String third = ask(pools, "prices").get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        ConnectionPool.Stats sum = pools.stats().sum();
        System.out.printf(
                "%s: %d connections; %d, the one to orders, idle for longest, made room%n",
                third, sum.total(), sum.closes().getOrDefault(CloseCause.EVICTED, 0L));
    }

    private void takeTurns(KeyedConnectionPool<String> pools) throws Exception {
        int hosts = 30;
        for (int i = servers.size(); i < hosts; i++) {
            start("service-" + i);
        }
        AtomicInteger answers = new AtomicInteger();
        List<CompletableFuture<?>> all = new ArrayList<>();
        for (int round = 0; round < 3; round++) {
            for (String service : servers.keySet()) {
                all.add(ask(pools, service).thenRun(answers::incrementAndGet));
            }
        }
        CompletableFuture.allOf(all.toArray(new CompletableFuture<?>[0])).get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        System.out.printf(
                "every host has its turn: %d answers of %d hosts over %d connections%n",
                answers.get(), hosts, pools.stats().sum().maxSize());
    }

    private void move(KeyedConnectionPool<String> pools) throws Exception {
        ask(pools, "prices").get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        InetSocketAddress old = server("prices").localAddress();
        pools.retire(old::equals);
        while (pools.stats("prices") != null && pools.stats("prices").total() > 0) {
            Thread.onSpinWait();
        }
        System.out.println("prices has moved: its connection is closed");

        pools.retire(address -> true);
        while (pools.stats().hosts() > 0) {
            Thread.onSpinWait();
        }
        System.out.println("nobody asks for a while: 0 hosts are remembered");
    }

    private static CompletableFuture<String> ask(KeyedConnectionPool<String> pools, String service) {
        return pools.acquire(service, Deadline.after(PATIENCE)).thenCompose(lease -> ask(lease));
    }

    private static CompletableFuture<String> ask(Lease lease) {
        CompletableFuture<String> answer = new CompletableFuture<>();
        lease.channel().attr(ANSWER).set(answer);
        Connection.of(lease.channel()).send(Unpooled.copiedBuffer("?", UTF_8));
        return answer.whenComplete((text, failure) -> lease.release());
    }

    private static void onAnswer(Connection connection, ByteBuf frame) {
        connection.channel().attr(ANSWER).get().complete(frame.toString(UTF_8));
    }
}
