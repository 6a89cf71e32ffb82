package io.nettoolkit.examples;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.DrainReport;
import io.nettoolkit.core.Endpoint;
import io.nettoolkit.core.NetFailure;
import io.nettoolkit.pool.ConnectionPool;
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
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.LinkedTransferQueue;
import picocli.CommandLine.Command;

/*
 * Run:
 *   java -jar examples/target/examples.jar connection-pool
 * Output:
 *   opened ahead of need: 2 connections
 *   1,000 calls, all at once: 1,000 answers, over 4 connections
 *   at once:     a connection that had been used before
 *   again:       no second release of the same lease
 *   all in use:  none at once
 *   in time:     ACQUIRE_TIMEOUT for one who would wait 50 ms
 *   given up:    nobody waits
 *   closed:      4 connections in order, 0 cut
 */

/** Calls of a server over four connections that are opened once. */
@Command(
        name = "connection-pool",
        description = "Makes many calls over a few connections.",
        mixinStandardHelpOptions = true)
public final class ConnectionPoolExample implements Callable<Integer> {

    private static final int CONNECTIONS = 4;
    private static final int CALLS = 1_000;
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final Framing FRAMING =
            Framing.lengthField().maxFrameBytes(1 << 10).build();

    /** Answers come in the order of the questions, so each connection has a queue of those who wait for one. */
    private static final AttributeKey<Queue<CompletableFuture<String>>> QUESTIONS =
            AttributeKey.valueOf(ConnectionPoolExample.class, "questions");

    /** Runs the example and ends the JVM with its status, where that is not 0. */
    public static void main(String[] arguments) {
        Examples.run(new ConnectionPoolExample(), arguments);
    }

    @Override
    public Integer call() throws Exception {
        FrameHandler echo = (connection, frame) -> connection.send(frame.retain());
        try (TcpServer server = TcpServer.builder(FRAMING, echo).build();
                TcpClient client = TcpClient.builder(FRAMING, new Answers()).build()) {
            Endpoint endpoint =
                    Endpoint.of(server.bind(Endpoint.of("127.0.0.1", 0)).join());
            ConnectionPool pool = ConnectionPool.builder(endpoint, client::connectChannel)
                    .config(PoolConfig.builder().maxSize(CONNECTIONS).build())
                    .build();
            show(pool);
            DrainReport report = pool.close(PATIENCE).join();
            System.out.println(
                    "closed:      " + report.drained() + " connections in order, " + report.forced() + " cut");
        }
        return 0;
    }

    private static void show(ConnectionPool pool) throws Exception {
        System.out.println("opened ahead of need: " + pool.warmUp(2).join() + " connections");

        List<CompletableFuture<String>> answers = new ArrayList<>();
        for (int i = 0; i < CALLS; i++) {
            answers.add(ask(pool, "question " + i));
        }
        long right = 0;
        for (int i = 0; i < CALLS; i++) {
            right += answers.get(i).join().equals("question " + i) ? 1 : 0;
        }
        System.out.printf(
                "%,d calls, all at once: %,d answers, over %d connections%n",
                CALLS, right, pool.stats().total());

        // Threads may wait, and a lease is a resource.
        try (Lease lease = pool.acquireBlocking(Deadline.after(PATIENCE))) {
            System.out.println(
                    "at once:     a connection that had " + (lease.isReused() ? "" : "not ") + "been used before");
            lease.release();
            System.out.println("again:       " + (lease.release() ? "a" : "no") + " second release of the same lease");
        }
        allInUse(pool);
    }

    private static void allInUse(ConnectionPool pool) throws Exception {
        List<Lease> all = new ArrayList<>();
        for (int i = 0; i < CONNECTIONS; i++) {
            all.add(pool.acquireBlocking(Deadline.after(PATIENCE)));
        }
        System.out.println("all in use:  " + (pool.tryAcquire() == null ? "none" : "one") + " at once");
        try {
            pool.acquire(Deadline.after(Duration.ofMillis(50))).join();
        } catch (CompletionException late) {
            Object kind = late.getCause() instanceof NetFailure failure ? failure.kind() : late;
            System.out.println("in time:     " + kind + " for one who would wait 50 ms");
        }
        pool.acquire(Deadline.after(PATIENCE)).cancel(false);
        while (pool.stats().pending() > 0) {
            Thread.onSpinWait();
        }
        System.out.println("given up:    nobody waits");
        all.forEach(Lease::release);
    }

    /** A call: whoever acquires a lease ends it, whatever happens. */
    private static CompletableFuture<String> ask(ConnectionPool pool, String question) {
        return pool.acquire(Deadline.after(PATIENCE)).thenCompose(lease -> {
            Channel channel = lease.channel();
            CompletableFuture<String> answer = new CompletableFuture<>();
            channel.attr(QUESTIONS).get().add(answer);
            Connection.of(channel).send(Unpooled.copiedBuffer(question, UTF_8));
            return answer.whenComplete((text, failure) -> lease.release());
        });
    }

    /** The client's side of a connection. */
    private static final class Answers implements FrameHandler {

        @Override
        public void onOpen(Connection connection) {
            connection.channel().attr(QUESTIONS).set(new LinkedTransferQueue<>());
        }

        @Override
        public void onFrame(Connection connection, ByteBuf frame) {
            CompletableFuture<String> answer =
                    connection.channel().attr(QUESTIONS).get().remove();
            answer.complete(frame.toString(UTF_8));
        }
    }
}
