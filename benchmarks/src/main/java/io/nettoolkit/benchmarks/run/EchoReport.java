package io.nettoolkit.benchmarks.run;

import static io.nettoolkit.benchmarks.echo.Contestant.TOOLKIT;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.ToDoubleFunction;

/**
 * The tables of a {@code tcp-echo} run, as Markdown that also reads on a terminal.
 *
 * <p><b>Threading.</b> One thread.
 */
final class EchoReport {

    /** From this part of a core on, the generator is taken for the bottleneck. */
    private static final double SATURATED = 0.95;

    private final EchoSamples samples;
    private final List<EchoPreset> loads;

    EchoReport(EchoSamples samples, List<EchoPreset> loads) {
        this.samples = samples;
        this.loads = loads;
    }

    /** Everything that was measured, judged. */
    String text() {
        StringBuilder text = new StringBuilder();
        long disturbed = samples.all().stream().filter(EchoSample::isDisturbed).count();
        if (disturbed > 0) {
            text.append("\n**The machine was busy with something else: in ")
                    .append(disturbed + " of " + samples.all().size())
                    .append(" samples neither server nor generator had a core for itself.**\n");
        }
        for (EchoPreset load : loads) {
            text.append("\n## ").append(load.describe()).append("\n\n").append(closed(load));
            if (!samples.entries(EchoSample.OPEN, load).isEmpty()) {
                text.append("\nOpen loop, latency from the time a message was due:\n\n")
                        .append(open(load));
            }
        }
        text.append("\n## Targets\n\n").append(targets());
        text.append("\n## Where a peer wins\n\n").append(peerWins());
        return text.toString();
    }

    private String closed(EchoPreset load) {
        Table table = new Table(
                "contestant",
                "k msg/s",
                "p50 us",
                "p99 us",
                "server CPU s/M msg",
                "server CPU",
                "generator CPU",
                "msg/s to N0 [95 %]",
                "CPU saved to N0 [95 %]");
        for (String entry : samples.entries(EchoSample.CLOSED, load)) {
            table.row(
                    entry,
                    number(load, entry, "%.0f", sample -> sample.messagesPerSecond() / 1e3),
                    number(
                            load,
                            entry,
                            "%.0f",
                            sample -> sample.result().latency().p50Nanos() / 1e3),
                    number(
                            load,
                            entry,
                            "%.0f",
                            sample -> sample.result().latency().p99Nanos() / 1e3),
                    number(load, entry, "%.3f", EchoSample::serverCpuMicros),
                    number(load, entry, "%.0f %%", sample -> 100 * sample.serverShare()),
                    number(
                            load,
                            entry,
                            "%.0f %%",
                            sample -> 100 * sample.result().cpuShare()),
                    throughput(load, entry, EchoRun.BASE)
                            .map(Interval::toString)
                            .orElse("-"),
                    cpuSaved(load, entry, EchoRun.BASE).map(Interval::toString).orElse("-"));
        }
        return table.toString();
    }

    private String open(EchoPreset load) {
        Table table = new Table(
                "contestant",
                "k msg/s",
                "p50 us",
                "p99 us",
                "p99.9 us",
                "max us",
                "server CPU s/M msg",
                "sent late p99 us",
                "not sent");
        for (String entry : samples.entries(EchoSample.OPEN, load)) {
            table.row(
                    entry,
                    open(load, entry, "%.0f", sample -> sample.messagesPerSecond() / 1e3),
                    open(
                            load,
                            entry,
                            "%.0f",
                            sample -> sample.result().latency().p50Nanos() / 1e3),
                    open(
                            load,
                            entry,
                            "%.0f",
                            sample -> sample.result().latency().p99Nanos() / 1e3),
                    open(
                            load,
                            entry,
                            "%.0f",
                            sample -> sample.result().latency().p999Nanos() / 1e3),
                    open(
                            load,
                            entry,
                            "%.0f",
                            sample -> sample.result().latency().maxNanos() / 1e3),
                    open(load, entry, "%.3f", EchoSample::serverCpuMicros),
                    open(load, entry, "%.0f", sample -> sample.result().lateNanos() / 1e3),
                    open(load, entry, "%.0f", sample -> sample.result().missed()));
        }
        return table.toString();
    }

