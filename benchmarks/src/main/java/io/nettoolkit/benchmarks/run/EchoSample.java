package io.nettoolkit.benchmarks.run;

import io.nettoolkit.benchmarks.load.LoadResult;
import java.util.Locale;

/**
 * One contestant under one load in one round.
 *
 * <p><b>Threading.</b> Immutable.
 *
 * @param loop             {@code closed} or {@code open}
 * @param load             the load
 * @param entry            the contestant's name in the run
 * @param round            from 1
 * @param result           what the generator measured
 * @param serverCpuSeconds processor time of the server in the measured time
 */
record EchoSample(String loop, EchoPreset load, String entry, int round, LoadResult result, double serverCpuSeconds) {

    static final String CLOSED = "closed";
    static final String OPEN = "open";

    private static final double UNDISTURBED = 0.85;

    static final String CSV_HEADER = "loop,load,contestant,round,messages,seconds,messages_per_second,"
            + "p50_ns,p90_ns,p99_ns,p999_ns,max_ns,server_cpu_seconds,server_cpu_us_per_message,generator_cpu_seconds,"
            + "late_p99_ns,missed";

    double messagesPerSecond() {
        return result.messagesPerSecond();
    }

    /** Server processor time per message; also the server's CPU-seconds per million messages. */
    double serverCpuMicros() {
        return serverCpuSeconds * 1e6 / result.messages();
    }

    /** The part of one core the server got. */
    double serverShare() {
        return serverCpuSeconds / result.seconds();
    }

    /**
     * Whether neither side had a core for itself, though a closed loop keeps one of them busy: something else was
     * running there, and the rate says little.
     */
    boolean isDisturbed() {
        return loop.equals(CLOSED) && Math.max(serverShare(), result.cpuShare()) < UNDISTURBED;
    }

    String toCsv() {
        LoadResult.Latency latency = result.latency();
        return String.format(
                Locale.ROOT,
                "%s,%s,%s,%d,%d,%.6f,%.0f,%d,%d,%d,%d,%d,%.3f,%.4f,%.3f,%d,%d",
                loop,
                load.name(),
                entry,
                round,
                result.messages(),
                result.seconds(),
                messagesPerSecond(),
                latency.p50Nanos(),
                latency.p90Nanos(),
                latency.p99Nanos(),
                latency.p999Nanos(),
                latency.maxNanos(),
                serverCpuSeconds,
                serverCpuMicros(),
                result.cpuSeconds(),
                result.lateNanos(),
                result.missed());
    }
}
