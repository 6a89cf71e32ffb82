package io.nettoolkit.examples;

import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.dns.DnsException;
import io.nettoolkit.dns.DnsResolver;
import io.nettoolkit.dns.DnsType;
import io.nettoolkit.testkit.FakeDnsServer;
import io.nettoolkit.testkit.FakeDnsServer.Reply;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionException;
import picocli.CommandLine.Command;

/*
 * Run:
 *   java -jar examples/target/examples.jar dns-timeout
 * Output:
 *   a lost packet:       192.0.2.1 after <n> ms, <n> queries
 *   a silent server:     the other one answers after <n> ms, hedged: true
 *   nobody answers:      DNS_TIMEOUT after <n> ms, asked for 300 ms
 *   known to be down:    DNS_TIMEOUT after <n> ms, <n> more queries
 *   back again:          192.0.2.1
 */

/** What a lookup does when servers are slow, silent or gone: tries, second queries, one deadline over all of it. */
@Command(
        name = "dns-timeout",
        description = "Looks names up while servers lose packets, fall silent and come back.",
        mixinStandardHelpOptions = true)
public final class DnsTimeout implements Callable<Integer> {

    private static final String NAME = "example.com";

    /** Runs the example and ends the JVM with its status, where that is not 0. */
    public static void main(String[] arguments) {
        Examples.run(new DnsTimeout(), arguments);
    }

    @Override
    public Integer call() {
        try (FakeDnsServer first = FakeDnsServer.start();
                FakeDnsServer second = FakeDnsServer.start()) {
            first.records("example.com. 300 A 192.0.2.1");
            second.records("example.com. 300 A 192.0.2.1");
            lostPacket(first);
            silentServer(first, second);
            nobody(first);
        }
        return 0;
    }

    private static DnsResolver resolver(InetSocketAddress... servers) {
        return DnsResolver.builder()
                .nameServers(List.of(servers))
                .tryTimeout(Duration.ofMillis(500))
                .build();
    }

    /** Without what the cache has: this is about servers. */
    private static String address(DnsResolver resolver) {
        resolver.cache().clear();
        return resolver.query(NAME, DnsType.A).join().records().get(0).rdata();
    }

    /** The first query is dropped; a second one goes out when the answer is late. */
    private static void lostPacket(FakeDnsServer server) {
        server.on(NAME).reply(Reply.nothing(), Reply.zone());
        try (DnsResolver resolver = resolver(server.address())) {
            long start = now();
            String address = address(resolver);
            System.out.printf(
                    "a lost packet:       %s after %d ms, %d queries%n",
                    address, millisSince(start), resolver.stats().queries());
        }
    }

    /** One of two servers says nothing; the other is asked as soon as the first is later than it used to be. */
    private static void silentServer(FakeDnsServer silent, FakeDnsServer healthy) {
        silent.on(NAME).reply(Reply.zone());
        try (DnsResolver resolver = resolver(silent.address(), healthy.address())) {
            for (int i = 0; i < 20; i++) {
                address(resolver);
            }
            // Whichever is asked first: both were as fast as each other.
            FakeDnsServer asked = resolver.stats().servers().get(0).queries() >= 10 ? silent : healthy;
            asked.on(NAME).reply(Reply.nothing());
            long start = now();
            while (resolver.stats().hedges() == 0) {
                start = now();
                address(resolver);
            }
            System.out.printf(
                    "a silent server:     the other one answers after %d ms, hedged: %s%n",
                    millisSince(start), resolver.stats().hedges() > 0);
        }
    }

    /** Whatever is tried, it is over at the deadline; and who is known to be down is not asked for every lookup. */
    private static void nobody(FakeDnsServer server) {
        server.on(NAME).reply(Reply.nothing());
        try (DnsResolver resolver = resolver(server.address())) {
            long start = now();
            System.out.printf(
                    "nobody answers:      %s after %d ms, asked for 300 ms%n",
                    failure(resolver, Duration.ofMillis(300)), millisSince(start));
            while (resolver.stats().servers().get(0).up()) {
                failure(resolver, Duration.ofMillis(300));
            }
            long queries = resolver.stats().queries();
            start = now();
            System.out.printf(
                    "known to be down:    %s after %d ms, %d more queries%n",
                    failure(resolver, Duration.ofMillis(300)),
                    millisSince(start),
                    resolver.stats().queries() - queries);
            server.on(NAME).reply(Reply.zone());
            System.out.println("back again:          " + addressWithin(resolver, Duration.ofSeconds(10)));
        }
    }

    private static String failure(DnsResolver resolver, Duration timeout) {
        resolver.cache().clear();
        try {
            return "answered: "
                    + resolver.query(NAME, DnsType.A, Deadline.after(timeout)).join();
        } catch (CompletionException failed) {
            return failed.getCause() instanceof DnsException failure
                    ? failure.kind().toString()
                    : failed.toString();
        }
    }

    /** A server that is down is looked at again and again, by lookups that fail at once otherwise. */
    private static String addressWithin(DnsResolver resolver, Duration patience) {
        Deadline deadline = Deadline.after(patience);
        while (true) {
            try {
                return address(resolver);
            } catch (CompletionException failed) {
                if (deadline.isExpired()) {
                    throw failed;
                }
                Thread.onSpinWait();
            }
        }
    }

    private static long now() {
        return TimeSource.system().nanoTime();
    }

    private static long millisSince(long startNanos) {
        return (now() - startNanos) / 1_000_000;
    }
}
