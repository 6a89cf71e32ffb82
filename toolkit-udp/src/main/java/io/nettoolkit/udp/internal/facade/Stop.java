package io.nettoolkit.udp.internal.facade;

import io.nettoolkit.core.DrainReport;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.core.internal.ToolkitFuture;
import io.nettoolkit.core.internal.jfr.JfrEvents;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.ScheduledFuture;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The end of all connections of a server or client: waits for a number of things to close, forces them when the grace period
 * is over, and reports.
 *
 * <p>Threading: any.
 */
final class Stop {

    private final TimeSource time;
    private final Consumer<DrainReport> listener;
    private final long startNanos;
    private final EventLoop loop;
    private final ToolkitFuture<DrainReport> report;
    private final AtomicInteger left = new AtomicInteger(1);
    private final AtomicInteger ending = new AtomicInteger();
    private final AtomicInteger forced = new AtomicInteger();
    private @Nullable ScheduledFuture<?> graceTimer;

    Stop(EventLoop loop, TimeSource time, Consumer<DrainReport> listener) {
        this.loop = loop;
        this.time = time;
        this.listener = listener;
        startNanos = time.nanoTime();
        report = new ToolkitFuture<>(loop);
    }

    ToolkitFuture<DrainReport> report() {
        return report;
    }

    /** One more thing to wait for. */
    void await() {
        left.incrementAndGet();
    }

    /** One of them is over. */
    void over() {
        if (left.decrementAndGet() == 0) {
            finish();
        }
    }

    /** A connection is asked to end. */
    void countEnding() {
        ending.incrementAndGet();
    }

    /** A connection was cut. */
    void countForced() {
        forced.incrementAndGet();
    }

    /** All that is to be waited for is known. */
    void begin(Duration grace, Runnable force) {
        graceTimer = loop.schedule(force, grace.toNanos(), TimeUnit.NANOSECONDS);
        over();
    }

    private void finish() {
        if (graceTimer != null) {
            graceTimer.cancel(false);
        }
        int total = ending.get();
        int cut = Math.min(forced.get(), total);
        Duration elapsed = Duration.ofNanos(time.nanoTime() - startNanos);
        DrainReport result = new DrainReport(total - cut, cut, elapsed);
        JfrEvents.drain(result);
        listener.accept(result);
        report.succeed(result);
    }
}
