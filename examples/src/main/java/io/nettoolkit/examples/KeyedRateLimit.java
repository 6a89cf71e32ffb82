package io.nettoolkit.examples;

import io.nettoolkit.resilience.KeyedRateLimiter;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/*
 * Run:
 *   java -jar examples/target/examples.jar keyed-rate-limit
 * Output:
 *   192.0.2.1:    5 of 20 admitted
 *   198.51.100.7: 5 of 20 admitted, it has a limit of its own
 *   a flood:      1,000,000 addresses, 2 requests each; <n> of them shared a bucket
 *   memory:       <n> bytes before, <n> bytes after, 36.0 a client
 *   192.0.2.1:    0 of 20 admitted, its limit outlived the flood
 */

/** A limit per client address, and a flood of addresses that gets nowhere. */
@Command(
        name = "keyed-rate-limit",
        description = "Limits each client address in a fixed amount of memory.",
        mixinStandardHelpOptions = true)
public final class KeyedRateLimit implements Callable<Integer> {

    private static final int REQUESTS = 20;
    private static final int CLIENTS = 100_000;
    private static final int FLOOD = 1_000_000;

    /** Runs the example and ends the JVM with its status, where that is not 0. */
    public static void main(String[] arguments) {
        Examples.run(new KeyedRateLimit(), arguments);
    }

    @Override
    public Integer call() throws UnknownHostException {
        KeyedRateLimiter<InetAddress> perClient = KeyedRateLimiter.<InetAddress>builder(5, Duration.ofHours(1))
                .maxKeys(CLIENTS)
                .name("per-client")
                .build();
        InetAddress first = InetAddress.getByName("192.0.2.1");
        System.out.printf("192.0.2.1:    %d of 20 admitted%n", count(perClient, first));
        System.out.printf(
                "198.51.100.7: %d of 20 admitted, it has a limit of its own%n",
                count(perClient, InetAddress.getByName("198.51.100.7")));

        long before = perClient.stats().memoryBytes();
        for (int i = 0; i < FLOOD; i++) {
            InetAddress client = InetAddress.getByAddress(
                    ByteBuffer.allocate(4).putInt(0x0a00_0000 + i).array());
            perClient.tryAcquire(client);
            perClient.tryAcquire(client);
        }
        KeyedRateLimiter.Stats stats = perClient.stats();
        System.out.printf(
                Locale.ROOT,
                "a flood:      %,d addresses, 2 requests each; %,d of them shared a bucket%n",
                FLOOD,
                stats.shared());
        System.out.printf(
                Locale.ROOT,
                "memory:       %,d bytes before, %,d bytes after, %.1f a client%n",
                before,
                stats.memoryBytes(),
                (double) stats.memoryBytes() / CLIENTS);
        System.out.printf("192.0.2.1:    %d of 20 admitted, its limit outlived the flood%n", count(perClient, first));
        return 0;
    }

    private static int count(KeyedRateLimiter<InetAddress> perClient, InetAddress client) {
        int admitted = 0;
        for (int i = 0; i < REQUESTS; i++) {
            if (perClient.tryAcquire(client)) {
                admitted++;
            }
        }
        return admitted;
    }
}
