package io.nettoolkit.benchmarks.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.nettoolkit.benchmarks.echo.Contestant;
import io.nettoolkit.benchmarks.load.LoadSpec.Shape;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Runs with real processes, too short to measure anything. */
class EchoRunTest {

    private static final EchoPreset LOAD = new EchoPreset("tiny", new Shape(2, 2, 16));

    private final EchoSamples samples = new EchoSamples();

    @Test
    void measuresEveryContestantAndTheControlInEveryRound() {
        EchoRun run = run(List.of(Contestant.NETTY_TUTORIAL), Optional.empty(), Optional.empty());

        run.closedLoop(List.of(LOAD), 1);

        assertThat(samples.all()).extracting(EchoSample::entry).containsExactly(EchoRun.BASE, EchoRun.CONTROL);
        assertThat(samples.all()).allSatisfy(EchoRunTest::hasAnEndedMeasurement);
    }

    @Test
    void buildsAndRunsTheNativeProgramsWhereTheirCompilersAre() {
        NativePrograms programs = new NativePrograms();
        Optional<Path> generator = programs.echoLoad();
        Optional<Path> go = programs.goEcho();
        assumeTrue(generator.isPresent(), NativePrograms.NO_GCC);
        assumeTrue(go.isPresent(), NativePrograms.NO_GO);
        EchoRun run = run(List.of(Contestant.GO), generator, go);

        run.closedLoop(List.of(LOAD), 1);
        run.openLoop(Map.of(LOAD, 1_000), 1);

        assertThat(samples.all()).extracting(EchoSample::loop).containsExactly(EchoSample.CLOSED, EchoSample.OPEN);
        assertThat(samples.all()).allSatisfy(EchoRunTest::hasAnEndedMeasurement);
    }

    /** How much it measured is the machine's business: a busy one may give a process nothing for 100 ms. */
    private static void hasAnEndedMeasurement(EchoSample sample) {
        assertThat(sample.result().seconds()).isGreaterThanOrEqualTo(0.1);
        assertThat(sample.result().messages()).isNotNegative();
        assertThat(sample.toCsv().split(",", -1)).hasSameSizeAs(EchoSample.CSV_HEADER.split(",", -1));
    }

    private EchoRun run(List<Contestant> contestants, Optional<Path> generator, Optional<Path> go) {
        Duration shortTime = Duration.ofMillis(100);
        EchoRun.Setup setup =
                new EchoRun.Setup(contestants, Cores.UNPINNED, List.of("-Xmx64m"), generator, go, shortTime, shortTime);
        return new EchoRun(setup, samples, line -> {});
    }
}
