package io.nettoolkit.examples;

import io.nettoolkit.dns.DnsAnswer;
import io.nettoolkit.dns.DnsCache;
import io.nettoolkit.dns.DnsRecord;
import io.nettoolkit.dns.DnsResolver;
import io.nettoolkit.dns.DnsType;
import io.nettoolkit.testkit.FakeDnsServer;
import io.nettoolkit.testkit.FakeDnsServer.Reply;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import picocli.CommandLine.Command;

/*
 * Run:
 *   java -jar examples/target/examples.jar dns-cache
 * Output:
 *   first lookup:        192.0.2.1 from NETWORK
 *   second lookup:       192.0.2.1 from CACHE
 *   a thousand at once:  1 lookup
 *   no such name, twice: NXDOMAIN from CACHE
 *   server fails:        192.0.2.1 from STALE, kept beyond its TTL
 *   the next run:        <n> answers saved, <n> loaded; 192.0.2.2 from CACHE
 *   hits <n>, misses <n>, stale answers <n>, entries <n>
 */

/** What a resolver remembers: answers, that there is nothing, what is under way, and what to do when servers fail. */
@Command(
        name = "dns-cache",
        description = "Answers from the cache: fresh, negative, shared, stale and saved.",
        mixinStandardHelpOptions = true)
public final class DnsCacheExample implements Callable<Integer> {

    /** Runs the example and ends the JVM with its status, where that is not 0. */
    public static void main(String[] arguments) {
        Examples.run(new DnsCacheExample(), arguments);
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        try (FakeDnsServer dns = FakeDnsServer.start()) {
            dns.records(
                    "example. 300 SOA ns.example. admin.example. 1 7200 3600 86400 60",
                    "web.example. 300 A 192.0.2.1",
                    "short.example. 1 A 192.0.2.1",
                    "busy.example. 300 A 192.0.2.2");
            try (DnsResolver resolver = resolver(dns)) {
                System.out.println("first lookup:        " + look(resolver, "web.example"));
                System.out.println("second lookup:       " + look(resolver, "web.example"));
                atOnce(resolver);
                look(resolver, "missing.example");
                System.out.println("no such name, twice: " + look(resolver, "missing.example"));
                stale(resolver, dns);
                nextRun(resolver, dns);
                DnsCache.Stats stats = resolver.cache().stats();
                System.out.println("hits " + stats.hits() + ", misses " + stats.misses() + ", stale answers "
                        + stats.staleAnswers() + ", entries " + stats.entries());
            }
        }
        return 0;
    }

    private static DnsResolver resolver(FakeDnsServer dns) {
        return DnsResolver.builder()
                .nameServers(List.of(dns.address()))
                .cache(DnsCache.Config.builder().maxEntries(10_000).build())
                .build();
    }

    private static String look(DnsResolver resolver, String name) {
        DnsAnswer<DnsRecord.A> answer = resolver.query(name, DnsType.A).join();
        String what = answer.kind() == DnsAnswer.Kind.ANSWER
                ? answer.records().get(0).address().getHostAddress()
                : answer.kind().toString();
        return what + " from " + answer.source();
    }

    private static void atOnce(DnsResolver resolver) {
        long before = resolver.stats().lookups();
        List<CompletableFuture<?>> lookups = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            lookups.add(resolver.query("busy.example", DnsType.A));
        }
        CompletableFuture.allOf(lookups.toArray(CompletableFuture[]::new)).join();
        System.out.println("a thousand at once:  " + (resolver.stats().lookups() - before) + " lookup");
    }

    private static void stale(DnsResolver resolver, FakeDnsServer dns) throws InterruptedException {
        look(resolver, "short.example");
        dns.onAny().reply(query -> Reply.rcode(2));
        while (resolver.cached("short.example", DnsType.A) != null) {
            Thread.sleep(Duration.ofMillis(50).toMillis());
        }
        System.out.println("server fails:        " + look(resolver, "short.example") + ", kept beyond its TTL");
    }

    private static void nextRun(DnsResolver resolver, FakeDnsServer dns) throws IOException {
        Path file = Files.createTempFile("dns-cache", ".txt");
        try {
            int saved = resolver.cache().save(file).join();
            try (DnsResolver next = resolver(dns)) {
                int loaded = next.cache().load(file).join();
                System.out.println("the next run:        " + saved + " answers saved, " + loaded + " loaded; "
                        + look(next, "busy.example"));
            }
        } finally {
            Files.delete(file);
        }
    }
}
