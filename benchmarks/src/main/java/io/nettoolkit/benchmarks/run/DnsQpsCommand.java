package io.nettoolkit.benchmarks.run;

import io.nettoolkit.benchmarks.Environment;
import io.nettoolkit.benchmarks.dns.QueryContestant;
import io.nettoolkit.benchmarks.dns.QueryLoadMain;
import io.nettoolkit.core.TimeSource;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code dns-qps}: lookups a second of distinct names at a local authoritative server, the client on one core. */
@Command(
        name = "dns-qps",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Uncached lookups a second at a local nsd, of the toolkit, of Netty and of dnsjava.")
public final class DnsQpsCommand implements Runnable {

    private static final String CSV_HEADER =
            "contestant,round,queries_per_second,failures,bytes_per_query,client_cpu_us_per_query,server_cores_busy";
    private static final int WARM_UP_PARTS = 10;
    private static final TimeSource TIME = TimeSource.system();
    private static final Map<QueryContestant, Double> TARGETS =
            Map.of(QueryContestant.NETTY, 4.0, QueryContestant.DNSJAVA, 3.0);

    @Option(names = "--in-flight", paramLabel = "N", description = "Lookups in flight. Default: 100.")
    private int inFlight = 100;

    @Option(names = "--rounds", paramLabel = "N", description = "Rounds. Default: 9.")
    private int rounds = 9;

    @Option(names = "--warm-up", paramLabel = "S", description = "Seconds before the first round. Default: 20.")
    private double warmUp = 20;

    @Option(names = "--measure", paramLabel = "S", description = "Seconds of each measurement. Default: 2.")
    private double measure = 2;

    @Option(names = "--out", paramLabel = "DIR", description = "Also write report.md, env.json and raw.csv there.")
    private @Nullable Path out;

    /** One measurement of one contestant. */
    private record Sample(double perSecond, long failures, double bytes, double cpuMicros, double serverBusy) {

        static Sample parse(String line, double serverBusy) {
            String[] words = line.split(" ", -1);
            return new Sample(
                    Double.parseDouble(words[0]),
                    Long.parseLong(words[1]),
                    Double.parseDouble(words[2]),
                    Double.parseDouble(words[3]),
                    serverBusy);
        }
    }

    @Override
    public void run() {
        if (Programs.find(NameServer.PROGRAM).isEmpty()) {
            System.out.println("dns-qps: skipped, no " + NameServer.PROGRAM + " on the PATH");
            return;
        }
        Environment environment = Environment.read();
        Cores cores = Cores.choose();
        String head = "# Lookups over the network\n\n```\n" + environment
                + line("cores", describe(cores))
                + line("in flight", inFlight + " lookups of distinct names, answered by a wildcard of nsd")
                + line("rounds", rounds + " of " + measure + " s each, after " + warmUp + " s") + "```\n\n";
        System.out.print(head);
        Map<QueryContestant, List<Sample>> samples = measure(cores);
        List<String> csv = new ArrayList<>(List.of(CSV_HEADER));
        String report = report(samples, csv);
        System.out.print(report);
        if (out != null) {
            ReportDirectory.write(out, head + report, environment, csv);
        }
    }

    private static String describe(Cores cores) {
        return cores.generator() < 0
                ? cores.toString()
                : "client on core " + cores.generator() + ", server on " + cores.othersThanGenerator();
    }

    private static String line(String name, String value) {
        return String.format("%-18s %s%n", name, value);
    }

    /** Each contestant has a JVM of its own, which lives through all rounds; they take turns. */
    private Map<QueryContestant, List<Sample>> measure(Cores cores) {
        Map<QueryContestant, List<Sample>> samples = new EnumMap<>(QueryContestant.class);
        Map<QueryContestant, ChildProcess> children = new EnumMap<>(QueryContestant.class);
        try (NameServer server = new NameServer(cores.othersThanGenerator())) {
            for (QueryContestant contestant : QueryContestant.values()) {
                ChildProcess child = ChildProcess.start(command(contestant, server, cores));
                children.put(contestant, child);
                // Many short ones: what only happens at the end of a measurement is to be warm as well.
                for (int part = 0; part < WARM_UP_PARTS; part++) {
                    ask(child, server, warmUp / WARM_UP_PARTS);
                }
            }
            for (int round = 0; round < rounds; round++) {
                children.forEach((contestant, child) -> samples.computeIfAbsent(contestant, key -> new ArrayList<>())
                        .add(ask(child, server, measure)));
            }
        } finally {
            children.values().forEach(ChildProcess::close);
        }
        return samples;
    }

    private List<String> command(QueryContestant contestant, NameServer server, Cores cores) {
        List<String> arguments =
                List.of(contestant.name(), Integer.toString(server.port()), Integer.toString(inFlight));
        return Cores.pin(
                cores.generator(), ChildProcess.java(List.of("-Xmx512m"), QueryLoadMain.class.getName(), arguments));
    }

    private static Sample ask(ChildProcess child, NameServer server, double seconds) {
        Duration before = server.processorTime();
        long start = TIME.nanoTime();
        child.tell(Double.toString(seconds));
        String result = child.await(QueryLoadMain.RESULT);
        Duration spent = server.processorTime().minus(before);
        return Sample.parse(result, (double) spent.toNanos() / (TIME.nanoTime() - start));
    }

    private static String report(Map<QueryContestant, List<Sample>> samples, List<String> csv) {
        Table table = new Table(
                "contestant",
                "a second",
                "95 %",
                "CPU us a lookup",
                "bytes a lookup",
                "server's cores busy",
                "toolkit is x times",
                "target",
                "verdict");
        List<Sample> ours = samples.getOrDefault(QueryContestant.TOOLKIT, List.of());
        samples.forEach((contestant, all) -> {
            for (int round = 0; round < all.size(); round++) {
                Sample sample = all.get(round);
                csv.add(String.format(
                        Locale.ROOT,
                        "%s,%d,%.0f,%d,%.0f,%.2f,%.2f",
                        contestant,
                        round,
                        sample.perSecond,
                        sample.failures,
                        sample.bytes,
                        sample.cpuMicros,
                        sample.serverBusy));
            }
            row(table, contestant, all, ours);
        });
        long failures = samples.values().stream()
                .flatMap(List::stream)
                .mapToLong(Sample::failures)
                .sum();
        return table + "\nLookups that failed, of all contestants: " + failures + "\n";
    }

    private static void row(Table table, QueryContestant contestant, List<Sample> all, List<Sample> ours) {
        Interval perSecond = of(all, Sample::perSecond);
        Double target = TARGETS.get(contestant);
        double[] ratios = new double[all.size()];
        for (int round = 0; round < ratios.length; round++) {
            ratios[round] = ours.get(round).perSecond / all.get(round).perSecond;
        }
        Interval ratio = Interval.of(ratios);
        table.row(
                contestant.name().toLowerCase(Locale.ROOT),
                String.format(Locale.ROOT, "%,.0f", perSecond.median()),
                String.format(Locale.ROOT, "[%,.0f, %,.0f]", perSecond.low(), perSecond.high()),
                String.format(Locale.ROOT, "%.1f", of(all, Sample::cpuMicros).median()),
                String.format(Locale.ROOT, "%,.0f", of(all, Sample::bytes).median()),
                String.format(Locale.ROOT, "%.2f", of(all, Sample::serverBusy).median()),
                target == null ? "" : ratio.toString(),
                target == null ? "" : String.format(Locale.ROOT, ">= %.0f", target),
                target == null ? "" : Verdict.of(ratio, target).toString());
    }

    private static Interval of(List<Sample> samples, java.util.function.ToDoubleFunction<Sample> figure) {
        return Interval.of(samples.stream().mapToDouble(figure).toArray());
    }
}
