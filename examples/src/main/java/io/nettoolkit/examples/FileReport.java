package io.nettoolkit.examples;

import io.nettoolkit.core.TimeSource;
import io.nettoolkit.examples.FileDigest.Result;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import org.HdrHistogram.Histogram;

/** What became of the demo's files. For all threads. */
final class FileReport {

    private static final int HISTOGRAM_DIGITS = 3;

    private final Path root;
    private final TimeSource time = TimeSource.system();
    private final LongAdder bytes = new LongAdder();
    private final Histogram latencyNanos = new Histogram(HISTOGRAM_DIGITS);
    private final List<String> notes = new ArrayList<>();
    private final List<String> failures = new ArrayList<>();
    private long firstNanos;
    private long lastNanos;

    /** Files are named relative to the root. */
    FileReport(Path root) {
        this.root = root;
    }

    long nanoTime() {
        return time.nanoTime();
    }

    /** Bytes of a file went out. */
    void sent(int count) {
        bytes.add(count);
    }

    long bytesSent() {
        return bytes.sum();
    }

    /** The server's answer for a file whose sending began at that time; it should say what we know. */
    synchronized void answered(Path file, long startNanos, Result sent, Result answer) {
        long now = time.nanoTime();
        if (answers() == 0) {
            firstNanos = startNanos;
        }
        firstNanos = startNanos - firstNanos < 0 ? startNanos : firstNanos;
        lastNanos = now;
        latencyNanos.recordValue(now - startNanos);
        if (!sent.equals(answer)) {
            failed(file, "the server's answer differs\n      sent:   " + sent + "\n      answer: " + answer);
        }
    }

    /** Something the reader should know, though every answer was right. */
    synchronized void changed(Path file, String how) {
        notes.add(name(file) + ": " + how);
    }

    /** A file that was not sent and confirmed. */
    synchronized void failed(Path file, String why) {
        failures.add(name(file) + ": " + why);
    }

    /** Files for which an answer came, be it right or wrong. */
    synchronized long answers() {
        return latencyNanos.getTotalCount();
    }

    /** From the first file's first byte to the last answer. */
    synchronized double seconds() {
        return (lastNanos - firstNanos) / 1e9;
    }

    synchronized double latencyMillis(double percentile) {
        return latencyNanos.getValueAtPercentile(percentile) / 1e6;
    }

    synchronized List<String> notes() {
        return List.copyOf(notes);
    }

    synchronized List<String> failures() {
        return List.copyOf(failures);
    }

    /** Why a file cannot be read, in words. */
    static String reason(IOException failure) {
        return failure instanceof AccessDeniedException
                ? "cannot be read: permission denied"
                : "cannot be read: " + failure;
    }

    private String name(Path file) {
        return root.relativize(file).toString();
    }
}
