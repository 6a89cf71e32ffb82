package io.nettoolkit.benchmarks.run;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.benchmarks.load.LoadResult;
import java.util.List;
import org.junit.jupiter.api.Test;

class EchoReportTest {

    private static final EchoPreset LOAD = EchoPreset.SMALL_PIPELINED;

    private final EchoSamples samples = new EchoSamples();

    @Test
    void takesRatiosWithinEachRound() {
        for (int round = 1; round <= 9; round++) {
            add("nettyTutorial", round, 1_000L * round, 1);
            add("toolkit", round, 2_000L * round, 1);
        }

        assertThat(row("nettyTutorial", "1.5x")).contains("2.00 [2.00, 2.00]", "Holds", "msg/s |");
    }

    @Test
    void letsServerProcessorTimeCountWhereTheGeneratorIsTheBottleneck() {
        for (int round = 1; round <= 9; round++) {
            add("go", round, 1_000, 0.5);
            samples.add(new EchoSample(EchoSample.CLOSED, LOAD, "toolkit", round, result(900, 0.99), 0.9 * 0.25));
        }

        // Fewer messages, but each costs half of Go's processor time.
        assertThat(row("go", "1.0x")).contains("0.90 [0.90, 0.90]", "Missed", "2.00 [2.00, 2.00]", "CPU (generator at");
    }

    @Test
    void letsNothingCountOfTooFewRounds() {
        add("nettyTutorial", 1, 1_000, 1);
        add("toolkit", 1, 2_000, 0.5);

        assertThat(row("nettyTutorial", "1.5x")).contains("Not decidable here").endsWith("neither |");
    }

    @Test
    void namesWhereAPeerWins() {
        for (int round = 1; round <= 9; round++) {
            add("nettyTutorial", round, 1_000, 1);
            add("go", round, 3_000, 1);
            add("toolkit", round, 2_000, 1);
        }

        String wins = report().substring(report().indexOf("## Where a peer wins"));
        assertThat(wins).contains("go").contains("0.67").doesNotContain("nettyTutorial");
    }

    @Test
    void saysSoWhenTheToolkitDidNotTakePart() {
        add("nettyTutorial", 1, 1_000, 1);

        assertThat(report()).contains("Not judged");
    }

    @Test
    void warnsWhenNeitherSideHadACoreForItself() {
        add("nettyTutorial", 1, 1_000, 0.3);
        assertThat(report()).contains("busy with something else: in 1 of 1");
    }

    @Test
    void doesNotWarnWhenTheServerOrTheGeneratorWasBusy() {
        add("nettyTutorial", 1, 1_000, 1);
        assertThat(report()).doesNotContain("busy with something else");
    }

    private void add(String entry, int round, long messages, double cpuMillisPerMessage) {
        samples.add(new EchoSample(
                EchoSample.CLOSED, LOAD, entry, round, result(messages, 0.5), messages * cpuMillisPerMessage / 1e3));
    }

    private static LoadResult result(long messages, double cpuSeconds) {
        return new LoadResult(messages, 1, cpuSeconds, new LoadResult.Latency(1, 1, 1, 1, 1), 0, 0);
    }

    private String report() {
        return new EchoReport(samples, List.of(LOAD)).text();
    }

    /** The only line of the targets that has all of {@code words}. */
    private String row(String... words) {
        String text = report();
        List<String> rows = text.substring(text.indexOf("## Targets"))
                .lines()
                .filter(line -> List.of(words).stream().allMatch(line::contains))
                .toList();
        assertThat(rows).hasSize(1);
        return rows.get(0);
    }
}
