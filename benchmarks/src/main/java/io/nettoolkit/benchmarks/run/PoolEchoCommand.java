package io.nettoolkit.benchmarks.run;

import io.nettoolkit.benchmarks.Environment;
import io.nettoolkit.benchmarks.echo.Contestant;
import io.nettoolkit.benchmarks.echo.EchoServerMain;
import io.nettoolkit.benchmarks.pool.EchoCalls;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code pool-echo}: calls of a real server over pooled connections, against a connection for each call and other pools. */
@Command(
        name = "pool-echo",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Calls of an echo server over pooled connections, and over one connection each.")
public final class PoolEchoCommand implements Runnable {

    private static final int WARM_UPS = 3;
    private static final int LOOPS = 2;
    private static final String CSV_HEADER = "contestant,round,calls_per_second,p99_micros,cpu_micros";

    @Option(names = "--connections", paramLabel = "N", description = "Connections of each pool. Default: 16.")
    private int connections = 16;

    @Option(names = "--callers", paramLabel = "N", description = "Callers with one call each. Default: 32.")
    private int callers = 32;

    @Option(names = "--rounds", paramLabel = "N", description = "Rounds. Default: 9.")
    private int rounds = 9;

    @Option(names = "--measure", paramLabel = "S", description = "Seconds of each measurement. Default: 2.")
    private double measure = 2;

    @Option(names = "--out", paramLabel = "DIR", description = "Also write report.md, env.json and raw.csv there.")
    private @Nullable Path out;

    @Override
    public void run() {
        Environment environment = Environment.read();
        Cores cores = Cores.choose();
        List<String> flags = new ServerOptions().flags("-Xms256m", "-Xmx256m", "-XX:+UseSerialGC");
        String head = "# Calls over pooled connections\n\n```\n" + environment
                + line("server", "toolkit-tcp, one loop, " + String.join(" ", flags))
                + line("load", callers + " callers, " + connections + " connections, 64 bytes")
                + line("rounds", rounds + " of " + measure + " s") + "```\n\n";
        System.out.print(head);
        List<String> command = Cores.pin(
                cores.server(), ChildProcess.java(flags, EchoServerMain.class.getName(), List.of(Contestant.TOOLKIT)));
        List<String> csv = new ArrayList<>(List.of(CSV_HEADER));
        String report;
        try (ChildProcess process = ChildProcess.start(command)) {
            int port = Integer.parseInt(process.await("ready"));
            report = measure(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), csv);
        }
        System.out.print(report);
        if (out != null) {
            ReportDirectory.write(out, head + report, environment, csv);
        }
    }

    private static String line(String name, String value) {
        return String.format("%-18s %s%n", name, value);
    }

    private String measure(InetSocketAddress address, List<String> csv) {
        PoolLoad load = new PoolLoad(callers, measure);
        Map<EchoCalls.Contestant, EchoCalls> open = new EnumMap<>(EchoCalls.Contestant.class);
        Map<EchoCalls.Contestant, List<PoolLoad.Result>> results = new EnumMap<>(EchoCalls.Contestant.class);
        try {
            for (EchoCalls.Contestant contestant : EchoCalls.Contestant.values()) {
                open.put(contestant, contestant.open(address, connections, LOOPS));
                results.put(contestant, new ArrayList<>());
            }
            for (int round = -WARM_UPS; round < rounds; round++) {
                for (Map.Entry<EchoCalls.Contestant, EchoCalls> one : open.entrySet()) {
                    PoolLoad.Result result =
                            load.run(one.getValue(), one.getKey().isBlocking());
                    if (round >= 0) {
                        resultsOf(one.getKey(), results).add(result);
                        csv.add(csvLine(one.getKey(), round, result));
                    }
                }
            }
        } finally {
            open.values().forEach(EchoCalls::close);
        }
        return table(results).toString();
    }

    private static List<PoolLoad.Result> resultsOf(
            EchoCalls.Contestant contestant, Map<EchoCalls.Contestant, List<PoolLoad.Result>> results) {
        return Objects.requireNonNull(results.get(contestant), "every contestant has results");
    }

    private static String csvLine(EchoCalls.Contestant contestant, int round, PoolLoad.Result result) {
        return String.format(
                Locale.ROOT,
                "%s,%d,%.0f,%.1f,%.2f",
                contestant.toString().replace(",", ""),
                round,
                result.perSecond(),
                result.p99Micros(),
                result.cpuMicros());
    }

    private Table table(Map<EchoCalls.Contestant, List<PoolLoad.Result>> results) {
        Table table = new Table("calls", "a second", "toolkit's, times", "p99 us", "client CPU us a call");
        results.forEach((contestant, own) -> {
            List<PoolLoad.Result> toolkit = resultsOf(contestant.toolkit(), results);
            Interval times = Interval.of(IntStream.range(0, rounds)
                    .mapToDouble(round ->
                            toolkit.get(round).perSecond() / own.get(round).perSecond())
                    .toArray());
            table.row(
                    contestant.toString(),
                    format(
                            "%,.0f",
                            own.stream().mapToDouble(PoolLoad.Result::perSecond).toArray()),
                    times.toString(),
                    format(
                            "%,.0f",
                            own.stream().mapToDouble(PoolLoad.Result::p99Micros).toArray()),
                    format(
                            "%.2f",
                            own.stream().mapToDouble(PoolLoad.Result::cpuMicros).toArray()));
        });
        return table;
    }

    private static String format(String format, double[] values) {
        return String.format(Locale.ROOT, format, Interval.of(values).median());
    }
}
