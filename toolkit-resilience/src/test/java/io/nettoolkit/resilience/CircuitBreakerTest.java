package io.nettoolkit.resilience;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nettoolkit.core.RejectedException;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.resilience.CircuitBreaker.State;
import io.nettoolkit.resilience.Classifier.Outcome;
import io.nettoolkit.resilience.internal.breaker.BreakerClock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

class CircuitBreakerTest {

    private static final Duration TICK = Duration.ofMillis(2);
    private static final long LEAST = 9_000_000_000L;

    private final BreakerClock clock = new BreakerClock(12_345);
    private final List<String> heard = new ArrayList<>();

    private CircuitBreaker breaker(UnaryOperator<CircuitBreaker.Builder> options) {
        CircuitBreaker.Builder builder = CircuitBreaker.builder()
                .name("test")
                .minimumCalls(4)
                .jitter(0)
                .timeSource(clock.timeSource())
                .listener(new CircuitBreaker.Listener() {
                    @Override
                    public void onStateChange(CircuitBreaker breaker, State from, State to) {
                        heard.add(from + " " + to);
                    }
                });
        return options.apply(builder).build();
    }

    private CircuitBreaker breaker() {
        return breaker(builder -> builder);
    }

    private static void call(CircuitBreaker breaker, Outcome... outcomes) {
        for (Outcome outcome : outcomes) {
            long permit = breaker.tryAcquire();
            assertThat(permit).as("permit").isNotNegative();
            breaker.onResult(permit, outcome, 0);
        }
    }

    private static void open(CircuitBreaker breaker) {
        call(breaker, Outcome.FAILURE, Outcome.FAILURE, Outcome.FAILURE, Outcome.FAILURE);
        assertThat(breaker.state()).isEqualTo(State.OPEN);
    }

    private long halfOpen(CircuitBreaker breaker) {
        open(breaker);
        clock.advance(Duration.ofSeconds(5).plus(TICK));
        long probe = breaker.tryAcquire();
        assertThat(breaker.state()).isEqualTo(State.HALF_OPEN);
        return probe;
    }

    // ---- closed

    @Test
    void opensWhenEnoughCallsFailed() {
        CircuitBreaker breaker = breaker();

        call(breaker, Outcome.SUCCESS, Outcome.FAILURE, Outcome.SUCCESS);
        assertThat(breaker.state()).isEqualTo(State.CLOSED);
        call(breaker, Outcome.FAILURE);

        assertThat(breaker.state()).isEqualTo(State.OPEN);
        assertThat(breaker.tryAcquire()).isNegative();
        assertThat(heard).containsExactly("CLOSED OPEN");
    }

    @Test
    void opensOnASuccessThatMakesUpTheMinimum() {
        CircuitBreaker breaker = breaker();

        call(breaker, Outcome.FAILURE, Outcome.FAILURE, Outcome.SUCCESS, Outcome.SUCCESS);

        assertThat(breaker.state()).isEqualTo(State.OPEN);
    }

    @Test
    void overloadIsAFailureAndIgnoredIsNothing() {
        CircuitBreaker breaker = breaker();

        call(breaker, Outcome.IGNORED, Outcome.IGNORED, Outcome.IGNORED, Outcome.IGNORED, Outcome.IGNORED);
        assertThat(breaker.stats().windowCalls()).isZero();
        call(breaker, Outcome.OVERLOAD, Outcome.OVERLOAD, Outcome.OVERLOAD, Outcome.OVERLOAD);

        assertThat(breaker.state()).isEqualTo(State.OPEN);
        assertThat(breaker.stats().ignored()).isEqualTo(5);
    }

    @Test
    void oldResultsLeaveTheTimeWindow() {
        CircuitBreaker breaker = breaker();

        call(breaker, Outcome.FAILURE, Outcome.FAILURE, Outcome.FAILURE);
        clock.advance(Duration.ofSeconds(12));
        call(breaker, Outcome.FAILURE);

        assertThat(breaker.state()).isEqualTo(State.CLOSED);
        assertThat(breaker.stats().windowCalls()).isEqualTo(1);
        assertThat(breaker.stats().failed()).isEqualTo(4);
    }

    @Test
    void aCountWindowKeepsResultsHoweverOld() {
        CircuitBreaker breaker = breaker(builder -> builder.countWindow(10).failureRate(0.4));

        call(breaker, Outcome.FAILURE, Outcome.SUCCESS, Outcome.SUCCESS, Outcome.SUCCESS, Outcome.SUCCESS);
        clock.advance(Duration.ofDays(30));
        call(breaker, Outcome.FAILURE, Outcome.FAILURE);
        assertThat(breaker.state()).isEqualTo(State.OPEN);
        assertThat(breaker.stats().failed()).isEqualTo(3);
    }

