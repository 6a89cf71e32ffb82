package io.nettoolkit.resilience.internal.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.resilience.TokenStore.Grant;
import io.nettoolkit.resilience.TokenStore.Limit;
import io.netty.util.concurrent.MockTicker;
import io.netty.util.concurrent.Ticker;
import java.math.BigInteger;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GcraTest {

    private static final Limit THREE_A_SECOND = new Limit(3, Duration.ofSeconds(1), 2);

    @Test
    void grantsTheBurstThenAtTheRate() {
        Gcra.Step step = Gcra.take(THREE_A_SECOND, null, 1_000_000, 1, 5);
        assertThat(step.grant().granted()).isEqualTo(2);
        assertThat(step.grant().remaining()).isZero();
        assertThat(step.grant().retryAfter()).isEqualTo(Duration.of(333_334, ChronoUnit.MICROS));
        assertThat(step.grant().resetAfter()).isEqualTo(Duration.of(666_667, ChronoUnit.MICROS));

        Gcra.Step early = Gcra.take(THREE_A_SECOND, step.state(), 1_333_333, 1, 1);
        assertThat(early.grant().granted()).isZero();
        assertThat(early.grant().retryAfter()).isEqualTo(Duration.of(1, ChronoUnit.MICROS));

        assertThat(Gcra.take(THREE_A_SECOND, step.state(), 1_333_334, 1, 1)
                        .grant()
                        .granted())
                .isEqualTo(1);
        assertThat(Gcra.take(THREE_A_SECOND, step.state(), 1_666_667, 1, 9)
                        .grant()
                        .granted())
                .isEqualTo(2);
    }

    @Test
    void takesNothingWhenAskedForNothing() {
        Gcra.Step step = Gcra.take(THREE_A_SECOND, null, 0, 1, 0);

        assertThat(step.state()).isNull();
        assertThat(step.grant()).isEqualTo(new Grant(0, 2, Duration.ZERO, Duration.ZERO));
    }

    @Test
    void grantsWholeUnits() {
        Limit limit = new Limit(1, Duration.ofHours(1), 10);

        Grant grant = Gcra.take(limit, null, 0, 3, 5).grant();

        assertThat(grant.granted()).isEqualTo(3);
        assertThat(grant.remaining()).isEqualTo(1);
        assertThat(grant.retryAfter()).isEqualTo(Duration.ofHours(2));
    }

    @Test
    void owesNoMoreThanABucketAfterTheClockWasSetBack() {
        Gcra.State fromTheFuture = new Gcra.State(Long.MAX_VALUE / 4, 0);

        Gcra.Step step = Gcra.take(THREE_A_SECOND, fromTheFuture, 1_000_000, 1, 1);

        assertThat(step.grant().granted()).isZero();
        assertThat(step.grant().retryAfter()).isEqualTo(Duration.of(333_334, ChronoUnit.MICROS));
    }

    /** Against a model in numbers of any size: no drift, never more than the limit, never less. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
    void keepsTheLimitExactly(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        long permits = 1 + random.nextLong(1L << random.nextInt(1, 30));
        long periodMicros = 1 + random.nextLong(1L << random.nextInt(1, 32));
        long burst = 1 + random.nextLong(Math.min(1L << 20, (1L << 52) / periodMicros));
        Limit limit = new Limit(permits, Duration.of(periodMicros, ChronoUnit.MICROS), burst);
        BigInteger capacity = BigInteger.valueOf(burst).multiply(BigInteger.valueOf(periodMicros));
        BigInteger level = capacity;
        Gcra.State state = null;
        long now = random.nextLong(1L << 40);
        for (int i = 0; i < 20_000; i++) {
            long pause = random.nextInt(3) == 0 ? 0 : random.nextLong(1 + 3 * periodMicros / permits + 2);
            now += pause;
            level = level.add(BigInteger.valueOf(pause).multiply(BigInteger.valueOf(permits)))
                    .min(capacity);
            long unit = 1 + random.nextLong(Math.min(burst, 5));
            long count = random.nextLong(4);

            Gcra.Step step = Gcra.take(limit, state, now, unit, count);
            state = step.state();

            BigInteger price = BigInteger.valueOf(unit).multiply(BigInteger.valueOf(periodMicros));
            long affordable = level.divide(price).min(BigInteger.valueOf(count)).longValueExact();
            level = level.subtract(price.multiply(BigInteger.valueOf(affordable)));
            assertThat(step.grant().granted())
                    .as("seed %d, step %d, %s", seed, i, limit)
                    .isEqualTo(affordable);
            assertThat(step.grant().remaining())
                    .isEqualTo(level.divide(BigInteger.valueOf(periodMicros)).longValueExact());
        }
    }

    @Test
    void theStoreForgetsBucketsThatAreFullAgain() {
        MockTicker ticker = Ticker.newMockTicker();
        TimeSource time = TimeSource.of(ticker);
        InProcessTokenStore store = new InProcessTokenStore(time);
        Limit limit = new Limit(1, Duration.ofSeconds(1), 1);
        for (int i = 0; i < 1_000; i++) {
            store.take("key " + i, limit, 1, 1, Deadline.after(Duration.ofSeconds(1), time));
        }
        assertThat(store.size()).isEqualTo(1_000);

        ticker.advance(2, TimeUnit.SECONDS);
        for (int i = 0; i < 2_000; i++) {
            store.take("hot", limit, 1, 1, Deadline.after(Duration.ofSeconds(1), time));
        }
        assertThat(store.size()).isEqualTo(1);
    }
}
