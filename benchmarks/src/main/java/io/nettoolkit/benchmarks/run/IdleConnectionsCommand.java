package io.nettoolkit.benchmarks.run;

import io.nettoolkit.benchmarks.Environment;
import io.nettoolkit.benchmarks.echo.Contestant;
import io.nettoolkit.benchmarks.echo.EchoServerMain;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * {@code idle-connections}: live heap and resident memory per idle connection, by the slope between two counts, so that
 * what a server needs once does not count.
 *
 * <p>The young generation is small and fixed: it is touched wholly before the first reading, and what resident memory
 * grows by afterwards is connections, not garbage.
 */
@Command(
        name = "idle-connections",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Heap and resident memory per idle connection, by the slope between two counts.")
public final class IdleConnectionsCommand implements Runnable {

    private static final String[] SERVER_FLAGS = {"-Xms512m", "-Xmx512m", "-Xmn16m", "-XX:+UseSerialGC"};
    private static final List<String> CLIENT_FLAGS = List.of("-Xmx256m", "-XX:+UseSerialGC");
    private static final int TARGET_BYTES = 1_500;
    private static final String CSV_HEADER = "contestant,connections,alive,live_heap_bytes,resident_bytes";

    @Mixin
    private ServerOptions server = new ServerOptions();

    @Option(names = "--from", paramLabel = "N", description = "Connections at the first reading. Default: 2000.")
    private int from = 2_000;

    @Option(names = "--to", paramLabel = "N", description = "Connections at the second reading. Default: 15000.")
    private int to = 15_000;

    @Option(
            names = "--frames",
            paramLabel = "N",
            description = "Frames each connection has echoed before it falls silent. Default: 1.")
    private int frames = 1;

    @Option(names = "--out", paramLabel = "DIR", description = "Also write report.md, env.json and raw.csv there.")
    private @Nullable Path out;

    private record Reading(int connections, int alive, long heapBytes, long residentBytes) {

        String toCsv(Contestant contestant) {
            return contestant + "," + connections + "," + alive + "," + heapBytes + "," + residentBytes;
        }
    }

    @Override
    public void run() {
        if (from <= 0 || to <= from) {
            throw new IllegalArgumentException("--from, --to: " + from + ", " + to + " (must be positive and rising)");
        }
        Environment environment = Environment.read();
        List<String> flags = server.flags(SERVER_FLAGS);
        String head =
                "# Idle connections\n\n```\n" + environment + String.format("%-18s %s%n", "pinning", server.cores())
                        + String.format("%-18s %s%n", "server flags", String.join(" ", flags))
                        + String.format("%-18s %d, then silent%n", "frames echoed", frames) + "```\n\n";
        System.out.print(head);

        List<String> csv = new ArrayList<>(List.of(CSV_HEADER));
        Table table = new Table("contestant", "heap B", "resident B", "closed by the server");
        String verdict = "Target: not judged, the run had no `" + Contestant.TOOLKIT + "`.\n";
        for (Contestant contestant : server.contestants(all())) {
            if (!contestant.isJava()) {
                throw new IllegalArgumentException("--contestants: " + contestant + " (must run in a JVM)");
            }
            List<Reading> readings = readings(contestant, flags);
            readings.forEach(reading -> csv.add(reading.toCsv(contestant)));
            readings.forEach(reading -> System.err.println("  " + reading.toCsv(contestant)));
            Reading first = readings.get(0);
            Reading second = readings.get(1);
            double connections = second.connections - first.connections;
            double heap = (second.heapBytes - first.heapBytes) / connections;
            table.row(
                    contestant.label(),
                    String.format(Locale.ROOT, "%.0f", heap),
                    String.format(Locale.ROOT, "%.0f", (second.residentBytes - first.residentBytes) / connections),
                    Integer.toString(second.connections - second.alive));
            if (contestant.label().equals(Contestant.TOOLKIT)) {
                verdict = String.format(
                        "Target: at most %d B of heap: %s.%n",
                        TARGET_BYTES, heap <= TARGET_BYTES ? Verdict.HOLDS : Verdict.MISSED);
            }
        }
        String report = "Per connection, by the slope from " + from + " to " + to + " connections:\n\n" + table + "\n"
                + verdict;
        System.out.print(report);
        if (out != null) {
            ReportDirectory.write(out, head + report, environment, csv);
        }
    }

    private List<Reading> readings(Contestant contestant, List<String> flags) {
        List<String> serverCommand =
                ChildProcess.java(flags, EchoServerMain.class.getName(), List.of(contestant.label()));
        try (ChildProcess process = ChildProcess.start(Cores.pin(server.cores().server(), serverCommand))) {
            String port = process.await("ready");
            List<String> clientCommand = ChildProcess.java(
                    CLIENT_FLAGS, IdleClients.class.getName(), List.of(port, Integer.toString(frames)));
            try (ChildProcess clients =
                    ChildProcess.start(Cores.pin(server.cores().generator(), clientCommand))) {
                List<Reading> readings = List.of(read(process, clients, from), read(process, clients, to));
                process.stop(); // before the clients go, or it would log every one of them
                return readings;
            }
        }
    }

    private static Reading read(ChildProcess server, ChildProcess clients, int connections) {
        clients.tell("open " + connections);
        clients.await("open");
        server.tell("heap");
        long heapBytes = Long.parseLong(server.await("heap"));
        long residentBytes = server.residentBytes();
        clients.tell("alive");
        return new Reading(connections, Integer.parseInt(clients.await("alive")), heapBytes, residentBytes);
    }

    /** Everybody who runs in a JVM: the heap is asked for there. */
    private static List<Contestant> all() {
        return List.of(Contestant.values()).stream().filter(Contestant::isJava).collect(Collectors.toList());
    }
}
