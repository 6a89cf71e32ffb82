package io.nettoolkit.resilience;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class CircuitBreakerOptionsTest {

    private static final Duration SECOND = Duration.ofSeconds(1);

    /** The values that nobody has to choose (resilience4j 1622: what should I set?). */
    @Test
    void showsItsOptions() {
        assertThat(CircuitBreaker.builder().build())
                .hasToString("CircuitBreaker[name=circuit-breaker, window=PT10S, minimumCalls=20, failureRate=0.5,"
                        + " halfOpenProbes=3, probeLease=PT30S, openTime=PT5S to PT1M, jitter=0.2]");
        assertThat(CircuitBreaker.builder()
                        .name("test")
                        .minimumCalls(4)
                        .jitter(0)
                        .slowCalls(SECOND, 0.8)
                        .consecutiveFailures(7)
                        .shadow(true)
                        .build())
                .hasToString("CircuitBreaker[name=test, window=PT10S, minimumCalls=4, failureRate=0.5,"
                        + " slowCalls=PT1S in 0.8, consecutiveFailures=7, halfOpenProbes=3, probeLease=PT30S,"
                        + " openTime=PT5S to PT1M, jitter=0.0, shadow]");
    }

    @Test
    void takesASmallCountWindowForItsMinimum() {
        assertThat(CircuitBreaker.builder().countWindow(5).build().toString())
                .contains("countWindow=5, minimumCalls=5");
        assertThat(CircuitBreaker.builder().countWindow(500).build().toString())
                .contains("countWindow=500, minimumCalls=20");
    }

    @Test
    void takesWhatIsJustWithinItsBounds() {
        for (Duration bound : new Duration[] {Duration.ofMillis(100), Duration.ofMinutes(10)}) {
            assertThat(CircuitBreaker.builder().window(bound).build().toString())
                    .contains("window=" + bound);
        }
        for (Duration bound : new Duration[] {Duration.ofMillis(1), Duration.ofDays(1)}) {
            assertThat(CircuitBreaker.builder()
                            .probeLease(bound)
                            .openTime(bound, bound)
                            .build()
                            .toString())
                    .contains("probeLease=" + bound + ", openTime=" + bound + " to " + bound);
        }
        for (double bound : new double[] {0, 1}) {
            assertThat(CircuitBreaker.builder().jitter(bound).build().toString())
                    .contains("jitter=" + bound);
        }
        assertThat(CircuitBreaker.builder()
                        .countWindow(10)
                        .minimumCalls(10)
                        .build()
                        .toString())
                .contains("countWindow=10, minimumCalls=10");
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
        refused(() -> builder.jitter(1.1), "fraction: 1.1 (must be 0 to 1)");
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
