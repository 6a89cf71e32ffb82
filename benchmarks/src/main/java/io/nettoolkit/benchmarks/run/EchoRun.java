package io.nettoolkit.benchmarks.run;

import io.nettoolkit.benchmarks.echo.Contestant;
import io.nettoolkit.benchmarks.echo.EchoServerMain;
import io.nettoolkit.benchmarks.load.EchoLoad;
import io.nettoolkit.benchmarks.load.LoadResult;
import io.nettoolkit.benchmarks.load.LoadSpec;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Runs contestants in interleaved rounds: in each round every contestant meets every load once, as a fresh process, in
 * an order that moves by one from round to round, so that neither a slow minute of the machine nor one lucky
 * compilation of a JIT favours anybody.
 *
 * <p>One more entry, {@value #CONTROL}, is the base contestant again: its ratio to the base is the noise floor.
 *
 * <p><b>Threading.</b> One thread.
 */
final class EchoRun {

    /** What ratios are taken against. */
    static final String BASE = Contestant.NETTY_TUTORIAL.label();

    /** The base contestant once more. */
    static final String CONTROL = "nettyTutorial again (A/A)";

    private static final List<String> GENERATOR_FLAGS = List.of("-Xmx256m", "-XX:+UseSerialGC");

    private final Setup setup;
    private final EchoSamples samples;
    private final Consumer<String> progress;

    /**
     * How to run.
     *
     * @param contestants who takes part
     * @param cores       who runs where
     * @param serverFlags JVM flags of every Java server
     * @param cGenerator  the compiled C generator; without it the Java one is used
     * @param goServer    the compiled Go server, if Go takes part
     * @param warmUp      time under load before measuring
     * @param measure     measured time
     */
    record Setup(
            List<Contestant> contestants,
            Cores cores,
            List<String> serverFlags,
            Optional<Path> cGenerator,
            Optional<Path> goServer,
            Duration warmUp,
            Duration measure) {}

    EchoRun(Setup setup, EchoSamples samples, Consumer<String> progress) {
        this.setup = setup;
        this.samples = samples;
        this.progress = progress;
    }

    /** Every connection keeps its depth in flight. */
    void closedLoop(List<EchoPreset> loads, int rounds) {
        for (int round = 1; round <= rounds; round++) {
            for (EchoPreset load : loads) {
                for (Entry entry : entries(round)) {
                    sample(EchoSample.CLOSED, load, entry, round, 0);
                }
            }
        }
    }

    /** Messages are due at a fixed rate, per load the same for all. */
    void openLoop(Map<EchoPreset, Integer> rates, int rounds) {
        for (int round = 1; round <= rounds; round++) {
            for (Map.Entry<EchoPreset, Integer> load : rates.entrySet()) {
                for (Entry entry : entries(round)) {
                    if (!entry.label.equals(CONTROL)) {
                        sample(EchoSample.OPEN, load.getKey(), entry, round, load.getValue());
                    }
                }
            }
        }
    }

    private record Entry(String label, Contestant contestant) {}

    private List<Entry> entries(int round) {
        List<Entry> entries = new ArrayList<>();
        for (Contestant contestant : setup.contestants) {
            entries.add(new Entry(contestant.label(), contestant));
        }
        if (setup.contestants.contains(Contestant.NETTY_TUTORIAL)) {
            entries.add(new Entry(CONTROL, Contestant.NETTY_TUTORIAL));
        }
        Collections.rotate(entries, 1 - round);
        return entries;
    }

    private void sample(String loop, EchoPreset load, Entry entry, int round, int messagesPerSecond) {
        LoadSpec spec = new LoadSpec(load.shape(), setup.warmUp, setup.measure, messagesPerSecond);
        try (ChildProcess server = ChildProcess.start(serverCommand(entry.contestant))) {
            int port = Integer.parseInt(server.await("ready"));
            try (ChildProcess generator = ChildProcess.start(generatorCommand(spec, port))) {
                generator.await(LoadResult.MEASURING);
                Duration before = server.cpuTime();
                String line = generator.await(LoadResult.MARK);
                double cpuSeconds = server.cpuTime().minus(before).toNanos() / 1e9;
                EchoSample sample = new EchoSample(
                        loop, load, entry.label, round, LoadResult.parse(LoadResult.MARK + " " + line), cpuSeconds);
                samples.add(sample);
                progress.accept(sample.toCsv());
            }
        }
    }

    private List<String> serverCommand(Contestant contestant) {
        List<String> command = contestant.isJava()
                ? ChildProcess.java(setup.serverFlags, EchoServerMain.class.getName(), List.of(contestant.label()))
                : List.of(setup.goServer.orElseThrow().toString());
        return Cores.pin(setup.cores.server(), command);
    }

    private List<String> generatorCommand(LoadSpec spec, int port) {
        List<String> arguments = spec.toArguments("127.0.0.1", port);
        List<String> command = new ArrayList<>();
        if (setup.cGenerator.isPresent()) {
            command.add(setup.cGenerator.get().toString());
            command.addAll(arguments);
        } else {
            command.addAll(ChildProcess.java(GENERATOR_FLAGS, EchoLoad.class.getName(), arguments));
        }
        return Cores.pin(setup.cores.generator(), command);
    }
}
