package io.nettoolkit.resilience;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.resilience.CircuitBreaker.State;
import io.nettoolkit.resilience.Classifier.Outcome;
import io.nettoolkit.resilience.internal.breaker.BreakerClock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/** Breakers on a clock that a test moves, and what their listener heard. */
class BreakerRig {

    static final Duration TICK = Duration.ofMillis(2);

    final BreakerClock clock = new BreakerClock(12_345);
    final List<String> heard = new ArrayList<>();

    CircuitBreaker breaker(UnaryOperator<CircuitBreaker.Builder> options) {
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

    CircuitBreaker breaker() {
        return breaker(builder -> builder);
    }

    static void call(CircuitBreaker breaker, Outcome... outcomes) {
        for (Outcome outcome : outcomes) {
            long permit = breaker.tryAcquire();
            assertThat(permit).as("permit").isNotNegative();
            breaker.onResult(permit, outcome, 0);
        }
    }

    static void open(CircuitBreaker breaker) {
        call(breaker, Outcome.FAILURE, Outcome.FAILURE, Outcome.FAILURE, Outcome.FAILURE);
        assertThat(breaker.state()).isEqualTo(State.OPEN);
    }

    /** Answers the permit of the probe that made it half-open. */
    long halfOpen(CircuitBreaker breaker) {
        open(breaker);
        clock.advance(Duration.ofSeconds(5).plus(TICK));
        long probe = breaker.tryAcquire();
        assertThat(breaker.state()).isEqualTo(State.HALF_OPEN);
        return probe;
    }
}