    private String targets() {
        Table table = new Table(
                "target",
                "against",
                "promised",
                "msg/s ratio [95 %]",
                "verdict",
                "CPU ratio [95 %]",
                "verdict",
                "counts");
        for (EchoTarget target : EchoTarget.ALL) {
            Optional<Interval> throughput = throughput(target.load(), TOOLKIT, target.peer());
            Optional<Interval> cpu = cpuSaved(target.load(), TOOLKIT, target.peer());
            if (throughput.isPresent() && cpu.isPresent()) {
                table.row(
                        target.load().name(),
                        target.peer(),
                        target.describe(),
                        throughput.get().toString(),
                        Verdict.of(throughput.get(), target.minimum()).toString(),
                        cpu.get().toString(),
                        Verdict.of(cpu.get(), target.minimum()).toString(),
                        whatCounts(target, throughput.get(), cpu.get()));
            }
        }
        return table.isEmpty()
                ? "Not judged: the run had no `" + TOOLKIT + "` under a load with targets.\n"
                : table + "\nCPU ratio: the peer's server CPU per message over the toolkit's. It counts where the"
                        + " generator is the bottleneck or throughput decides nothing.\n";
    }

    private String whatCounts(EchoTarget target, Interval throughput, Interval cpu) {
        double busiest = Math.max(generatorShare(target.load(), TOOLKIT), generatorShare(target.load(), target.peer()));
        if (busiest >= SATURATED) {
            return String.format(Locale.ROOT, "CPU (generator at %.0f %%)", busiest * 100);
        }
        if (Verdict.of(throughput, target.minimum()) != Verdict.NOT_DECIDABLE) {
            return "msg/s";
        }
        return Verdict.of(cpu, target.minimum()) != Verdict.NOT_DECIDABLE ? "CPU" : "neither";
    }

    private double generatorShare(EchoPreset load, String entry) {
        return samples.interval(
                        EchoSample.CLOSED,
                        load,
                        entry,
                        sample -> sample.result().cpuShare())
                .median();
    }

    private String peerWins() {
        Table table = new Table("load", "peer", "figure", "ratio, below 1 for the peer [95 %]");
        for (EchoPreset load : loads) {
            Set<String> entries = samples.entries(EchoSample.CLOSED, load);
            if (!entries.contains(TOOLKIT)) {
                return "Not judged: the run had no `" + TOOLKIT + "`.\n";
            }
            for (String entry : entries) {
                addWins(table, load, entry);
            }
        }
        return table.isEmpty() ? "Nowhere in this run.\n" : table.toString();
    }

    private void addWins(Table table, EchoPreset load, String peer) {
        throughput(load, TOOLKIT, peer)
                .filter(ratio -> ratio.median() < 1)
                .ifPresent(ratio -> table.row(load.name(), peer, "msg/s", ratio.toString()));
        cpuSaved(load, TOOLKIT, peer)
                .filter(ratio -> ratio.median() < 1)
                .ifPresent(ratio -> table.row(load.name(), peer, "server CPU per message", ratio.toString()));
        addTail(table, load, peer, "p99", sample -> sample.result().latency().p99Nanos());
        addTail(table, load, peer, "p99.9", sample -> sample.result().latency().p999Nanos());
    }

    private void addTail(Table table, EchoPreset load, String peer, String tail, ToDoubleFunction<EchoSample> figure) {
        for (String loop : List.of(EchoSample.CLOSED, EchoSample.OPEN)) {
            samples.ratio(loop, load, peer, TOOLKIT, figure)
                    .filter(ratio -> ratio.median() < 1)
                    .ifPresent(ratio -> table.row(load.name(), peer, tail + " (" + loop + " loop)", ratio.toString()));
        }
    }

    private Optional<Interval> throughput(EchoPreset load, String entry, String base) {
        return samples.ratio(EchoSample.CLOSED, load, entry, base, EchoSample::messagesPerSecond);
    }

    /** How many times less processor time {@code entry}'s server needs for a message than {@code base}'s. */
    private Optional<Interval> cpuSaved(EchoPreset load, String entry, String base) {
        return samples.ratio(EchoSample.CLOSED, load, entry, base, sample -> 1 / sample.serverCpuMicros());
    }

    private String number(EchoPreset load, String entry, String format, ToDoubleFunction<EchoSample> figure) {
        return String.format(
                Locale.ROOT,
                format,
                samples.interval(EchoSample.CLOSED, load, entry, figure).median());
    }

    private String open(EchoPreset load, String entry, String format, ToDoubleFunction<EchoSample> figure) {
        return String.format(
                Locale.ROOT,
                format,
                samples.interval(EchoSample.OPEN, load, entry, figure).median());
    }
}
