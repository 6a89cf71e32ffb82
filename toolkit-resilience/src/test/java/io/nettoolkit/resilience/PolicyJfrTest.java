package io.nettoolkit.resilience;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.core.TimeSource;
import io.nettoolkit.resilience.Classifier.Outcome;
import io.netty.util.concurrent.MockTicker;
import io.netty.util.concurrent.Ticker;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a recording hears of policies: changes of their state, in order with the calls they refused. */
class PolicyJfrTest {

    private static final Duration SECOND = Duration.ofSeconds(1);

    private final MockTicker ticker = Ticker.newMockTicker();
    private final TimeSource clock = TimeSource.of(ticker);

    @TempDir
    Path directory;

    /** What a policy of the name "recorded" told while this ran. */
    private List<String> recorded(Runnable use) throws Exception {
        return PolicyRecording.of(directory, use).stream()
                .map(event -> PolicyRecording.isShed(event)
                        ? event.getString("reason")
                        : event.getString("policy") + " " + event.getString("from") + "->" + event.getString("to"))
                .toList();
    }

    private static void refused(Callable<?> call) {
        try {
            throw new AssertionError("was not refused, but answered " + call.call());
        } catch (RejectedExecutionException expected) {
            // That is what is recorded.
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void aCircuitBreakerTellsOfItsTransitionsAndRefusals() throws Exception {
        CircuitBreaker breaker =
                CircuitBreaker.builder().name("recorded").timeSource(clock).build();

        assertThat(recorded(() -> {
                    breaker.forceOpen();
                    assertThat(breaker.tryAcquire()).isNegative();
                    breaker.reset();
                    breaker.reset();
                }))
                .containsExactly("recorded CLOSED->FORCED_OPEN", "CIRCUIT_OPEN", "recorded FORCED_OPEN->CLOSED");
    }

    @Test
    void aBulkheadTellsWhoWaitedInVain() throws Exception {
        Bulkhead bulkhead = Bulkhead.builder(1)
                .name("recorded")
                .maxPending(1)
                .timeSource(clock)
                .parking((blocker, nanos) -> ticker.advance(nanos, TimeUnit.NANOSECONDS))
                .build();
        bulkhead.tryAcquire();

        assertThat(recorded(() -> refused(() -> bulkhead.execute(() -> "no")))).containsExactly("BULKHEAD_FULL");
    }

    @Test
    void anAdaptiveLimitTellsHowItMovedAndWhomItRefused() throws Exception {
        AdaptiveLimit limit = AdaptiveLimit.aimd()
                .name("recorded")
                .initial(8)
                .minSamples(1)
                .decrease(0.5)
                .timeSource(clock)
                .build();

        assertThat(recorded(() -> {
                    ticker.advance(100, TimeUnit.MILLISECONDS);
                    limit.onResult(limit.tryAcquire(), Outcome.OVERLOAD, 1);
                    while (limit.inFlight() < limit.limit()) {
                        limit.tryAcquire();
                    }
                    refused(() -> limit.execute(() -> "no"));
                }))
                .containsExactly("recorded 8->4", "OVERLOADED");
    }

    @Test
    void aLoadShedderTellsWhenItBeginsAndEndsAndWhomItRefused() throws Exception {
        LoadShedder shedder = LoadShedder.builder()
                .name("recorded")
                .priorities(2)
                .withoutClientThrottle()
                .timeSource(clock)
                .build();

        List<String> recorded = recorded(() -> {
            shedder.tryAdmit(1);
            for (int interval = 0; interval < 2; interval++) {
                shedder.onQueueDelay(Duration.ofMillis(20).toNanos());
                ticker.advance(100, TimeUnit.MILLISECONDS);
                shedder.tryAdmit(0);
            }
            refused(() -> shedder.execute(1, () -> "no"));
            for (int interval = 0; interval < 20; interval++) {
                ticker.advance(100, TimeUnit.MILLISECONDS);
                shedder.tryAdmit(0);
            }
        });

        int last = recorded.size() - 1;
        assertThat(recorded.get(0)).isEqualTo("recorded ADMITTING->SHEDDING");
        assertThat(recorded.get(last)).isEqualTo("recorded SHEDDING->ADMITTING");
        assertThat(recorded.subList(1, last)).containsOnly("OVERLOADED").hasSize((int)
                (shedder.stats().shed().get(0) + shedder.stats().shed().get(1)));
    }

    @Test
    void anOutlierDetectorTellsWhoLeavesAndWhoReturns() throws Exception {
        OutlierDetector<String> detector = OutlierDetector.<String>builder()
                .name("recorded")
                .consecutiveFailures(1)
                .timeSource(clock)
                .build();

        assertThat(recorded(() -> {
                    detector.report("b", Outcome.SUCCESS);
                    detector.report("a", Outcome.FAILURE);
                    ticker.advance(30, TimeUnit.SECONDS);
                    detector.isEjected("a");
                }))
                .containsExactly("recorded a HEALTHY->EJECTED", "recorded a EJECTED->HEALTHY");
    }
}
