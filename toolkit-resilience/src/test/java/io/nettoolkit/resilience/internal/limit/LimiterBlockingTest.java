package io.nettoolkit.resilience.internal.limit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.RejectedException;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.testkit.ManualTime;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Threads that wait, with parking that lets virtual time pass instead. */
class LimiterBlockingTest {

    private static final long SECOND = 1_000_000_000;

    private final ManualTime time = ManualTime.create();
    private final TimeSource clock = TimeSource.of(time.ticker());

    /** Wakes up early each time, as a thread may. */
    private Limiter limiter(Limit limit) {
        return new Limiter(
                limit,
                new LimiterOptions("limiter", "limit", clock, null, 10, false),
                (blocker, nanos) -> time.advance(Duration.ofNanos((nanos + 1) / 2)));
    }

    private Limit tenPerSecond() {
        long now = clock.nanoTime();
        return TokenBucket.of(new TokenRate(10, SECOND, now), 1, now);
    }

    @AfterEach
    void stop() {
        time.close();
    }

    @Test
    void parksUntilThePermitsAreThere() throws InterruptedException {
        Limiter limiter = limiter(tenPerSecond());
        for (int i = 0; i < 5; i++) {
            limiter.acquireBlocking(1, Deadline.after(Duration.ofSeconds(1), clock));
        }

        assertThat(time.elapsed()).isEqualTo(Duration.ofMillis(400));
        assertThat(limiter.stats().pending()).isZero();
        assertThat(limiter.stats().granted()).isEqualTo(5);
    }

    @Test
    void isRefusedAtOnceWhenTheDeadlineComesFirst() {
        Limiter limiter = limiter(tenPerSecond());
        limiter.tryAcquire();

        assertThatExceptionOfType(RejectedException.class)
                .isThrownBy(() -> limiter.acquireBlocking(1, Deadline.after(Duration.ofMillis(50), clock)));

        assertThat(time.elapsed()).isZero();
        assertThat(limiter.stats().pending()).isZero();
    }

    @Test
    void anInterruptGivesThePermitsBack() {
        Limiter limiter = new Limiter(
                tenPerSecond(),
                new LimiterOptions("limiter", "limit", clock, null, 10, false),
                (blocker, nanos) -> Thread.currentThread().interrupt());
        limiter.tryAcquire();

        assertThatThrownBy(() -> limiter.acquireBlocking(1, Deadline.after(Duration.ofSeconds(1), clock)))
                .isInstanceOf(InterruptedException.class);

        assertThat(limiter.retryAfterNanos(1)).isEqualTo(SECOND / 10);
        assertThat(limiter.stats().pending()).isZero();
    }

    @Test
    void severalLimitsTryAgainUntilAllOfThemAdmit() throws InterruptedException {
        Limiter slow = limiter(new FixedWindow(2, SECOND, clock.nanoTime()));
        Limiter both = limiter(new AllLimits(List.of(limiter(tenPerSecond()), slow)));
        for (int i = 0; i < 6; i++) {
            both.acquireBlocking(1, Deadline.after(Duration.ofSeconds(2), clock));
        }

        assertThat(time.elapsed()).isEqualTo(Duration.ofMillis(2100));
        assertThatExceptionOfType(RejectedException.class)
                .isThrownBy(() -> both.acquireBlocking(1, Deadline.after(Duration.ofMillis(500), clock)));
        assertThat(both.stats().pending()).isZero();
    }
}
