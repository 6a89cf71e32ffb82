package io.nettoolkit.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.nettoolkit.core.internal.CoarseClock;
import io.nettoolkit.core.internal.TickerThread;
import io.netty.util.concurrent.MockTicker;
import io.netty.util.concurrent.Ticker;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class TimeSourceTest {

    private final TimeSource system = TimeSource.system();

    @Test
    void readsAGivenTickerForBothReadings() {
        MockTicker ticker = Ticker.newMockTicker();
        TimeSource time = TimeSource.of(ticker);
        ticker.advance(123, TimeUnit.NANOSECONDS);

        assertThat(time.nanoTime()).isEqualTo(123);
        assertThat(time.coarseNanos()).isEqualTo(123);
        assertThat(time.tickNanos()).isZero();
        assertThatNullPointerException().isThrownBy(() -> TimeSource.of(null)).withMessageContaining("ticker");
    }

    @Test
    void isOneClockForTheJvm() {
        assertThat(TimeSource.system()).isSameAs(system);
        assertThat(system.tickNanos()).isEqualTo(TimeUnit.MILLISECONDS.toNanos(10));
        assertThat(system).hasToString("TimeSource.system()");
    }

    @Test
    void neverReadsCoarserThanExactIntoTheFuture() {
        for (int i = 0; i < 100_000; i++) {
            long coarse = system.coarseNanos();
            long exact = system.nanoTime();
            if (exact - coarse < 0) {
                assertThat(coarse).as("coarse before exact").isLessThanOrEqualTo(exact);
            }
        }
    }

    @Test
    void advancesTheCoarseReadingByItself() throws InterruptedException {
        CountDownLatch ticks = new CountDownLatch(3);
        long before = system.coarseNanos();
        TickerThread.TickTask task = now -> ticks.countDown();
        TickerThread.add(task);
        try {
            assertThat(ticks.await(30, TimeUnit.SECONDS)).isTrue();
        } finally {
            TickerThread.remove(task);
        }

        assertThat(system.coarseNanos() - before).isPositive();
        // Generous, for a machine that is busy with other builds: the age of the reading, not its accuracy.
        assertThat(system.nanoTime() - system.coarseNanos()).isLessThan(TimeUnit.SECONDS.toNanos(10));
    }

    @Test
    void publishesAnExactReadingAtOnceAndNeverAnOlderOne() {
        long exact = system.nanoTime();
        CoarseClock.publish(exact);
        assertThat(system.coarseNanos() - exact).isNotNegative();

        CoarseClock.publish(exact - TimeUnit.HOURS.toNanos(1));

        assertThat(system.coarseNanos() - exact).isNotNegative();
    }

    @Test
    void neverGoesBackUnderConcurrentPublishing() throws InterruptedException {
        AtomicBoolean stop = new AtomicBoolean();
        AtomicReference<String> wentBack = new AtomicReference<>();
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            threads.add(new Thread(() -> {
                for (int n = 0; n < 200_000; n++) {
                    // Some readings are late on purpose, as those of a thread that was descheduled would be.
                    CoarseClock.publish(system.nanoTime() - (n % 7 == 0 ? 1_000_000 : 0));
                }
                stop.set(true);
            }));
        }
        threads.add(new Thread(() -> {
            long last = system.coarseNanos();
            while (!stop.get()) {
                long next = system.coarseNanos();
                if (next - last < 0) {
                    wentBack.set(last + " then " + next);
                }
                last = next;
            }
        }));
        threads.forEach(Thread::start);
        for (Thread thread : threads) {
            thread.join();
        }

        assertThat(wentBack).hasNullValue();
    }

    @Test
    void runsOneDaemonTickerThatSurvivesAFailingCheck() throws InterruptedException {
        CountDownLatch ticks = new CountDownLatch(2);
        AtomicReference<Thread> ticker = new AtomicReference<>();
        TickerThread.TickTask failing = now -> {
            ticker.set(Thread.currentThread());
            ticks.countDown();
            throw new IllegalStateException("on purpose");
        };
        TickerThread.add(failing);
        try {
            assertThat(ticks.await(30, TimeUnit.SECONDS)).isTrue();
        } finally {
            TickerThread.remove(failing);
        }

        assertThat(ticker.get().isDaemon()).isTrue();
        assertThat(ticker.get().getName()).isEqualTo("nettoolkit-ticker");
        assertThat(ticker.get().getContextClassLoader()).isNull();
        assertThat(Thread.getAllStackTraces().keySet())
                .filteredOn(thread -> thread.getName().equals("nettoolkit-ticker"))
                .hasSize(1);
    }
}
