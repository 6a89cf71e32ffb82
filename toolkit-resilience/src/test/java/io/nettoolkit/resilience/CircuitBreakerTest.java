package io.nettoolkit.resilience;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nettoolkit.core.RejectedException;
import io.nettoolkit.resilience.CircuitBreaker.State;
import io.nettoolkit.resilience.Classifier.Outcome;
import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Closed, open, and switched by hand. */
class CircuitBreakerTest extends BreakerRig {

    private static final long LEAST = 9_000_000_000L;

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

    // ---- listeners

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
}
