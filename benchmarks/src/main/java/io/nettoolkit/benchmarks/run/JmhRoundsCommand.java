package io.nettoolkit.benchmarks.run;

import io.nettoolkit.benchmarks.Environment;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * {@code jmh-rounds}: JMH in rounds. One after another the contestants of a class run in a fork each, and then again, so that
 * what disturbs the machine for a while disturbs them all; the ratios are those within a round.
 */
@Command(
        name = "jmh-rounds",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Runs JMH benchmarks in interleaved rounds, and shows each contestant's ratio to the toolkit.")
public final class JmhRoundsCommand implements Runnable {

    private static final int WARMUPS = 3;
    private static final int MEASUREMENTS = 3;

    @Parameters(arity = "1..*", paramLabel = "REGEX", description = "The benchmarks, as JMH takes them.")
    private List<String> includes = List.of();

    @Option(names = "--rounds", paramLabel = "N", description = "Rounds. Default: 9.")
    private int rounds = 9;

    @Option(
            names = "--threads",
            paramLabel = "N,N",
            split = ",",
            description = "Numbers of threads; JMH's own choice unless given.")
    private List<Integer> threads = List.of();

    @Option(
            names = "--time",
            paramLabel = "MS",
            description = "Milliseconds of an iteration; a fork has 3 to warm up and 3 that count. Default: 500.")
    private int millis = 500;

    @Option(names = "--base", paramLabel = "NAME", description = "Whom the ratios are to. Default: toolkit.")
    private String base = "toolkit";

    @Option(names = "--jvm-argument", paramLabel = "ARG", description = "One more argument of the forked JVMs.")
    private List<String> jvmArguments = List.of();

    @Option(names = "--out", paramLabel = "DIR", description = "Also write report.md, env.json and raw.csv there.")
    private @Nullable Path out;

    @Override
    public void run() {
        Environment environment = Environment.read();
        String head = "# " + String.join(" ", includes) + "\n\n```\n" + environment
                + String.format(
                        "%-18s %d, %d + %d iterations of %d ms%n", "rounds", rounds, WARMUPS, MEASUREMENTS, millis)
                + "```\n\n";
        System.out.print(head);
        JmhRounds results = new JmhRounds(base);
        for (int round = 1; round <= rounds; round++) {
            System.err.printf("round %d of %d%n", round, rounds);
            if (threads.isEmpty()) {
                results.add(round, runRound(0));
            }
            for (int count : threads) {
                results.add(round, runRound(count));
            }
        }
        String report = results.report();
        System.out.print(report);
        if (out != null) {
            ReportDirectory.write(out, head + report, environment, results.csv());
        }
    }

    private Iterable<RunResult> runRound(int threadCount) {
        OptionsBuilder options = new OptionsBuilder();
        includes.forEach(options::include);
        options.forks(1)
                .warmupIterations(WARMUPS)
                .warmupTime(TimeValue.milliseconds(millis))
                .measurementIterations(MEASUREMENTS)
                .measurementTime(TimeValue.milliseconds(millis))
                .addProfiler(GCProfiler.class)
                .shouldFailOnError(true)
                .verbosity(VerboseMode.SILENT)
                .jvmArgsAppend(jvmArguments.toArray(new String[0]));
        if (threadCount > 0) {
            options.threads(threadCount);
        }
        try {
            return new Runner(options.build()).run();
        } catch (RunnerException e) {
            throw new IllegalStateException("the round failed: " + e.getMessage(), e);
        }
    }
}
