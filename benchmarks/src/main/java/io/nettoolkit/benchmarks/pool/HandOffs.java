package io.nettoolkit.benchmarks.pool;

import io.nettoolkit.benchmarks.run.Programs;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.HdrHistogram.Histogram;

/**
 * How long it takes from a release to the caller that had been waiting for it, and how often the threads of this process
 * gave up their processor meanwhile. Warm-up is left out; the figures are printed when a fork ends.
 */
final class HandOffs {

    private static final long LONGEST_NANOS = 60_000_000_000L;
    private static final int DIGITS = 3;

    private final List<Histogram> histograms = new ArrayList<>();
    private Switches begun = Switches.now();
    private long operations;

    /** One for each thread or caller, because they are not made to be shared. */
    synchronized Histogram newHistogram() {
        Histogram histogram = new Histogram(LONGEST_NANOS, DIGITS);
        histograms.add(histogram);
        return histogram;
    }

    /** Counts only where the connection was given back after it had been asked for. */
    static void record(Histogram histogram, long askedNanos, StampedChannel channel) {
        if (channel.releasedNanos - askedNanos > 0) {
            histogram.recordValue(Math.min(LONGEST_NANOS, System.nanoTime() - channel.releasedNanos));
        }
    }

    /** Forgets the warm-up. */
    synchronized void begin() {
        histograms.forEach(Histogram::reset);
        operations = 0;
        begun = Switches.now();
    }

    synchronized void add(long done) {
        operations += done;
    }

    /** One line. */
    synchronized String report() {
        Histogram all = new Histogram(LONGEST_NANOS, DIGITS);
        histograms.forEach(all::add);
        Switches switches = Switches.now();
        double count = Math.max(1, operations);
        return String.format(
                Locale.ROOT,
                "%,d hand-offs in %,d operations; us: p50 %.1f, p99 %.1f, p99.9 %.1f, max %.1f;"
                        + " context switches an operation: %.3f voluntary, %.3f not",
                all.getTotalCount(),
                operations,
                all.getValueAtPercentile(50) / 1e3,
                all.getValueAtPercentile(99) / 1e3,
                all.getValueAtPercentile(99.9) / 1e3,
                all.getMaxValue() / 1e3,
                (switches.voluntary - begun.voluntary) / count,
                (switches.involuntary - begun.involuntary) / count);
    }

    /** Of all threads there are; both 0 where the kernel does not tell. */
    private record Switches(long voluntary, long involuntary) {

        static Switches now() {
            long voluntary = 0;
            long involuntary = 0;
            try (DirectoryStream<Path> threads = Files.newDirectoryStream(Path.of("/proc/self/task"))) {
                for (Path thread : threads) {
                    voluntary += count(thread, "voluntary_ctxt_switches:");
                    involuntary += count(thread, "nonvoluntary_ctxt_switches:");
                }
            } catch (NoSuchFileException notLinux) {
                return new Switches(0, 0);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            return new Switches(voluntary, involuntary);
        }

        private static long count(Path thread, String name) {
            return Programs.lineOf(thread.resolve("status"), name)
                    .map(line -> Long.parseLong(line.substring(name.length()).strip()))
                    .orElse(0L);
        }
    }
}
