package io.nettoolkit.benchmarks.run;

import io.nettoolkit.benchmarks.Environment;
import io.nettoolkit.benchmarks.echo.Contestant;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code tcp-echo}: echo servers over loopback, compared in interleaved rounds. */
@Command(
        name = "tcp-echo",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Echo of length-prefixed frames over loopback TCP: all contestants in interleaved rounds.")
public final class TcpEchoCommand implements Runnable {

    private static final String[] SERVER_FLAGS = {"-Xms512m", "-Xmx512m", "-XX:+UseSerialGC"};
    private static final String NOT_FOR_QUOTING = "QUICK RUN: few, short rounds. Not for quoting.";

    /** Part of the base contestant's closed-loop rate at which tails are measured. */
    private static final double TAIL_LOAD = 0.5;

    @Mixin
    private ServerOptions server = new ServerOptions();

    @Option(
            names = "--loads",
            split = ",",
            paramLabel = "LOAD",
            description =
                    "Loads, separated by commas: names from --list or CONNECTIONSxDEPTHxBYTES. Default: the three with targets.")
    private List<String> loads = EchoPreset.names();

    @Option(names = "--quick", description = "3 rounds of 1 s after 2 s, no tails; the output says so.")
    private boolean quick;

    @Option(names = "--rounds", paramLabel = "N", description = "Rounds of the closed loop. Default: 9.")
    private @Nullable Integer rounds;

    @Option(names = "--tail-rounds", paramLabel = "N", description = "Rounds of the open loop, 0 for none. Default: 3.")
    private @Nullable Integer tailRounds;

    @Option(
            names = "--rate",
            paramLabel = "N",
            description = "Messages per second in the open loop. Default: half of what nettyTutorial reached.")
    private int rate;

    @Option(
            names = "--warm-up",
            paramLabel = "S",
            description = "Seconds under load before each measurement. Default: 3.")
    private @Nullable Double warmUp;

    @Option(names = "--measure", paramLabel = "S", description = "Seconds of each measurement. Default: 3.")
    private @Nullable Double measure;

    @Option(
            names = "--generator",
            paramLabel = "c|java",
            description = "Load generator. Default: c where gcc is installed, else java.")
    private @Nullable String generator;

    @Option(names = "--out", paramLabel = "DIR", description = "Also write report.md, env.json and raw.csv there.")
    private @Nullable Path out;

    /** The loads with names, described. */
    public static List<String> loads() {
        return EchoPreset.ALL.stream().map(EchoPreset::describe).collect(Collectors.toList());
    }

    @Override
    public void run() {
        Environment environment = Environment.read();
        List<EchoPreset> presets = loads.stream().map(EchoPreset::of).collect(Collectors.toList());
        EchoRun.Setup setup = setup(new NativePrograms());
        String head = head(environment, setup);
        System.out.print(head);

        EchoSamples samples = new EchoSamples();
        EchoRun run = new EchoRun(setup, samples, line -> System.err.println("  " + line));
        System.err.println("  " + EchoSample.CSV_HEADER);
        run.closedLoop(presets, rounds());
        run.openLoop(rates(presets, samples), tailRounds());
        String report = new EchoReport(samples, presets).text();
        System.out.print(report);
        if (out != null) {
            List<String> csv = new ArrayList<>(List.of(EchoSample.CSV_HEADER));
            samples.all().forEach(sample -> csv.add(sample.toCsv()));
            ReportDirectory.write(out, head + report, environment, csv);
        }
    }

    private EchoRun.Setup setup(NativePrograms programs) {
        Optional<Path> go = programs.goEcho();
        List<Contestant> contestants = server.contestants(Arrays.asList(Contestant.values())).stream()
                .filter(contestant -> contestant.isJava() || go.isPresent())
                .collect(Collectors.toList());
        if (go.isEmpty()) {
            System.out.println("go: skipped, " + NativePrograms.NO_GO);
        }
        return new EchoRun.Setup(
                contestants,
                server.cores(),
                server.flags(SERVER_FLAGS),
                "java".equals(generator) ? Optional.empty() : cGenerator(programs),
                go,
                seconds(warmUp, quick ? 2 : 3),
                seconds(measure, quick ? 1 : 3));
    }

    private Optional<Path> cGenerator(NativePrograms programs) {
        Optional<Path> program = programs.echoLoad();
        if (program.isEmpty()) {
            if ("c".equals(generator)) {
                throw new IllegalArgumentException("--generator: c (" + NativePrograms.NO_GCC + ")");
            }
            System.out.println("C load generator: skipped, " + NativePrograms.NO_GCC);
        }
        return program;
    }

    private String head(Environment environment, EchoRun.Setup setup) {
        StringBuilder head = new StringBuilder("# TCP echo\n\n");
        if (quick) {
            head.append("**").append(NOT_FOR_QUOTING).append("**\n\n");
        }
        head.append("```\n").append(environment);
        line(head, "pinning", setup.cores().toString());
        line(head, "server flags", String.join(" ", setup.serverFlags()));
        line(head, "generator", setup.cGenerator().isPresent() ? "C (echoload.c)" : "Java (EchoLoad)");
        line(
                head,
                "rounds",
                rounds() + " of " + setup.measure().toMillis() + " ms after "
                        + setup.warmUp().toMillis() + " ms, each with fresh processes; open loop: " + tailRounds());
        return head.append("```\n").toString();
    }

    private static void line(StringBuilder text, String name, String value) {
        text.append(String.format("%-18s %s%n", name, value));
    }

    private Map<EchoPreset, Integer> rates(List<EchoPreset> presets, EchoSamples samples) {
        Map<EchoPreset, Integer> rates = new LinkedHashMap<>();
        for (EchoPreset load : presets) {
            if (rate > 0) {
                rates.put(load, rate);
            } else if (!samples.of(EchoSample.CLOSED, load, EchoRun.BASE).isEmpty()) {
                double reached = samples.interval(EchoSample.CLOSED, load, EchoRun.BASE, EchoSample::messagesPerSecond)
                        .median();
                rates.put(load, (int) (reached * TAIL_LOAD));
            }
        }
        return rates;
    }

    private int rounds() {
        return rounds != null ? rounds : quick ? 3 : 9;
    }

    private int tailRounds() {
        return tailRounds != null ? tailRounds : quick ? 0 : 3;
    }

    private static Duration seconds(@Nullable Double given, int otherwise) {
        return Duration.ofNanos((long) ((given == null ? otherwise : given) * 1e9));
    }
}
