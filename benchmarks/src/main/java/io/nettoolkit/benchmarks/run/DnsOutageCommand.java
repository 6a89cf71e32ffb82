package io.nettoolkit.benchmarks.run;

import io.nettoolkit.benchmarks.Environment;
import io.nettoolkit.benchmarks.run.OpenLoop.Phase;
import io.nettoolkit.dns.DnsCache;
import io.nettoolkit.dns.DnsResolver;
import io.nettoolkit.testkit.BadNetwork;
import io.nettoolkit.testkit.BadNetworkRelay;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code dns-outage}: what callers of the resolver see of servers that die or lose packets. */
@Command(
        name = "dns-outage",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Lookups while the name server is away, and while one of two loses packets.")
public final class DnsOutageCommand implements Runnable {

    private static final int NAMES = 1_000;
    private static final Duration PHASE = Duration.ofSeconds(5);
    private static final Duration MAX_STALE = PHASE.multipliedBy(2);
    private static final Duration ONE_WAY = Duration.ofMillis(5);
    private static final double LOSS = 0.3;
    /** The earliest a resolver asks a second server. */
    private static final double HEDGE_MILLIS = 10;

    private static final double P99 = 99;

    @Option(names = "--rate", paramLabel = "N", description = "Lookups a second. Default: 1,000.")
    private int rate = 1_000;

    @Option(names = "--out", paramLabel = "DIR", description = "Also write report.md, env.json and raw.csv there.")
    private @Nullable Path out;

    @Override
    public void run() {
        if (Programs.find(NameServer.PROGRAM).isEmpty()) {
            System.out.println("dns-outage: skipped, no " + NameServer.PROGRAM + " on the PATH");
            return;
        }
        Environment environment = Environment.read();
        String head = "# Lookups during an outage\n\n```\n" + environment
                + String.format("%-18s %,d lookups a second, %d s a phase%n", "load", rate, PHASE.toSeconds())
                + "```\n\n";
        System.out.print(head);
        List<Phase> killed = serverKilled();
        List<Phase> lossy = serverLosing();
        String report = killedReport(killed) + lossyReport(lossy);
        System.out.print(report);
        if (out != null) {
            List<String> csv = new ArrayList<>(List.of("phase,answered,failed,p50_ms,p99_ms,p999_ms,max_ms"));
            killed.forEach(phase -> csv.add(String.join(",", phase.row())));
            lossy.forEach(phase -> csv.add(String.join(",", phase.row())));
            ReportDirectory.write(out, head + report, environment, csv);
        }
    }

    private static String killedReport(List<Phase> phases) {
        Phase away = phases.get(1);
        return "## The only server is killed\n\n"
                + String.format(
                        Locale.ROOT,
                        "%,d names, answers live for 1 s and may be %d s stale.%n%n",
                        NAMES,
                        MAX_STALE.toSeconds())
                + table(phases)
                + String.format(
                        Locale.ROOT,
                        "%nAnswered while it is away, of 100 %% that were promised: %.2f %%.%n",
                        100.0 * away.good() / (away.good() + away.bad()));
    }

    private static String lossyReport(List<Phase> phases) {
        double limit = 2 * phases.get(0).millis(P99) + HEDGE_MILLIS;
        double seen = phases.get(1).millis(P99);
        return String.format(
                        Locale.ROOT,
                        "%n## One of two servers answers %.0f %% less than it is asked%n%nEach name is new; %d ms there and"
                                + " back; the one that loses queries or answers is the first of the list.%n%n",
                        100 * LOSS,
                        2 * ONE_WAY.toMillis())
                + table(phases)
                + String.format(
                        Locale.ROOT,
                        "%np99 %.1f ms; promised: at most 2 x healthy + hedge delay = %.1f ms: %s.%n",
                        seen,
                        limit,
                        seen <= limit ? "holds" : "MISSED");
    }

    private static Table table(List<Phase> phases) {
        Table table = new Table("phase", "answered", "failed", "p50 ms", "p99 ms", "p99.9 ms", "max ms");
        phases.forEach(phase -> table.row(phase.row().toArray(String[]::new)));
        return table;
    }

    private List<Phase> serverKilled() {
        DnsCache.Config cache = DnsCache.Config.builder()
                .maxTtl(Duration.ofSeconds(1))
                .maxStale(MAX_STALE)
                .build();
        NameServer server = new NameServer(List.of());
        try (DnsResolver resolver = DnsResolver.builder()
                .nameServers(List.of(address(server)))
                .cache(cache)
                .build()) {
            LongFunction<String> known = i -> "host" + i % NAMES + ".bench.test";
            OpenLoop lookups = lookups(resolver, known);
            lookups.run("warm-up", PHASE);
            Phase before = lookups.run("it runs", PHASE);
            server.close();
            Phase away = lookups.run("away, up to what may be stale", PHASE);
            // The last answer is of the time before the kill, and then as stale as is allowed.
            LockSupport.parkNanos(MAX_STALE.minus(PHASE).plusSeconds(2).toNanos());
            Phase after = lookups.run("away for longer", PHASE);
            return List.of(before, away, after);
        } finally {
            server.close();
        }
    }

    private List<Phase> serverLosing() {
        BadNetwork healthy = BadNetwork.builder().delay(ONE_WAY).build();
        BadNetwork losing =
                healthy.toBuilder().loss(1 - Math.sqrt(1 - LOSS)).seed(1).build();
        try (NameServer server = new NameServer(List.of());
                BadNetworkRelay first = BadNetworkRelay.to(address(server), healthy)) {
            Phase both;
            try (BadNetworkRelay second = BadNetworkRelay.to(address(server), healthy)) {
                both = distinct("both healthy", first, second);
            }
            try (BadNetworkRelay second = BadNetworkRelay.to(address(server), losing)) {
                return List.of(both, distinct("one loses", first, second));
            }
        }
    }

    private Phase distinct(String name, BadNetworkRelay first, BadNetworkRelay second) {
        try (DnsResolver resolver = DnsResolver.builder()
                .nameServers(List.of(second.address(), first.address()))
                .build()) {
            lookups(resolver, i -> "warm" + i + ".bench.test").run("warm-up", PHASE);
            return lookups(resolver, i -> "host" + i + ".bench.test").run(name, PHASE);
        }
    }

    private static InetSocketAddress address(NameServer server) {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), server.port());
    }

    private OpenLoop lookups(DnsResolver resolver, LongFunction<String> names) {
        return new OpenLoop(
                rate,
                (number, outcome) -> resolver.resolve(names.apply(number))
                        .whenComplete((addresses, failure) -> outcome.is(failure == null)));
    }
}
