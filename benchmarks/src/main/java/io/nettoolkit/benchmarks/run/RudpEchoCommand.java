package io.nettoolkit.benchmarks.run;

import io.nettoolkit.benchmarks.stream.StreamContestant;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code rudp-echo}: how long a message of 100 bytes takes there and back over loopback. */
@Command(
        name = "rudp-echo",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Ping-pong over loopback: reliable UDP, Netty QUIC, kcp-netty and TCP.")
public final class RudpEchoCommand extends StreamCommand {

    private static final int P50 = 0;
    private static final int P99 = 1;
    private static final int P999 = 2;
    /** How many times TCP's median ours may be; the verdict is on the inverse, which has to be large. */
    private static final double TARGET = 1.5;

    @Option(names = "--pings", paramLabel = "N", description = "Round trips of each measurement. Default: 20,000.")
    private int pings = 20_000;

    @Override
    String title() {
        return "Ping-pong over loopback";
    }

    @Override
    String order(StreamContestant contestant, @Nullable Sample latest) {
        // At each of KCP's intervals one message goes out.
        return "echo " + (contestant == StreamContestant.KCP_NETTY ? Math.max(1, pings / 100) : pings);
    }

    @Override
    String csvHeader() {
        return "contestant,round,p50_micros,p99_micros,p999_micros";
    }

    @Override
    String csvLine(StreamContestant contestant, int round, Sample sample) {
        return String.format(
                Locale.ROOT,
                "%s,%d,%.2f,%.2f,%.2f",
                contestant.id(),
                round,
                sample.figures()[P50],
                sample.figures()[P99],
                sample.figures()[P999]);
    }

    @Override
    Table table(Results results) {
        Table table =
                new Table("contestant", "p50 us", "95 %", "p99 us", "p99.9 us", "x TCP's p50", "target", "verdict");
        Map<StreamContestant, ?> all = results.samples();
        results.samples().forEach((contestant, own) -> {
            Interval median = interval(own, sample -> sample.figures()[P50]);
            boolean compared = all.containsKey(StreamContestant.NETTY_TCP) && contestant != StreamContestant.NETTY_TCP;
            boolean judged = compared && contestant == StreamContestant.TOOLKIT;
            table.row(
                    contestant.toString(),
                    String.format(Locale.ROOT, "%,.1f", median.median()),
                    String.format(Locale.ROOT, "[%,.1f, %,.1f]", median.low(), median.high()),
                    String.format(
                            Locale.ROOT,
                            "%,.1f",
                            interval(own, sample -> sample.figures()[P99]).median()),
                    String.format(
                            Locale.ROOT,
                            "%,.1f",
                            interval(own, sample -> sample.figures()[P999]).median()),
                    compared
                            ? ratio(own, results.of(StreamContestant.NETTY_TCP), P50)
                                    .toString()
                            : "",
                    judged ? String.format(Locale.ROOT, "<= %.1f", TARGET) : "",
                    judged
                            ? Verdict.of(ratio(results.of(StreamContestant.NETTY_TCP), own, P50), 1 / TARGET)
                                    .toString()
                            : "");
        });
        return table;
    }
}
