package io.nettoolkit.examples;

import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.Endpoint;
import io.nettoolkit.core.NetFailure;
import io.nettoolkit.core.RejectedException;
import io.nettoolkit.resilience.CircuitBreaker;
import io.nettoolkit.tcp.Framing;
import io.nettoolkit.tcp.TcpClient;
import io.nettoolkit.tcp.TcpServer;
import java.io.IOException;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionException;
import java.util.concurrent.LinkedTransferQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;

/*
 * Run:
 *   java -jar examples/target/examples.jar circuit-breaker
 * Output:
 *   server up:    10 of 10 calls answered
 *   server down:  5 of 5 calls failed, the last with CONNECT_REFUSED
 *   circuit:      CLOSED -> OPEN
 *   refused:      1,000 of 1,000 calls, without asking the server
 *   one of them:  orders refused with CIRCUIT_OPEN: too many calls failed; try again in <time>
 *   circuit:      OPEN -> HALF_OPEN
 *   still down:   the probe failed with CONNECT_REFUSED
 *   circuit:      HALF_OPEN -> OPEN
 *   circuit:      OPEN -> HALF_OPEN
 *   server up:    2 of 2 probes answered
 *   circuit:      HALF_OPEN -> CLOSED
 */

/** A client that stops calling a server that is down, asks again now and then, and notices when it is back. */
@Command(
        name = "circuit-breaker",
        description = "Stops calling a server that is down, and tries it again.",
        mixinStandardHelpOptions = true)
public final class CircuitBreakerExample implements Callable<Integer> {

    private static final Framing FRAMING = Framing.line(1_000);
    private static final Duration TIMEOUT = Duration.ofSeconds(10);
    private static final int CALLS = 10;
    private static final int FAILURES = 5;
    private static final int REFUSALS = 1_000;
    private static final int PROBES = 2;

    private final BlockingQueue<String> changes = new LinkedTransferQueue<>();

    /** Runs the example and ends the JVM with its status, where that is not 0. */
    public static void main(String[] arguments) {
        Examples.run(new CircuitBreakerExample(), arguments);
    }

    @Override
    public Integer call() throws Exception {
        CircuitBreaker breaker = CircuitBreaker.builder()
                .name("orders")
                .consecutiveFailures(FAILURES)
                .halfOpenProbes(PROBES)
                .openTime(Duration.ofSeconds(1), Duration.ofSeconds(5))
                .listener(new CircuitBreaker.Listener() {
                    @Override
                    public void onStateChange(
                            CircuitBreaker breaker, CircuitBreaker.State from, CircuitBreaker.State to) {
                        changes.add(from + " -> " + to);
                    }
                })
                .build();
        try (TcpClient client =
                TcpClient.builder(FRAMING, (connection, frame) -> {}).build()) {
            Endpoint server;
            try (TcpServer first = startServer(Endpoint.of("127.0.0.1", 0))) {
                server = address(first);
                int answered = answered(breaker, client, server, CALLS);
                System.out.printf("server up:    %d of %d calls answered%n", answered, CALLS);
            }
            serverIsDown(breaker, client, server);
            try (TcpServer second = startServer(server)) {
                serverIsBack(breaker, client, address(second));
            }
        }
        return 0;
    }

    private void serverIsDown(CircuitBreaker breaker, TcpClient client, Endpoint server) throws Exception {
        Throwable last = null;
        int failed = 0;
        for (int i = 0; i < FAILURES; i++) {
            last = call(breaker, client, server);
            failed += last == null ? 0 : 1;
        }
        System.out.printf("server down:  %d of %d calls failed, the last with %s%n", failed, FAILURES, kind(last));
        printChange();

        int refused = 0;
        for (int i = 0; i < REFUSALS; i++) {
            last = call(breaker, client, server);
            refused += last instanceof RejectedException ? 1 : 0;
        }
        System.out.printf(
                Locale.ROOT, "refused:      %,d of %,d calls, without asking the server%n", refused, REFUSALS);
        System.out.println("one of them:  " + (last == null ? "" : last.getMessage()));

        Throwable probe = awaitOpenTime(breaker, client, server);
        printChange();
        System.out.println("still down:   the probe failed with " + kind(probe));
        printChange();
    }

    private void serverIsBack(CircuitBreaker breaker, TcpClient client, Endpoint server) throws Exception {
        int answered = awaitOpenTime(breaker, client, server) == null ? 1 : 0;
        printChange();
        answered += answered(breaker, client, server, PROBES - 1);
        System.out.printf("server up:    %d of %d probes answered%n", answered, PROBES);
        printChange();
    }

    private static TcpServer startServer(Endpoint endpoint) {
        TcpServer server = TcpServer.builder(FRAMING, (connection, frame) -> {}).build();
        server.bind(endpoint).join();
        return server;
    }

    private static Endpoint address(TcpServer server) {
        return Endpoint.of("127.0.0.1", server.localAddress().getPort());
    }

    /** Calls until a call is let through, and waits in between for as long as the refusal says. */
    private static @Nullable Throwable awaitOpenTime(CircuitBreaker breaker, TcpClient client, Endpoint server)
            throws InterruptedException {
        Throwable failure = call(breaker, client, server);
        while (failure instanceof RejectedException refusal) {
            TimeUnit.NANOSECONDS.sleep(refusal.retryAfter().toNanos());
            failure = call(breaker, client, server);
        }
        return failure;
    }

    private static int answered(CircuitBreaker breaker, TcpClient client, Endpoint server, int calls) {
        int answered = 0;
        for (int i = 0; i < calls; i++) {
            answered += call(breaker, client, server) == null ? 1 : 0;
        }
        return answered;
    }

    /** A call, here no more than a connection: null when it succeeds, else its failure. */
    private static @Nullable Throwable call(CircuitBreaker breaker, TcpClient client, Endpoint server) {
        try {
            breaker.executeAsync(() -> client.connect(server, Deadline.after(TIMEOUT)))
                    .join()
                    .close();
            return null;
        } catch (CompletionException failed) {
            return failed.getCause();
        }
    }

    private static String kind(@Nullable Throwable failure) {
        return failure instanceof NetFailure known ? known.kind().name() : String.valueOf(failure);
    }

    private void printChange() throws IOException, InterruptedException {
        String change = changes.poll(TIMEOUT.toSeconds(), TimeUnit.SECONDS);
        if (change == null) {
            throw new IOException("the circuit did not change for " + TIMEOUT.toSeconds() + " s");
        }
        System.out.println("circuit:      " + change);
    }
}
