package io.nettoolkit.resilience;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nettoolkit.core.RejectedException;
import io.nettoolkit.core.TimeSource;
import io.netty.util.concurrent.MockTicker;
import io.netty.util.concurrent.Ticker;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LoadShedderTest {

    private static final long MILLI = 1_000_000;

    private final MockTicker ticker = Ticker.newMockTicker();
    private final List<String> changes = new ArrayList<>();

    private LoadShedder build(LoadShedder.Builder builder, long seed) {
        return builder.timeSource(TimeSource.of(ticker))
                .random(new SplittableRandom(seed))
                .listener(new LoadShedder.Listener() {
                    @Override
                    public void onShedChange(double before, double now) {
                        changes.add(String.format("%.2f->%.2f", before, now));
                    }
                })
                .build();
    }

    private void pass(long millis) {
        ticker.advance(millis, TimeUnit.MILLISECONDS);
    }

    // ---- queue delay

    @Test
    void shedsNothingWhileTheQueueIsShortNowAndThen() {
        LoadShedder shedder = build(LoadShedder.builder(), 1);
        SplittableRandom random = new SplittableRandom(2);
        for (int i = 0; i < 10_000; i++) {
            pass(1);
            assertThat(shedder.tryAdmit(0)).isTrue();
            // Bursts of up to 80 ms, but within each interval one moment at the target.
            shedder.onQueueDelay(i % 50 == 0 ? 5 * MILLI : random.nextLong(80 * MILLI));
        }
        assertThat(changes).isEmpty();
    }

    @Test
    void shedsNothingInABurstThatIsShorterThanTheInterval() {
        LoadShedder shedder = build(LoadShedder.builder(), 1);
        for (int i = 0; i < 90; i++) {
            pass(1);
            shedder.onQueueDelay(i * MILLI);
            assertThat(shedder.tryAdmit(0)).isTrue();
        }
        shedder.onQueueDelay(MILLI);
        pass(100);
        assertThat(shedder.tryAdmit(0)).isTrue();
    }

    @Test
    void shedsAPartOnceTheQueueStands() {
        LoadShedder shedder = build(LoadShedder.builder(), 1);
        shedder.onQueueDelay(20 * MILLI);
        pass(100);
        int admitted = admit(shedder, 0, 1_000);

        assertThat(shedder.stats().shedShare()).isEqualTo(0.5);
        assertThat(admitted).isBetween(450, 550);
        assertThat(shedder.stats().shortestQueueDelay()).isEqualTo(Duration.ofMillis(20));
        assertThat(changes).containsExactly("0.00->0.50");
    }

    /** Twice what can be served, from a queue without a bound: the shedder is all that keeps it short. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void keepsTheQueueShortAtTwiceTheLoad(long seed) {
        LoadShedder shedder = build(LoadShedder.builder(), seed);
        ArrayDeque<Long> queue = new ArrayDeque<>();
        long served = 0;
        long longest = 0;
        List<Long> delays = new ArrayList<>();
        for (int millis = 0; millis < 20_000; millis++) {
            pass(1);
            for (int i = 0; i < 4; i++) {
                if (shedder.tryAdmit(0)) {
                    queue.add(ticker.nanoTime());
                }
            }
            for (int i = 0; i < 2 && !queue.isEmpty(); i++) {
                long delay = ticker.nanoTime() - queue.remove();
                shedder.onQueueDelay(delay);
                longest = Math.max(longest, delay);
                if (millis >= 2_000) {
                    delays.add(delay);
                    served++;
                }
            }
        }
        double mean = delays.stream().mapToLong(Long::longValue).average().orElseThrow();
        assertThat(longest).as("seed %d, longest", seed).isLessThan(500 * MILLI);
        assertThat(mean).as("seed %d, mean", seed).isLessThan(40 * MILLI);
        assertThat(served).as("seed %d, of 36,000", seed).isGreaterThan(25_000);
    }

    @Test
    void opensAgainWhenTheQueueIsShort() {
        LoadShedder shedder = build(LoadShedder.builder(), 1);
        for (int i = 0; i < 20; i++) {
            shedder.onQueueDelay(1_000 * MILLI);
            pass(100);
            shedder.tryAdmit(0);
        }
        assertThat(shedder.stats().shedShare()).isLessThan(1).isGreaterThan(0.9);
        for (int i = 0; i < 20; i++) {
            shedder.onQueueDelay(MILLI);
            pass(100);
            shedder.tryAdmit(0);
        }
        assertThat(shedder.stats().shedShare()).isZero();
        assertThat(admit(shedder, 0, 100)).isEqualTo(100);
    }

    // ---- priorities

    /** At any one moment: if a call of a class may be refused, none of a class behind it is let in. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void neverShedsAHighPriorityWhileALowerOneIsAdmitted(long seed) {
        LoadShedder shedder = build(LoadShedder.builder().priorities(4), seed);
        SplittableRandom random = new SplittableRandom(seed);
        boolean shedAny = false;
        for (int round = 0; round < 300; round++) {
            shedder.onQueueDelay(random.nextLong(30 * MILLI));
            pass(100);
            admit(shedder, random.nextInt(4), random.nextInt(20));
            int lowestAdmitted = -1;
            int highestShed = 4;
            // Time stands still here, so all of these are one moment.
            for (int i = 0; i < 400; i++) {
                int priority = random.nextInt(4);
                if (shedder.tryAdmit(priority)) {
                    lowestAdmitted = Math.max(lowestAdmitted, priority);
                } else {
                    highestShed = Math.min(highestShed, priority);
                    shedAny = true;
                }
            }
            assertThat(highestShed).as("seed %d, round %d", seed, round).isGreaterThanOrEqualTo(lowestAdmitted);
        }
        assertThat(shedAny).isTrue();
    }

    @Test
    void shedsTheLowestClassesAsFarAsTheShareAsks() {
        LoadShedder shedder = build(LoadShedder.builder().priorities(3), 1);
        for (int i = 0; i < 1_000; i++) {
            shedder.tryAdmit(i % 3);
        }
        shedder.onQueueDelay(20 * MILLI);
        pass(100);

        // Half of everything: all of class 2, half of class 1.
        assertThat(admit(shedder, 0, 1_000)).isEqualTo(1_000);
        assertThat(admit(shedder, 1, 1_000)).isBetween(400, 600);
        assertThat(admit(shedder, 2, 1_000)).isZero();
        assertThat(shedder.stats().admitted().get(0)).isEqualTo(1_334);
        assertThat(shedder.stats().shed().get(2)).isEqualTo(1_000);
    }

    @Test
    void aClassThatIsAloneStillGetsThrough() {
        LoadShedder shedder = build(LoadShedder.builder().priorities(4), 1);
        for (int i = 0; i < 20; i++) {
            admit(shedder, 3, 100);
            shedder.onQueueDelay(1_000 * MILLI);
            pass(100);
        }
        assertThat(admit(shedder, 3, 1_000)).isBetween(10, 150);
        assertThat(admit(shedder, 0, 100)).isEqualTo(100);
    }

    // ---- refusals of the other side

    @Test
    void shedsNothingWhileHalfIsAccepted() {
        LoadShedder shedder = build(LoadShedder.builder(), 1);
        for (int i = 0; i < 1_000; i++) {
            pass(10);
            assertThat(shedder.tryAdmit(0)).isTrue();
            if (i % 2 == 0) {
                shedder.onAccepted();
            } else {
                shedder.onRejected();
            }
        }
        assertThat(changes).isEmpty();
    }

    @Test
    void sendsAboutTwiceWhatIsAccepted() {
        LoadShedder shedder = build(LoadShedder.builder(), 1);
        int sent = 0;
        int accepted = 0;
        for (int i = 0; i < 60_000; i++) {
            pass(1);
            boolean counted = i >= 30_000;
            if (shedder.tryAdmit(0)) {
                sent += counted ? 1 : 0;
                // The other side takes one in ten of what would be asked in all.
                if (i % 10 == 0) {
                    accepted += counted ? 1 : 0;
                    shedder.onAccepted();
                } else {
                    shedder.onRejected();
                }
            }
        }
        assertThat(sent).isLessThan(30_000 / 2);
        assertThat(accepted).isPositive();
    }

    @Test
    void alwaysLetsSomeThroughAndRecovers() {
        LoadShedder shedder = build(LoadShedder.builder(), 7);
        for (int i = 0; i < 60_000; i++) {
            pass(1);
            if (shedder.tryAdmit(0)) {
                shedder.onRejected();
            }
        }
        assertThat(shedder.stats().shedShare()).isGreaterThan(0.9).isLessThan(1);

        for (int i = 0; i < 60_000; i++) {
            pass(1);
            if (shedder.tryAdmit(0)) {
                shedder.onAccepted();
            }
        }
        assertThat(shedder.stats().shedShare()).isZero();
    }

    /** Before a slow server's first answers, calls under way are no refusals. */
    @Test
    void doesNotTakeCallsUnderWayForRefusals() {
        LoadShedder shedder = build(LoadShedder.builder(), 1);
        for (int i = 0; i < 1_000; i++) {
            pass(1);
            assertThat(shedder.tryAdmit(0)).isTrue();
        }
    }

    // ---- calls

    @Test
    void executesAndReportsHowItEnded() throws Exception {
        LoadShedder shedder = build(LoadShedder.builder().priorities(2), 1);

        assertThat(shedder.<String>execute(() -> "done")).isEqualTo("done");
        assertThatThrownBy(() -> shedder.execute(1, () -> {
                    throw new IOException("broken");
                }))
                .isInstanceOf(IOException.class);
        assertThatThrownBy(() -> shedder.execute(1, () -> {
                    throw new RejectedException("server", RejectedException.Reason.OVERLOADED, Duration.ZERO, "full");
                }))
                .isInstanceOf(RejectedException.class);
        assertThatThrownBy(() -> shedder.execute(1, () -> {
                    throw new CancellationException();
                }))
                .isInstanceOf(CancellationException.class);

        assertThat(shedder.stats().accepted()).isEqualTo(2);
        assertThat(shedder.stats().rejected()).isEqualTo(1);
        assertThat(shedder.stats().admitted()).containsExactly(1L, 3L);
    }

    @Test
    void refusesCallsThatAreNotAdmitted() {
        LoadShedder shedder = build(LoadShedder.builder().priorities(2), 1);
        admit(shedder, 0, 50);
        admit(shedder, 1, 50);
        shedder.onQueueDelay(20 * MILLI);
        pass(100);

        assertThatThrownBy(() -> shedder.execute(1, () -> "never"))
                .isInstanceOfSatisfying(RejectedException.class, refused -> {
                    assertThat(refused.reason()).isEqualTo(RejectedException.Reason.OVERLOADED);
                    assertThat(refused).hasMessageContaining("50 % of all calls");
                });
        assertThat(shedder.executeAsync(1, () -> CompletableFuture.completedFuture("never")))
                .isCompletedExceptionally();
        assertThat(shedder.executeAsync(() -> CompletableFuture.completedFuture("yes")))
                .isCompletedWithValue("yes");
    }

    @Test
    void refusesArgumentsThatMakeNoSense() {
        LoadShedder.Builder builder = LoadShedder.builder();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.priorities(9))
                .withMessage("priorities: 9 (must be 1 to 8)");
        assertThatIllegalArgumentException().isThrownBy(() -> builder.priorities(0));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.coDel(Duration.ofMillis(5), Duration.ofMillis(5)))
                .withMessageContaining("interval: PT0.005S (must be more than target");
        assertThatIllegalArgumentException().isThrownBy(() -> builder.coDel(Duration.ZERO, Duration.ofMillis(5)));
        assertThatIllegalArgumentException().isThrownBy(() -> builder.clientThrottle(0.5, Duration.ofSeconds(1)));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.clientThrottle(Double.NaN, Duration.ofSeconds(1)));
        assertThatIllegalArgumentException().isThrownBy(() -> builder.clientThrottle(2, Duration.ZERO));
        assertThatNullPointerException().isThrownBy(() -> builder.random(null));
        LoadShedder shedder = builder.priorities(3).build();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> shedder.tryAdmit(3))
                .withMessage("priority: 3 (must be 0, the highest, to 2)");
        assertThatIllegalArgumentException().isThrownBy(() -> shedder.tryAdmit(-1));
    }

    @Test
    void showsItsOptionsAndTakesThemToTheirBounds() {
        LoadShedder.Builder builder = LoadShedder.builder()
                .name("front")
                .priorities(8)
                .coDel(Duration.ofMillis(5), Duration.ofMillis(50))
                .clientThrottle(100, Duration.ofSeconds(3))
                .classifier(Classifier.defaults());
        assertThat(builder.build())
                .hasToString("LoadShedder[front, priorities 8, CoDel PT0.005S in PT0.05S, throttle k 100.0 over PT3S]");
        assertThat(builder.clientThrottle(1, Duration.ofSeconds(3)).build())
                .asString()
                .contains("throttle k 1.0");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.clientThrottle(100.1, Duration.ofSeconds(3)))
                .withMessage("k: 100.1 (must be 1 to 100)");
        assertThatIllegalArgumentException().isThrownBy(() -> builder.clientThrottle(0.99, Duration.ofSeconds(3)));
    }

    /** Without a source of chance of the test's: of many calls about half. */
    @Test
    void drawsByItself() {
        LoadShedder shedder =
                LoadShedder.builder().timeSource(TimeSource.of(ticker)).build();
        shedder.onQueueDelay(20 * MILLI);
        pass(100);

        assertThat(admit(shedder, 0, 100_000)).isBetween(45_000, 55_000);
    }

    @Test
    void canDoWithoutEither() {
        LoadShedder shedder = build(LoadShedder.builder().withoutCoDel().withoutClientThrottle(), 1);
        for (int i = 0; i < 100; i++) {
            shedder.onQueueDelay(1_000 * MILLI);
            shedder.onRejected();
            pass(100);
            assertThat(shedder.tryAdmit(0)).isTrue();
        }
        assertThat(shedder).hasToString("LoadShedder[load-shedder, priorities 1, no CoDel, no throttle]");
    }

    private static int admit(LoadShedder shedder, int priority, int calls) {
        int admitted = 0;
        for (int i = 0; i < calls; i++) {
            admitted += shedder.tryAdmit(priority) ? 1 : 0;
        }
        return admitted;
    }
}
