package io.nettoolkit.pool.internal.state;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.core.Backoff;
import io.nettoolkit.pool.PoolConfig;
import java.time.Duration;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PacerTest {

    private static final long MILLI = Duration.ofMillis(1).toNanos();

    private static Pacer pacer(PoolConfig.Builder config) {
        return new Pacer(Rules.of("test", config.build(), false, 0), new SplittableRandom(1));
    }

    private static long next(Pacer pacer, long nowNanos) {
        Due due = new Due();
        pacer.nextInto(due, nowNanos);
        return due.atNanos();
    }

    @Test
    void letsABurstOfATenthOfASecondBeginAtOnce() {
        Pacer pacer = pacer(PoolConfig.builder().connectsPerSecond(100));
        int begun = 0;
        for (; pacer.mayBegin(0); begun++) {
            pacer.began(0);
        }
        assertThat(begun).isEqualTo(10);
        assertThat(next(pacer, 0)).isEqualTo(10 * MILLI);
        assertThat(pacer.mayBegin(10 * MILLI - 1)).isFalse();
        assertThat(pacer.mayBegin(10 * MILLI)).isTrue();
        pacer.began(10 * MILLI);
        assertThat(pacer.mayBegin(10 * MILLI)).isFalse();
        assertThat(next(pacer, 1_000 * MILLI)).isEqualTo(1_000 * MILLI);
    }

    @Test
    void hasNoRateWhereNoneIsWanted() {
        Pacer pacer = pacer(PoolConfig.builder().connectsPerSecond(0));
        for (int i = 0; i < 1_000; i++) {
            assertThat(pacer.mayBegin(0)).isTrue();
            pacer.began(0);
        }
    }

    @Test
    void pausesAfterFailuresLongerEachTime() {
        Pacer pacer = pacer(PoolConfig.builder()
                .connectsPerSecond(0)
                .connectBackoff(Backoff.exponential(Duration.ofMillis(50), Duration.ofSeconds(5))));
        Exception cause = new Exception("refused");
        long now = 0;
        for (long pause : new long[] {50, 100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000}) {
            pacer.failed(now, cause);
            assertThat(pacer.pauseNanos(now)).isEqualTo(pause * MILLI);
            assertThat(pacer.mayBegin(now + pause * MILLI - 1)).isFalse();
            assertThat(next(pacer, now)).isEqualTo(now + pause * MILLI);
            now += pause * MILLI;
            assertThat(pacer.mayBegin(now)).isTrue();
            assertThat(pacer.pauseNanos(now + 1)).isZero();
        }
        assertThat(pacer.failures()).isEqualTo(9);
        assertThat(pacer.lastFailure()).isSameAs(cause);
        pacer.succeeded(0);
        assertThat(pacer.failures()).isZero();
        assertThat(pacer.lastFailure()).isNull();
        assertThat(pacer.mayBegin(now)).isTrue();
        pacer.failed(now, cause);
        assertThat(pacer.pauseNanos(now)).isEqualTo(50 * MILLI);
    }

    @Test
    void keepsTheLastPauseWhereTheBackoffSaysStop() {
        Pacer pacer = pacer(PoolConfig.builder()
                .connectBackoff(Backoff.fixed(Duration.ofMillis(70)).withMaxAttempts(1)));
        pacer.failed(0, new Exception());
        pacer.failed(0, new Exception());
        assertThat(pacer.pauseNanos(0)).isEqualTo(70 * MILLI);
    }

    @Test
    void goesFromTwoToTheMaximumWhileManyWaitAndBackWhenNobodyDoes() {
        Pacer pacer = pacer(PoolConfig.builder().maxConnecting(6));
        assertThat(pacer.limit()).isEqualTo(2);
        pacer.succeeded(4);
        assertThat(pacer.limit()).isEqualTo(2);
        pacer.succeeded(5);
        assertThat(pacer.limit()).isEqualTo(4);
        pacer.succeeded(8);
        assertThat(pacer.limit()).isEqualTo(4);
        pacer.succeeded(9);
        assertThat(pacer.limit()).isEqualTo(6);
        pacer.succeeded(1);
        assertThat(pacer.limit()).isEqualTo(6);
        pacer.succeeded(0);
        assertThat(pacer.limit()).isEqualTo(2);
        assertThat(pacer(PoolConfig.builder().maxConnecting(1)).limit()).isEqualTo(1);
    }

    @Test
    void goesOneByOneAfterFailuresAndBeginsWithOneAfterTheHostWasDown() {
        Pacer pacer = pacer(PoolConfig.builder());
        pacer.failed(0, new Exception());
        assertThat(pacer.limit()).isEqualTo(1);
        assertThat(pacer.isFailing()).isFalse();
        pacer.succeeded(9);
        assertThat(pacer.limit()).isEqualTo(4);
        for (int i = 0; i < 3; i++) {
            pacer.failed(0, new Exception());
        }
        assertThat(pacer.isFailing()).isTrue();
        pacer.succeeded(100);
        assertThat(pacer.limit()).isEqualTo(1);
        pacer.succeeded(1);
        assertThat(pacer.limit()).isEqualTo(2);
    }

    /** Whatever happened: it says when it will say yes, and not a nanosecond later than it could. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void tellsTheFirstMomentAtWhichAConnectMayBegin(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        Pacer pacer = pacer(PoolConfig.builder()
                .connectsPerSecond(1 + random.nextInt(300))
                .connectBackoff(Backoff.exponential(Duration.ofMillis(1), Duration.ofMillis(40))));
        long now = -1_000 * MILLI;
        for (int i = 0; i < 2_000; i++) {
            switch (random.nextInt(4)) {
                case 0 -> pacer.failed(now, new Exception());
                case 1 -> pacer.succeeded(0);
                case 2 -> now += random.nextLong(20 * MILLI);
                default -> {
                    if (pacer.mayBegin(now)) {
                        pacer.began(now);
                    }
                }
            }
            long at = next(pacer, now);
            String where = "seed " + seed + ", event " + i;
            assertThat(at).as(where).isGreaterThanOrEqualTo(now);
            assertThat(pacer.mayBegin(at)).as(where).isTrue();
            if (at > now) {
                assertThat(pacer.mayBegin(now)).as(where).isFalse();
                assertThat(pacer.mayBegin(at - 1)).as(where).isFalse();
            }
        }
    }

    @Test
    void holdsItsRateInTheLongRun() {
        Pacer pacer = pacer(PoolConfig.builder().connectsPerSecond(100));
        int begun = 0;
        for (long now = 0; now <= 10_000 * MILLI; now += MILLI) {
            while (pacer.mayBegin(now)) {
                pacer.began(now);
                begun++;
            }
        }
        assertThat(begun).isEqualTo(10 + 1_000);
    }

    @Test
    void doesNotPauseWhereTheBackoffSaysSo() {
        Pacer pacer = pacer(
                PoolConfig.builder().connectBackoff((attempt, previousNanos, random) -> attempt == 1 ? 50 * MILLI : 0));
        pacer.failed(0, new Exception());
        pacer.failed(0, new Exception());
        assertThat(pacer.pauseNanos(0)).isZero();
        assertThat(pacer.mayBegin(0)).isTrue();
    }

    @Test
    void endsAPauseWithASuccess() {
        Pacer pacer = pacer(PoolConfig.builder());
        pacer.failed(0, new Exception());
        pacer.failed(0, new Exception());
        pacer.succeeded(0);
        assertThat(pacer.mayBegin(0)).isTrue();
        assertThat(pacer.pauseNanos(0)).isZero();
    }
}
