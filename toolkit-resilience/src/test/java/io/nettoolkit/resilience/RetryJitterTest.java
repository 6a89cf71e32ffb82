package io.nettoolkit.resilience;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.nettoolkit.core.Backoff;
import io.nettoolkit.core.RejectedException;
import io.nettoolkit.core.RejectedException.Reason;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The waits between attempts keep to the law of their jitter, and spread over all that it allows. */
class RetryJitterTest {

    private static final long SEED = 23;
    private static final int CALLS = 2_000;
    private static final int ATTEMPTS = 7;
    private static final int BASE_MILLIS = 100;
    private static final int MOST_MILLIS = 2_000;

    private final CallRig rig = new CallRig();

    /** Of each call, in milliseconds. */
    private final List<List<Double>> waits = new ArrayList<>();

    @AfterEach
    void close() {
        rig.close();
    }

    /** Makes calls that fail whenever they are made. */
    private void fail(Backoff backoff, Callable<String> call) {
        Retry retry = Retry.builder()
                .maxAttempts(ATTEMPTS)
                .backoff(backoff)
                .maxElapsed(Duration.ofHours(1))
                .random(new Random(SEED))
                .timeSource(rig.clock)
                .parking(rig.parking)
                .listener(new Retry.Listener() {
                    @Override
                    public void onRetry(int attempt, Duration wait, @Nullable Throwable failure) {
                        waits.get(waits.size() - 1).add(wait.toNanos() / 1e6);
                    }
                })
                .build();
        for (int i = 0; i < CALLS; i++) {
            waits.add(new ArrayList<>());
            long before = rig.time.nanoTime();
            assertThatThrownBy(() -> retry.execute(call)).isInstanceOf(Exception.class);
            double waited = (rig.time.nanoTime() - before) / 1e6;
            assertThat(waited)
                    .as("seed %d, call %d waited as it said", SEED, i)
                    .isCloseTo(
                            waits.get(i).stream()
                                    .mapToDouble(Double::doubleValue)
                                    .sum(),
                            within(1e-3));
            assertThat(waits.get(i)).hasSize(ATTEMPTS - 1);
        }
    }

    private static String down() throws IOException {
        throw new IOException("down");
    }

    /** Of all calls, before the same attempt. */
    private double[] before(int attempt) {
        return waits.stream().mapToDouble(call -> call.get(attempt - 2)).toArray();
    }

    private static void assertSpreadEvenly(double[] waits, double least, double most, int attempt) {
        double sum = 0;
        double shortest = Double.MAX_VALUE;
        double longest = 0;
        for (double wait : waits) {
            assertThat(wait).as("seed %d, before attempt %d", SEED, attempt).isBetween(least, most);
            shortest = Math.min(shortest, wait);
            longest = Math.max(longest, wait);
            sum += wait;
        }
        double range = most - least;
        assertThat(shortest).isLessThan(least + 0.02 * range);
        assertThat(longest).isGreaterThan(most - 0.02 * range);
        // Five deviations of the mean of an even spread.
        assertThat(sum / waits.length).isCloseTo(least + range / 2, within(5 * range / Math.sqrt(12.0 * waits.length)));
    }

    @Test
    void fullJitterSpreadsEachWaitFromNothingToTheWholeOfIt() {
        fail(
                Backoff.exponential(Duration.ofMillis(BASE_MILLIS), Duration.ofMillis(MOST_MILLIS))
                        .withJitter(1),
                RetryJitterTest::down);

        for (int attempt = 2; attempt <= ATTEMPTS; attempt++) {
            assertSpreadEvenly(before(attempt), 0, Math.min(BASE_MILLIS << (attempt - 2), MOST_MILLIS), attempt);
        }
    }

    @Test
    void halfJitterShortensEachWaitByHalfAtMost() {
        fail(
                Backoff.exponential(Duration.ofMillis(BASE_MILLIS), Duration.ofMillis(MOST_MILLIS))
                        .withJitter(0.5),
                RetryJitterTest::down);

        for (int attempt = 2; attempt <= ATTEMPTS; attempt++) {
            double whole = Math.min(BASE_MILLIS << (attempt - 2), MOST_MILLIS);
            assertSpreadEvenly(before(attempt), whole / 2, whole, attempt);
        }
    }

    @Test
    void decorrelatedJitterGoesUpToThreeTimesTheWaitBefore() {
        fail(
                Backoff.decorrelatedJitter(Duration.ofMillis(BASE_MILLIS), Duration.ofMillis(MOST_MILLIS)),
                RetryJitterTest::down);

        assertSpreadEvenly(before(2), BASE_MILLIS, 3 * BASE_MILLIS, 2);
        double longest = 0;
        int shorter = 0;
        for (List<Double> call : waits) {
            for (int i = 1; i < call.size(); i++) {
                assertThat(call.get(i))
                        .as("seed %d, after %f ms", SEED, call.get(i - 1))
                        .isBetween((double) BASE_MILLIS, Math.min(3 * call.get(i - 1), MOST_MILLIS) + 1e-6);
                longest = Math.max(longest, call.get(i));
                shorter += call.get(i) < call.get(i - 1) ? 1 : 0;
            }
        }
        assertThat(longest).as("it is the wait before that counts").isGreaterThan(0.9 * MOST_MILLIS);
        assertThat(shorter).as("it is not only upwards").isGreaterThan(CALLS / 2);
    }

    /** What a peer asks for is waited for, and says nothing about how long to wait when it asks for nothing. */
    @Test
    void aWaitThatThePeerAskedForIsNotTheOneThatGrows() {
        int[] made = {0};
        fail(Backoff.decorrelatedJitter(Duration.ofMillis(BASE_MILLIS), Duration.ofMillis(100 * MOST_MILLIS)), () -> {
            if (made[0]++ % ATTEMPTS == 0) {
                throw new RejectedException("peer", Reason.OVERLOADED, Duration.ofSeconds(3), "");
            }
            return down();
        });

        for (List<Double> call : waits) {
            assertThat(call.get(0)).isEqualTo(3_000);
            assertThat(call.get(1)).as("seed %d", SEED).isLessThanOrEqualTo(9 * BASE_MILLIS + 1e-6);
        }
    }
}
