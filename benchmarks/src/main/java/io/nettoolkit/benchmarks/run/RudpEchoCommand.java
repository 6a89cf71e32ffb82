package io.nettoolkit.benchmarks.run;

import io.nettoolkit.benchmarks.stream.StreamContestant;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;
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

    /** How many times TCP's figure ours may be. */
    private static final double TARGET = 1.5;

    private static final ToDoubleFunction<Sample> P50 = sample -> sample.figures()[0];
    private static final ToDoubleFunction<Sample> P99 = sample -> sample.figures()[1];
    private static final ToDoubleFunction<Sample> P999 = sample -> sample.figures()[2];

    @Option(names = "--pings", paramLabel = "N", description = "Round trips of each measurement. Default: 20,000.")
    private int pings = 20_000;

    @Override
    String title() {
        return "Ping-pong over loopback";
    }

    @Override
    String verb() {
        return "echo";
    }

    @Override
    long amount(StreamContestant contestant, @Nullable Sample latest) {
        // At each of KCP's intervals one message goes out.
        return contestant == StreamContestant.KCP_NETTY ? Math.max(1, pings / 100) : pings;
    }

    @Override
    String csvHeader() {
        return "contestant,round,p50_micros,p99_micros,p999_micros,cpu_micros";
    }

    @Override
    String csvLine(StreamContestant contestant, int round, Sample sample) {
        return String.format(
                Locale.ROOT,
                "%s,%d,%.2f,%.2f,%.2f,%.2f",
                contestant.id(),
                round,
                P50.applyAsDouble(sample),
                P99.applyAsDouble(sample),
                P999.applyAsDouble(sample),
                sample.cpuMicros());
    }

    @Override
    String tables(Results results) {
        Table table = new Table("contestant", "p50 us", "95 %", "p99 us", "p99.9 us", "CPU us", "95 %");
        results.samples().forEach((contestant, own) -> {
            Interval median = interval(own, P50);
            Interval cpu = interval(own, Sample::cpuMicros);
            table.row(
                    contestant.toString(),
                    micros(median.median()),
                    range(median),
                    micros(interval(own, P99).median()),
                    micros(interval(own, P999).median()),
                    micros(cpu.median()),
                    range(cpu));
        });
        String text = table + "\nCPU: processor time of both sides together for one round trip.\n";
        return results.samples().containsKey(StreamContestant.NETTY_TCP) ? text + "\n" + toTcp(results) : text;
    }

    private static String toTcp(Results results) {
        Table table =
                new Table("contestant", "p50 to TCP's [95 %]", "target", "verdict", "CPU to TCP's [95 %]", "verdict");
        results.samples().forEach((contestant, own) -> {
            if (contestant != StreamContestant.NETTY_TCP) {
                boolean judged = contestant == StreamContestant.TOOLKIT;
                List<Sample> tcp = results.of(StreamContestant.NETTY_TCP);
                table.row(
                        contestant.toString(),
                        ratio(own, tcp, P50).toString(),
                        judged ? String.format(Locale.ROOT, "<= %.1f", TARGET) : "",
                        judged ? verdict(own, tcp, P50) : "",
                        ratio(own, tcp, Sample::cpuMicros).toString(),
                        judged ? verdict(own, tcp, Sample::cpuMicros) : "");
            }
        });
        return table + "\nThe CPU's verdict counts where that of the time is too wide for one.\n";
    }

    /** A verdict is on something of which more is better: so on the inverse. */
    private static String verdict(List<Sample> own, List<Sample> tcp, ToDoubleFunction<Sample> figure) {
        return Verdict.of(ratio(tcp, own, figure), 1 / TARGET).toString();
    }

    private static String micros(double micros) {
        return String.format(Locale.ROOT, "%,.1f", micros);
    }

    private static String range(Interval interval) {
        return String.format(Locale.ROOT, "[%,.1f, %,.1f]", interval.low(), interval.high());
    }
}