    @Test
    void slowCallsOpenItWhetherTheySucceedOrNot() {
        CircuitBreaker breaker = breaker(builder -> builder.slowCalls(Duration.ofMillis(10), 0.5));

        assertThat(breaker.needsElapsed()).isTrue();
        for (int i = 0; i < 4; i++) {
            breaker.onResult(breaker.tryAcquire(), Outcome.SUCCESS, i % 2 == 0 ? 10_000_000 : 9_999_999);
        }

        assertThat(breaker.state()).isEqualTo(State.OPEN);
        assertThat(breaker.stats().slow()).isEqualTo(2);
        assertThat(breaker.stats().succeeded()).isEqualTo(4);
    }

    @Test
    void looksAtNoTimeUnlessSlowCallsCount() {
        CircuitBreaker breaker = breaker();

        assertThat(breaker.needsElapsed()).isFalse();
        for (int i = 0; i < 10; i++) {
            breaker.onResult(breaker.tryAcquire(), Outcome.SUCCESS, Long.MAX_VALUE - 1);
        }

        assertThat(breaker.state()).isEqualTo(State.CLOSED);
    }

    @Test
    void failuresInARowOpenIt() {
        CircuitBreaker breaker = breaker(builder -> builder.minimumCalls(1_000).consecutiveFailures(3));

        call(breaker, Outcome.FAILURE, Outcome.FAILURE, Outcome.SUCCESS, Outcome.FAILURE, Outcome.FAILURE);
        assertThat(breaker.state()).isEqualTo(State.CLOSED);
        call(breaker, Outcome.IGNORED, Outcome.FAILURE);

        assertThat(breaker.state()).isEqualTo(State.OPEN);
    }

    @Test
    void aResultOfAnOlderStateDoesNotCount() {
        CircuitBreaker breaker = breaker();
        long before = breaker.tryAcquire();
        breaker.reset();

        breaker.onResult(before, Outcome.FAILURE, 0);

        assertThat(breaker.stats().windowCalls()).isZero();
        assertThat(breaker.stats().late()).isEqualTo(1);
    }

    // ---- open

    @Test
    void saysWhenToComeAgain() {
        CircuitBreaker breaker = breaker();
        open(breaker);

        assertThat(-breaker.tryAcquire()).isBetween(5_000_000_000L, 5_002_000_000L);
        clock.advance(Duration.ofSeconds(4));
        assertThat(-breaker.tryAcquire()).isBetween(1_000_000_000L, 1_002_000_000L);
    }

