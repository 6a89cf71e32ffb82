package io.nettoolkit.benchmarks.run;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.benchmarks.run.StreamCommand.Results;
import io.nettoolkit.benchmarks.run.StreamCommand.Sample;
import io.nettoolkit.benchmarks.stream.StreamContestant;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RudpEchoCommandTest {

    private static final int ROUNDS = 9;

    private final Map<StreamContestant, List<Sample>> samples = new TreeMap<>();

    /** Of one round: so many round trips, their median, and the processor time of server and client. */
    private void add(StreamContestant contestant, long pings, double p50, int serverMillis, int clientMillis) {
        samples.computeIfAbsent(contestant, it -> new ArrayList<>())
                .add(new Sample(
                        pings,
                        new double[] {p50, 2 * p50, 3 * p50},
                        Duration.ofMillis(serverMillis),
                        Duration.ofMillis(clientMillis)));
    }

    private String line(String mark, int occurrence) {
        List<String> lines = new RudpEchoCommand()
                .tables(new Results(samples, Map.of()))
                .lines()
                .filter(line -> line.contains(mark))
                .toList();
        return lines.get(occurrence).replaceAll(" +", " ");
    }

    @Test
    void printsTheProcessorTimeOfBothSidesForEachRoundTrip() {
        for (int round = 0; round < ROUNDS; round++) {
            add(StreamContestant.TOOLKIT, 10_000, 100, 300 + round, 500);
            // It plays fewer rounds of ping-pong.
            add(StreamContestant.KCP_NETTY, 100, 100, 40, 88);
            add(StreamContestant.NETTY_TCP, 10_000, 80, 300, 340);
        }

        assertThat(line("plaintext", 0)).contains("| 100.0 | [100.0, 100.0] | 200.0 | 300.0 | 80.4 | [80.1, 80.7] |");
        assertThat(line("kcp-netty", 0)).contains("| 1,280.0 | [1,280.0, 1,280.0] |");
        assertThat(line("Netty TCP", 0)).contains("| 64.0 | [64.0, 64.0] |");
        assertThat(line("kcp-netty", 1)).contains("| 1.25 [1.25, 1.25] | | | 20.00 [20.00, 20.00] | |");
    }

    /** The machine is slower from round to round, which no ratio within a round shows. */
    @Test
    void judgesProcessorTimeWithinEachRoundWhereTheTimeSaysNothing() {
        for (int round = 1; round <= ROUNDS; round++) {
            add(StreamContestant.TOOLKIT, 10_000, round % 2 == 0 ? 200 : 100, 140 * round, 140 * round);
            add(StreamContestant.NETTY_TCP, 10_000, 100, 100 * round, 100 * round);
        }

        assertThat(line("plaintext", 1))
                .contains("| 1.00 [1.00, 2.00] | <= 1.5 | Not decidable here | 1.40 [1.40, 1.40] | Holds |");
    }

    @Test
    void missesWhereMoreProcessorTimeIsNeeded() {
        IntStream.range(0, ROUNDS).forEach(round -> {
            add(StreamContestant.TOOLKIT, 10_000, 140, 160, 160);
            add(StreamContestant.NETTY_TCP, 10_000, 100, 100, 100);
        });

        assertThat(line("plaintext", 1))
                .contains("| 1.40 [1.40, 1.40] | <= 1.5 | Holds | 1.60 [1.60, 1.60] | Missed |");
    }

    @Test
    void comparesNothingWithoutTcp() {
        add(StreamContestant.TOOLKIT, 10_000, 100, 100, 100);

        assertThat(new RudpEchoCommand().tables(new Results(samples, Map.of()))).doesNotContain("to TCP's");
    }
}
