package io.nettoolkit.benchmarks.load;

import java.util.HashMap;
import java.util.Map;
import org.HdrHistogram.Histogram;

/**
 * What a load generator measured; printed and read back as one line, the same one from the Java and the C generator.
 *
 * <p><b>Threading.</b> Immutable.
 *
 * @param messages   answers received while measuring
 * @param seconds    length of the measured time
 * @param cpuSeconds processor time the generator itself used in that time
 * @param latency    round-trip times
 * @param lateNanos  99th percentile of how late the generator sent what was due (open loop, else 0)
 * @param missed     messages that were due but not sent because too many were unanswered (open loop, else 0)
 */
public record LoadResult(
        long messages, double seconds, double cpuSeconds, Latency latency, long lateNanos, long missed) {

    /** The first word of the printed line. */
    public static final String MARK = "result";

    /** Printed alone on a line when the warm-up is over, so that whoever watches can read the server's clocks. */
    public static final String MEASURING = "measuring";

    /** Percentiles of round-trip times, in nanoseconds. */
    public record Latency(long p50Nanos, long p90Nanos, long p99Nanos, long p999Nanos, long maxNanos) {

        static Latency of(Histogram histogram) {
            return new Latency(
                    histogram.getValueAtPercentile(50),
                    histogram.getValueAtPercentile(90),
                    histogram.getValueAtPercentile(99),
                    histogram.getValueAtPercentile(99.9),
                    histogram.getMaxValue());
        }
    }

    /** Answers per second. */
    public double messagesPerSecond() {
        return messages / seconds;
    }

    /** The part of one core the generator used; near 1 it is the bottleneck. */
    public double cpuShare() {
        return cpuSeconds / seconds;
    }

    /** The line to print. */
    public String toLine() {
        return String.format(
                java.util.Locale.ROOT,
                "%s messages=%d seconds=%.6f cpu=%.3f p50=%d p90=%d p99=%d p999=%d max=%d late=%d missed=%d",
                MARK,
                messages,
                seconds,
                cpuSeconds,
                latency.p50Nanos,
                latency.p90Nanos,
                latency.p99Nanos,
                latency.p999Nanos,
                latency.maxNanos,
                lateNanos,
                missed);
    }

    /** Reads the line back. */
    public static LoadResult parse(String line) {
        Map<String, String> fields = new HashMap<>();
        for (String word : line.substring(MARK.length()).trim().split(" ", -1)) {
            int equals = word.indexOf('=');
            fields.put(word.substring(0, equals), word.substring(equals + 1));
        }
        return new LoadResult(
                number(fields, "messages"),
                decimal(fields, "seconds"),
                decimal(fields, "cpu"),
                new Latency(
                        number(fields, "p50"),
                        number(fields, "p90"),
                        number(fields, "p99"),
                        number(fields, "p999"),
                        number(fields, "max")),
                number(fields, "late"),
                number(fields, "missed"));
    }

    private static long number(Map<String, String> fields, String name) {
        return Long.parseLong(field(fields, name));
    }

    private static double decimal(Map<String, String> fields, String name) {
        return Double.parseDouble(field(fields, name));
    }

    private static String field(Map<String, String> fields, String name) {
        String value = fields.get(name);
        if (value == null) {
            throw new IllegalArgumentException("line: " + fields + " (has no field " + name + ")");
        }
        return value;
    }
}
