package io.nettoolkit.examples;

import java.io.Console;
import java.io.PrintStream;
import java.util.Locale;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;

/** How far a transfer is: a bar on a terminal, else a line for every fifth of the way. For one thread. */
final class FileProgress implements AutoCloseable {

    private static final long BYTES_PER_MB = 1_000_000;
    private static final long BYTES_PER_KB = 1_000;
    private static final int LINES = 5;

    private final PrintStream out;
    private final long totalBytes;
    private final @Nullable ProgressBar bar;
    private long linesPrinted;

    FileProgress(long totalBytes) {
        this(System.out, totalBytes);
    }

    FileProgress(PrintStream out, long totalBytes) {
        this.out = out;
        this.totalBytes = totalBytes;
        bar = isTerminal()
                ? new ProgressBarBuilder()
                        .setTaskName("sending")
                        .setInitialMax(totalBytes)
                        .setUnit(" kB", BYTES_PER_KB)
                        .setStyle(ProgressBarStyle.ASCII)
                        .setConsumer(new ConsoleProgressBarConsumer(out))
                        .build()
                : null;
    }

    /** Shows that so many bytes are on their way. */
    void show(long bytes) {
        if (bar != null) {
            bar.stepTo(bytes);
            return;
        }
        long lines = totalBytes == 0 ? 0 : Math.min(LINES, bytes * LINES / totalBytes);
        if (lines > linesPrinted) {
            linesPrinted = lines;
            out.printf(
                    Locale.ROOT,
                    "progress  %.1f of %.1f MB%n",
                    (double) bytes / BYTES_PER_MB,
                    (double) totalBytes / BYTES_PER_MB);
        }
    }

    @Override
    public void close() {
        if (bar != null) {
            bar.close();
        }
    }

    @SuppressWarnings("SystemConsoleNull") // since Java 22 there may be a console without a terminal: it is asked below
    private static boolean isTerminal() {
        Console console = System.console();
        if (console == null) {
            return false;
        }
        try {
            return (boolean) Console.class.getMethod("isTerminal").invoke(console);
        } catch (ReflectiveOperationException olderJava) {
            return true;
        }
    }
}