    @Test
    void aRefusalNamesBreakerReasonAndTime() {
        CircuitBreaker breaker = breaker();
        open(breaker);

        RejectedException refusal = breaker.refusal(breaker.tryAcquire());

        assertThat(refusal.policy()).isEqualTo("test");
        assertThat(refusal.reason()).isEqualTo(RejectedException.Reason.CIRCUIT_OPEN);
        assertThat(refusal.retryAfter()).isBetween(Duration.ofSeconds(5), Duration.ofMillis(5002));
        assertThat(refusal).hasMessageContaining("too many calls failed").hasMessageContaining("try again in 5.00 s");
        assertThatThrownBy(() -> breaker.refusal(7)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void theOpenTimeDoublesUntilProbesSucceed() {
        CircuitBreaker breaker = breaker(builder -> builder.halfOpenProbes(1));
        open(breaker);
        for (long seconds : new long[] {5, 10, 20, 40, 60, 60}) {
            assertThat(-breaker.tryAcquire()).isBetween(seconds * 1_000_000_000L, seconds * 1_000_000_000L + 2_000_000);
            clock.advance(Duration.ofSeconds(seconds).plus(TICK));
            call(breaker, Outcome.FAILURE);
        }
        clock.advance(Duration.ofMinutes(1).plus(TICK));
        call(breaker, Outcome.SUCCESS);
        open(breaker);
        assertThat(-breaker.tryAcquire()).isLessThan(5_002_000_000L);
    }

    /** Failsafe issue 70: without jitter every caller of a peer comes back at the same moment. */
    @Test
    void theOpenTimeKeepsToTheBoundsOfItsJitter() {
        long seed = 70;
        CircuitBreaker breaker = breaker(builder -> builder.openTime(Duration.ofSeconds(10), Duration.ofSeconds(10))
                .jitter(0.1)
                .random(new Random(seed)));
        long shortest = Long.MAX_VALUE;
        long longest = 0;
        for (int i = 0; i < 500; i++) {
            breaker.reset();
            open(breaker);
            long time = -breaker.tryAcquire();
            shortest = Math.min(shortest, time);
            longest = Math.max(longest, time);
        }
        assertThat(shortest).as("seed %d", seed).isBetween(LEAST, LEAST + 50_000_000);
        assertThat(longest).as("seed %d", seed).isBetween(9_950_000_000L, 10_002_000_000L);
    }

    // ---- half-open

    /** Resilience4j issues 1090 and 1432. */
    @Test
    void refusesWhenHalfOpenTrialsAreTaken() {
        CircuitBreaker breaker = breaker();
        halfOpen(breaker);
        assertThat(breaker.tryAcquire()).isNotNegative();
        assertThat(breaker.tryAcquire()).isNotNegative();

        long refusal = breaker.tryAcquire();

        assertThat(refusal).isEqualTo(-1);
        assertThat(breaker.refusal(refusal)).hasMessageContaining("probes are under way");
        assertThat(breaker.stats().probes()).isEqualTo(3);
    }

    @Test
    void closesWithAnEmptyWindowWhenProbesSucceed() {
        CircuitBreaker breaker = breaker();
        long probe = halfOpen(breaker);
        call(breaker, Outcome.SUCCESS, Outcome.FAILURE);
        assertThat(breaker.state()).isEqualTo(State.HALF_OPEN);

        breaker.onResult(probe, Outcome.SUCCESS, 0);

        assertThat(breaker.state()).isEqualTo(State.CLOSED);
        assertThat(breaker.stats().windowCalls()).isZero();
        assertThat(heard).containsExactly("CLOSED OPEN", "OPEN HALF_OPEN", "HALF_OPEN CLOSED");
    }

    @Test
    void opensAgainAsSoonAsTooManyProbesFailed() {
        CircuitBreaker breaker = breaker();
        long probe = halfOpen(breaker);

        call(breaker, Outcome.FAILURE);
        breaker.onResult(probe, Outcome.FAILURE, 0);

        assertThat(breaker.state()).isEqualTo(State.OPEN);
        assertThat(breaker.stats().opened()).isEqualTo(2);
    }

    /** Resilience4j issue 544: a call whose failure is ignored kept the probe's place, and the breaker half-open. */
    @Test
    void anIgnoredProbeGivesItsPlaceBack() {
        CircuitBreaker breaker = breaker(builder -> builder.halfOpenProbes(1));
        long probe = halfOpen(breaker);
        for (int i = 0; i < 100; i++) {
            assertThat(breaker.tryAcquire()).isNegative();
            breaker.onResult(probe, Outcome.IGNORED, 0);
            probe = breaker.tryAcquire();
            assertThat(probe).isNotNegative();
        }
        breaker.onResult(probe, Outcome.SUCCESS, 0);

        assertThat(breaker.state()).isEqualTo(State.CLOSED);
    }

    /** Resilience4j issues 903, 935 and 1389: calls that never end. */
    @Test
    void aLostProbeLosesItsPlaceWhenItsLeaseIsOver() {
        CircuitBreaker breaker = breaker(builder -> builder.halfOpenProbes(1).probeLease(Duration.ofSeconds(30)));
        long lost = halfOpen(breaker);
        clock.advance(Duration.ofSeconds(29));
        assertThat(breaker.tryAcquire()).isNegative();
        clock.advance(Duration.ofSeconds(31));

        long second = breaker.tryAcquire();
        assertThat(second).isNotNegative();
        breaker.onResult(lost, Outcome.FAILURE, 0);

        assertThat(breaker.state()).as("a late result counts for nothing").isEqualTo(State.HALF_OPEN);
        assertThat(breaker.tryAcquire()).as("and frees no place").isNegative();
        breaker.onResult(second, Outcome.SUCCESS, 0);
        assertThat(breaker.state()).isEqualTo(State.CLOSED);
    }

    @Test
    void oneLostProbeDoesNotHoldUpTheOthers() {
        CircuitBreaker breaker = breaker();
        halfOpen(breaker);

        call(breaker, Outcome.SUCCESS, Outcome.SUCCESS, Outcome.SUCCESS);

        assertThat(breaker.state()).isEqualTo(State.CLOSED);
    }

    @Test
    void aProbeOfAnEarlierHalfOpenStateDoesNotCount() {
        CircuitBreaker breaker = breaker(builder -> builder.halfOpenProbes(2).failureRate(0.1));
        long old = halfOpen(breaker);
        call(breaker, Outcome.FAILURE);
        clock.advance(Duration.ofSeconds(10).plus(TICK));
        long fresh = breaker.tryAcquire();
        assertThat(breaker.state()).isEqualTo(State.HALF_OPEN);

        breaker.onResult(old, Outcome.FAILURE, 0);
        assertThat(breaker.state()).isEqualTo(State.HALF_OPEN);
        assertThat(breaker.stats().probes()).isEqualTo(1);

        breaker.onResult(fresh, Outcome.SUCCESS, 0);
        call(breaker, Outcome.SUCCESS);
        assertThat(breaker.state()).isEqualTo(State.CLOSED);
    }

    @Test
    void aClosedCallThatEndsInHalfOpenDoesNotCount() {
        CircuitBreaker breaker = breaker();
        long closed = breaker.tryAcquire();
        halfOpen(breaker);

        breaker.onResult(closed, Outcome.FAILURE, 0);

        assertThat(breaker.stats().probes()).isEqualTo(1);
        assertThat(breaker.stats().late()).isEqualTo(1);
    }

    @Test
    void slowProbesOpenItAgain() {
        CircuitBreaker breaker =
                breaker(builder -> builder.slowCalls(Duration.ofMillis(10), 0.5).halfOpenProbes(2));
        long probe = halfOpen(breaker);

        breaker.onResult(probe, Outcome.SUCCESS, 10_000_000);

        assertThat(breaker.state()).isEqualTo(State.OPEN);
    }

    // ---- by hand, and pretending

    @Test
    void forcedOpenRefusesForAnUnknownTime() {
        CircuitBreaker breaker = breaker();
        breaker.forceOpen();
        clock.advance(Duration.ofDays(1));

        assertThat(breaker.tryAcquire()).isEqualTo(Long.MIN_VALUE);
        assertThat(breaker.refusal(Long.MIN_VALUE).retryAfter()).isZero();
        breaker.forceOpen();
        breaker.reset();
        call(breaker, Outcome.SUCCESS);
        assertThat(heard).containsExactly("CLOSED FORCED_OPEN", "FORCED_OPEN CLOSED");
    }

    @Test
    void forcedClosedCountsAndDisabledDoesNot() {
        CircuitBreaker breaker = breaker();
        breaker.forceClosed();
        for (int i = 0; i < 10; i++) {
            call(breaker, Outcome.FAILURE);
        }
        assertThat(breaker.state()).isEqualTo(State.FORCED_CLOSED);
        breaker.disable();
        for (int i = 0; i < 10; i++) {
            call(breaker, Outcome.FAILURE);
        }

        assertThat(breaker.state()).isEqualTo(State.DISABLED);
        assertThat(breaker.stats().failed()).isEqualTo(10);
        breaker.reset();
        assertThat(breaker.stats().windowCalls()).isZero();
    }

    @Test
    void aShadowBreakerChangesStateAndLetsEverythingPass() {
        CircuitBreaker breaker = breaker(builder -> builder.shadow(true));
        open(breaker);

        call(breaker, Outcome.SUCCESS, Outcome.FAILURE);

        assertThat(breaker.state()).isEqualTo(State.OPEN);
        assertThat(breaker.stats().refused()).isEqualTo(2);
        assertThat(breaker.stats().failed()).isEqualTo(5);
        assertThat(breaker.stats().late()).isZero();
        clock.advance(Duration.ofSeconds(6));
        call(breaker, Outcome.SUCCESS, Outcome.SUCCESS, Outcome.SUCCESS);
        assertThat(breaker.state()).isEqualTo(State.CLOSED);
    }

    // ---- listeners, options

    @Test
    void aListenerThatThrowsChangesNothing() {
        CircuitBreaker breaker = breaker(builder -> builder.listener(new CircuitBreaker.Listener() {
            @Override
            public void onStateChange(CircuitBreaker breaker, State from, State to) {
                throw new IllegalStateException("listener");
            }
        }));

        open(breaker);

        assertThat(breaker.tryAcquire()).isNegative();
    }

    /** Resilience4j issue 2038: a listener that asks the breaker recursed until the stack was gone. */
    @Test
    void aListenerMayUseAndSwitchTheBreaker() {
        CircuitBreaker breaker = breaker(builder -> builder.listener(new CircuitBreaker.Listener() {
            @Override
            public void onStateChange(CircuitBreaker breaker, State from, State to) {
                heard.add(from + " " + to);
                breaker.onResult(breaker.tryAcquire(), Outcome.FAILURE, 0);
                if (heard.size() < 5_000) {
                    breaker.reset();
                    breaker.forceOpen();
                }
            }
        }));

        breaker.forceOpen();

        assertThat(heard).hasSizeGreaterThanOrEqualTo(5_000);
        for (int i = 1; i < heard.size(); i++) {
            assertThat(heard.get(i))
                    .startsWith(heard.get(i - 1).substring(heard.get(i - 1).indexOf(' ') + 1) + " ");
        }
    }

    @Test
    void countsEachResultOnce() {
        CircuitBreaker breaker = breaker(builder -> builder.failureRate(1));
        long seed = 99;
        Random random = new Random(seed);
        int succeeded = 0;
        for (int i = 0; i < 10_000; i++) {
            boolean ok = random.nextInt(10) != 0;
            succeeded += ok ? 1 : 0;
            call(breaker, ok ? Outcome.SUCCESS : Outcome.FAILURE);
            clock.advance(Duration.ofMillis(random.nextInt(100)));
            breaker.forceClosed();
            breaker.reset();
        }

        assertThat(breaker.stats().succeeded()).as("seed %d", seed).isEqualTo(succeeded);
        assertThat(breaker.stats().failed()).as("seed %d", seed).isEqualTo(10_000 - succeeded);
    }

    @Test
    void showsItsOptions() {
        assertThat(breaker(
                        builder -> builder.slowCalls(Duration.ofSeconds(1), 0.8).shadow(true)))
                .hasToString("CircuitBreaker[name=test, window=PT10S, minimumCalls=4, failureRate=0.5,"
                        + " slowCalls=PT1S in 0.8, halfOpenProbes=3, probeLease=PT30S, openTime=PT5S to PT1M,"
                        + " jitter=0.0, shadow]");
    }

    @Test
    void takesASmallCountWindowForItsMinimum() {
        CircuitBreaker breaker = CircuitBreaker.builder()
                .countWindow(5)
                .timeSource(TimeSource.system())
                .build();

        assertThat(breaker.toString()).contains("countWindow=5, minimumCalls=5");
    }

    @Test
    void refusesWrongOptions() {
        CircuitBreaker.Builder builder = CircuitBreaker.builder();
        refused(() -> builder.name(" "), "name");
        refused(() -> builder.window(Duration.ofMillis(99)), "window: PT0.099S (must be PT0.1S to PT10M)");
        refused(() -> builder.window(Duration.ofHours(2)), "window");
        refused(() -> builder.countWindow(0), "countWindow: 0 (must be 1 to 100000)");
        refused(() -> builder.minimumCalls(0), "minimumCalls");
        refused(() -> builder.failureRate(0), "failureRate");
        refused(() -> builder.failureRate(1.01), "failureRate");
        refused(() -> builder.failureRate(Double.NaN), "failureRate: NaN");
        refused(() -> builder.slowCalls(Duration.ZERO, 0.5), "threshold");
        refused(() -> builder.slowCalls(Duration.ofSeconds(1), 0), "share");
        refused(() -> builder.consecutiveFailures(-1), "consecutiveFailures");
        refused(() -> builder.halfOpenProbes(0), "halfOpenProbes");
        refused(() -> builder.halfOpenProbes(32), "halfOpenProbes: 32 (must be 1 to 31)");
        refused(() -> builder.probeLease(Duration.ZERO), "probeLease");
        refused(() -> builder.openTime(Duration.ZERO, Duration.ofSeconds(1)), "initial");
        refused(() -> builder.openTime(Duration.ofSeconds(2), Duration.ofSeconds(1)), "max: PT1S");
        refused(() -> builder.jitter(-0.1), "fraction");
        refused(() -> builder.jitter(Double.NaN), "fraction");
        refused(() -> builder.countWindow(10).minimumCalls(11).build(), "minimumCalls: 11");
        assertThatThrownBy(() -> builder.listener(null)).isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> builder.classifier(null)).isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> builder.timeSource(null)).isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> builder.random(null)).isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> builder.window(null)).hasMessageContaining("window");
    }

    private static void refused(Runnable option, String message) {
        assertThatThrownBy(option::run)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(message);
    }
}
