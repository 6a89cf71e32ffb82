package io.nettoolkit.benchmarks.run;

import io.nettoolkit.benchmarks.stream.StreamContestant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code rudp-bulk}: how fast one connection over loopback carries a stream. */
@Command(
        name = "rudp-bulk",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Bulk transfer over loopback: reliable UDP, Netty QUIC, kcp-netty and TCP.")
public final class RudpBulkCommand extends StreamCommand {

    private static final double MEGA = 1e6;
    private static final long FIRST_BYTES = 20_000_000;
    private static final long LEAST_BYTES = 1_000_000;
    /** What the toolkit's rate has to be of the peer's. */
    private static final Map<StreamContestant, Double> TARGETS =
            Map.of(StreamContestant.NETTY_QUIC, 1.0, StreamContestant.KCP_NETTY, 3.0);

    @Option(names = "--measure", paramLabel = "S", description = "Seconds of each measurement, about. Default: 2.")
    private double measure = 2;

    @Override
    String title() {
        return "A stream over loopback";
    }

    @Override
    String verb() {
        return "bulk";
    }

    @Override
    long amount(StreamContestant contestant, @Nullable Sample latest) {
        return Math.max(LEAST_BYTES, latest == null ? FIRST_BYTES : (long) (rate(latest) * measure));
    }

    private static double rate(Sample sample) {
        return sample.figures()[0];
    }

    @Override
    String csvHeader() {
        return "contestant,round,bytes_per_second,server_cpu_ms,client_cpu_ms";
    }

    @Override
    String csvLine(StreamContestant contestant, int round, Sample sample) {
        return String.format(
                Locale.ROOT,
                "%s,%d,%.0f,%d,%d",
                contestant.id(),
                round,
                rate(sample),
                sample.serverCpu().toMillis(),
                sample.clientCpu().toMillis());
    }

    @Override
    String tables(Results results) {
        Table table = new Table("contestant", "MB a second", "95 %", "toolkit is x times", "target", "verdict");
        results.samples().forEach((contestant, own) -> {
            Interval rate = interval(own, sample -> rate(sample) / MEGA);
            List<Sample> ours = results.samples().getOrDefault(StreamContestant.TOOLKIT, own);
            Interval ratio = ratio(ours, own, RudpBulkCommand::rate);
            Double target = TARGETS.get(contestant);
            table.row(
                    contestant.toString(),
                    String.format(Locale.ROOT, "%,.1f", rate.median()),
                    String.format(Locale.ROOT, "[%,.1f, %,.1f]", rate.low(), rate.high()),
                    contestant == StreamContestant.TOOLKIT ? "" : ratio.toString(),
                    target == null ? "" : String.format(Locale.ROOT, ">= %.1f", target),
                    target == null ? "" : Verdict.of(ratio, target).toString());
        });
        return table.toString();
    }
}
