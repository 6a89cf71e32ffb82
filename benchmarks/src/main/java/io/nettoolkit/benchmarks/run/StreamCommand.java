package io.nettoolkit.benchmarks.run;

import io.nettoolkit.benchmarks.Environment;
import io.nettoolkit.benchmarks.stream.StreamClientMain;
import io.nettoolkit.benchmarks.stream.StreamContestant;
import io.nettoolkit.benchmarks.stream.StreamServerMain;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What {@code rudp-bulk} and {@code rudp-echo} share: a server and a client JVM for each contestant, taking turns. */
abstract class StreamCommand implements Runnable {

    @Option(names = "--contestants", split = ",", paramLabel = "NAME", description = "Default: all.")
    private List<StreamContestant> contestants = List.of(StreamContestant.values());

    @Option(names = "--rounds", paramLabel = "N", description = "Rounds. Default: 9.")
    private int rounds = 9;

    @Option(names = "--warm-ups", paramLabel = "N", description = "Measurements thrown away before. Default: 3.")
    private int warmUps = 3;

    @Option(names = "--out", paramLabel = "DIR", description = "Also write report.md, env.json and raw.csv there.")
    private @Nullable Path out;

    /** One measurement: how much was asked for, the figures the client printed, and the processor time of both sides. */
    @SuppressWarnings("ArrayRecordComponent") // nobody compares two of them
    record Sample(long amount, double[] figures, Duration serverCpu, Duration clientCpu) {

        /** Processor time of both sides together, for each of what was asked for. */
        double cpuMicros() {
            return serverCpu.plus(clientCpu).toNanos() / 1e3 / amount;
        }
    }

    /** The samples of each contestant that could run, and why the others could not. */
    record Results(Map<StreamContestant, List<Sample>> samples, Map<StreamContestant, String> skipped) {

        List<Sample> of(StreamContestant contestant) {
            return Objects.requireNonNull(samples.get(contestant), "no samples of " + contestant);
        }
    }

    /** A contestant's two processes. */
    private record Pair(ChildProcess server, ChildProcess client) implements AutoCloseable {

        Sample measure(String verb, long amount) {
            Duration serverBefore = server.cpuTime();
            Duration clientBefore = client.cpuTime();
            client.tell(verb + " " + amount);
            String[] words = client.await(StreamClientMain.RESULT).split(" ", -1);
            double[] figures = new double[words.length];
            for (int i = 0; i < words.length; i++) {
                figures[i] = Double.parseDouble(words[i]);
            }
            return new Sample(
                    amount,
                    figures,
                    server.cpuTime().minus(serverBefore),
                    client.cpuTime().minus(clientBefore));
        }

        @Override
        public void close() {
            client.close();
            server.close();
        }
    }

    abstract String title();

    /** What the client is told to do. */
    abstract String verb();

    /** How much of it in one measurement of this contestant. */
    abstract long amount(StreamContestant contestant, @Nullable Sample latest);

    abstract String csvHeader();

    abstract String csvLine(StreamContestant contestant, int round, Sample sample);

    /** What came of it. */
    abstract String tables(Results results);

    @Override
    public void run() {
        Environment environment = Environment.read();
        Cores cores = Cores.choose();
        String head = "# " + title() + "\n\n```\n" + environment
                + String.format("%-18s %s%n", "cores", cores)
                + String.format("%-18s %d, after %d warm-ups%n", "rounds", rounds, warmUps)
                + "```\n\n";
        System.out.print(head);
        List<String> csv = new ArrayList<>(List.of(csvHeader()));
        Results results = measure(cores, csv);
        StringBuilder report = new StringBuilder(tables(results));
        results.skipped()
                .forEach((contestant, why) -> report.append("\nSkipped: ")
                        .append(contestant)
                        .append(": ")
                        .append(why)
                        .append('\n'));
        System.out.print(report);
        if (out != null) {
            ReportDirectory.write(out, head + report, environment, csv);
        }
    }

    private Results measure(Cores cores, List<String> csv) {
        Results results = new Results(new TreeMap<>(), new TreeMap<>());
        Map<StreamContestant, Pair> pairs = new EnumMap<>(StreamContestant.class);
        try {
            for (int round = -warmUps; round < rounds; round++) {
                for (StreamContestant contestant : contestants) {
                    if (results.skipped().containsKey(contestant)) {
                        continue;
                    }
                    try {
                        Pair pair = pairs.computeIfAbsent(contestant, it -> start(it, cores));
                        List<Sample> own = results.samples().computeIfAbsent(contestant, it -> new ArrayList<>());
                        Sample latest = own.isEmpty() ? null : own.get(own.size() - 1);
                        Sample sample = pair.measure(verb(), amount(contestant, latest));
                        if (round <= 0) {
                            // The last warm-up only tells how much to ask for.
                            own.clear();
                        }
                        own.add(sample);
                        if (round >= 0) {
                            csv.add(csvLine(contestant, round, sample));
                        }
                    } catch (UncheckedIOException failed) {
                        results.skipped().put(contestant, String.valueOf(failed.getMessage()));
                        results.samples().remove(contestant);
                    }
                }
            }
        } finally {
            pairs.values().forEach(Pair::close);
        }
        return results;
    }

    private static Pair start(StreamContestant contestant, Cores cores) {
        List<String> flags = List.of("-Xms256m", "-Xmx256m", "-XX:+UseSerialGC");
        String classPath = contestant.classPath();
        ChildProcess server = ChildProcess.start(Cores.pin(
                cores.server(),
                ChildProcess.java(flags, classPath, StreamServerMain.class.getName(), List.of(contestant.name()))));
        String port = server.await(StreamServerMain.READY);
        List<String> arguments = List.of(contestant.name(), port);
        ChildProcess client = ChildProcess.start(Cores.pin(
                cores.generator(), ChildProcess.java(flags, classPath, StreamClientMain.class.getName(), arguments)));
        return new Pair(server, client);
    }

    /** How one contestant's figure stands to another's, round by round. */
    static Interval ratio(List<Sample> above, List<Sample> below, ToDoubleFunction<Sample> figure) {
        double[] ratios = new double[Math.min(above.size(), below.size())];
        for (int round = 0; round < ratios.length; round++) {
            ratios[round] = figure.applyAsDouble(above.get(round)) / figure.applyAsDouble(below.get(round));
        }
        return Interval.of(ratios);
    }

    static Interval interval(List<Sample> samples, ToDoubleFunction<Sample> figure) {
        return Interval.of(samples.stream().mapToDouble(figure).toArray());
    }
}
