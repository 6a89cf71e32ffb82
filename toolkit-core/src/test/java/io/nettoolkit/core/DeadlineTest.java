package io.nettoolkit.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.netty.util.concurrent.MockTicker;
import io.netty.util.concurrent.Ticker;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class DeadlineTest {

    private static final Duration FOR_EVER = ChronoUnit.FOREVER.getDuration();

    private final MockTicker ticker = Ticker.newMockTicker();
    private final TimeSource time = TimeSource.of(ticker);

    @Test
    void expiresExactlyWhenTheClockReachesIt() {
        Deadline deadline = Deadline.after(Duration.ofNanos(100), time);
        ticker.advance(99, TimeUnit.NANOSECONDS);
        assertThat(deadline.isExpired()).isFalse();
        assertThat(deadline.remainingNanos()).isEqualTo(1);

        ticker.advance(1, TimeUnit.NANOSECONDS);

        assertThat(deadline.isExpired()).isTrue();
        assertThat(deadline.remainingNanos()).isZero();
    }

    @Test
    void goesOnCountingBelowZeroInNanosButNotAsADuration() {
        Deadline deadline = Deadline.after(Duration.ofSeconds(1), time);
        ticker.advance(5, TimeUnit.SECONDS);

        assertThat(deadline.remainingNanos()).isEqualTo(-TimeUnit.SECONDS.toNanos(4));
        assertThat(deadline.remaining()).isEqualTo(Duration.ZERO);
    }

    @Test
    void hasPassedAlreadyWhenTheTimeoutIsZeroOrNegative() {
        assertThat(Deadline.after(Duration.ZERO, time).isExpired()).isTrue();
        assertThat(Deadline.after(Duration.ofDays(-1), time).remainingNanos()).isEqualTo(-TimeUnit.DAYS.toNanos(1));
        assertThat(Deadline.after(FOR_EVER.negated(), time).isExpired()).isTrue();
        assertThat(Deadline.after(Duration.ofSeconds(Long.MIN_VALUE), time).isExpired())
                .isTrue();
    }

    @Test
    void cutsHugeTimeoutsInsteadOfOverflowing() {
        Deadline far = Deadline.after(FOR_EVER, time);
        Deadline longAgo = Deadline.after(FOR_EVER.negated(), time);

        assertThat(far.remaining()).isGreaterThan(Duration.ofDays(73 * 365));
        assertThat(far.earlierOf(longAgo)).isSameAs(longAgo);
        assertThat(longAgo.earlierOf(far)).isSameAs(longAgo);
        ticker.advance(365 * 70, TimeUnit.DAYS);
        assertThat(far.isExpired()).isFalse();
        assertThat(Deadline.after(FOR_EVER, time).earlierOf(far)).isSameAs(far);
        assertThat(Deadline.after(FOR_EVER, time).earlierOf(longAgo)).isSameAs(longAgo);
    }

    @Test
    void survivesAClockThatWrapsRound() {
        TimeSource wrapping = TimeSource.of(tickerAt(Long.MAX_VALUE - 10));
        Deadline sooner = Deadline.after(Duration.ofNanos(5), wrapping);
        Deadline later = Deadline.after(Duration.ofNanos(50), wrapping);

        assertThat(later.nanos()).isNegative();
        assertThat(later.remainingNanos()).isEqualTo(50);
        assertThat(later.isExpired()).isFalse();
        assertThat(later.earlierOf(sooner)).isSameAs(sooner);
        assertThat(sooner.earlierOf(later)).isSameAs(sooner);
    }

    @Test
    void keepsTheSoonerOfStepAndJob() {
        Deadline job = Deadline.after(Duration.ofSeconds(10), time);

        assertThat(job.atMost(Duration.ofSeconds(3)).remaining()).isEqualTo(Duration.ofSeconds(3));
        assertThat(job.atMost(Duration.ofSeconds(30))).isSameAs(job);
        ticker.advance(9, TimeUnit.SECONDS);
        assertThat(job.atMost(Duration.ofSeconds(3))).isSameAs(job);
    }

    @Test
    void refusesToMixClocks() {
        Deadline mock = Deadline.after(Duration.ofSeconds(1), time);
        Deadline system = Deadline.after(Duration.ofSeconds(1));

        assertThat(system.timeSource()).isSameAs(TimeSource.system());
        assertThatIllegalArgumentException()
                .isThrownBy(() -> mock.earlierOf(system))
                .withMessageContaining("other: measured on TimeSource.system()");
    }

    @Test
    void isAValue() {
        Deadline one = Deadline.after(Duration.ofSeconds(1), time);
        Deadline same = Deadline.after(Duration.ofSeconds(1), time);

        assertThat(one).isEqualTo(same).hasSameHashCodeAs(same);
        assertThat(one).isNotEqualTo(Deadline.after(Duration.ofSeconds(2), time));
        assertThat(one).isNotEqualTo(Deadline.after(Duration.ofSeconds(1), TimeSource.of(Ticker.newMockTicker())));
        assertThat(one).hasToString("Deadline[in PT1S]");
        ticker.advance(3, TimeUnit.SECONDS);
        assertThat(one).hasToString("Deadline[passed PT2S ago]");
    }

    @Test
    void namesTheMissingArgument() {
        assertThatNullPointerException().isThrownBy(() -> Deadline.after(null)).withMessageContaining("timeout");
        assertThatNullPointerException()
                .isThrownBy(() -> Deadline.after(Duration.ZERO, null))
                .withMessageContaining("timeSource");
    }

    private static Ticker tickerAt(long nanos) {
        return new Ticker() {
            @Override
            public long initialNanoTime() {
                return nanos;
            }

            @Override
            public long nanoTime() {
                return nanos;
            }

            @Override
            public void sleep(long delay, TimeUnit unit) {
                throw new UnsupportedOperationException();
            }
        };
    }
}
