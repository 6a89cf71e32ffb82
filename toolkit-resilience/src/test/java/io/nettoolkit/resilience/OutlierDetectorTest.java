package io.nettoolkit.resilience;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nettoolkit.resilience.Classifier.Outcome;
import io.nettoolkit.resilience.OutlierDetector.Cause;
import io.nettoolkit.resilience.internal.breaker.BreakerClock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

class OutlierDetectorTest {

    private final BreakerClock clock = new BreakerClock(77);
    private final List<String> heard = new ArrayList<>();

    private OutlierDetector<String> detector(UnaryOperator<OutlierDetector.Builder<String>> options) {
        OutlierDetector.Builder<String> builder = OutlierDetector.<String>builder()
                .name("test")
                .jitter(0)
                .timeSource(clock.timeSource())
                .listener(new OutlierDetector.Listener<String>() {
                    @Override
                    public void onEject(String endpoint, Cause cause, Duration time) {
                        heard.add(endpoint + " " + cause + " " + time);
                    }

                    @Override
                    public void onReturn(String endpoint) {
                        heard.add(endpoint + " returns");
                    }
                });
        return options.apply(builder).build();
    }

    private static void report(OutlierDetector<String> detector, String endpoint, int succeeded, int failed) {
        for (int i = 0; i < succeeded; i++) {
            detector.report(endpoint, Outcome.SUCCESS);
        }
        for (int i = 0; i < failed; i++) {
            detector.report(endpoint, Outcome.FAILURE);
        }
    }

    private static String timeOf(String event) {
        return event.substring(event.lastIndexOf(' ') + 1);
    }

    private static void know(OutlierDetector<String> detector, String... endpoints) {
        for (String endpoint : endpoints) {
            detector.report(endpoint, Outcome.SUCCESS);
        }
    }

    @Test
    void ejectsAfterFailuresInARow() {
        OutlierDetector<String> detector = detector(builder -> builder);
        know(detector, "a", "b", "c");

        report(detector, "a", 0, 4);
        report(detector, "a", 1, 4);
        assertThat(detector.isEjected("a")).isFalse();
        detector.report("a", Outcome.OVERLOAD);

        assertThat(detector.isEjected("a")).isTrue();
        assertThat(detector.isEjected("b")).isFalse();
        assertThat(heard).containsExactly("a CONSECUTIVE_FAILURES PT30S");
    }

    @Test
    void takesItBackWhenTheTimeIsOver() {
        OutlierDetector<String> detector = detector(builder -> builder);
        know(detector, "b");
        report(detector, "a", 0, 5);
        clock.advance(Duration.ofSeconds(30).minusNanos(1));
        assertThat(detector.isEjected("a")).isTrue();

        clock.advance(Duration.ofNanos(1));

        assertThat(detector.isEjected("a")).isFalse();
        assertThat(heard).last().isEqualTo("a returns");
        assertThat(detector.stats().ejected()).isZero();
    }

    @Test
    void theTimeGrowsWithEachEjectionAndShrinksWithHealthyIntervals() {
        OutlierDetector<String> detector =
                detector(builder -> builder.ejectionTime(Duration.ofSeconds(30), Duration.ofSeconds(80)));
        know(detector, "b");
        for (int i = 0; i < 3; i++) {
            report(detector, "a", 0, 5);
            clock.advance(Duration.ofSeconds(80));
            assertThat(detector.isEjected("a")).isFalse();
        }
        assertThat(heard)
                .filteredOn(event -> event.contains("PT"))
                .extracting(OutlierDetectorTest::timeOf)
                .containsExactly("PT30S", "PT1M", "PT1M20S");

        for (int i = 0; i < 5; i++) {
            know(detector, "a");
            clock.advance(Duration.ofSeconds(10));
        }
        know(detector, "a");
        report(detector, "a", 0, 5);

        assertThat(heard).last().isEqualTo("a CONSECUTIVE_FAILURES PT30S");
    }

    @Test
    void ejectsWhoeverSucceedsFarLessOftenThanTheOthers() {
        OutlierDetector<String> detector = detector(builder -> builder.consecutiveFailures(0));
        for (String endpoint : List.of("b", "c", "d", "e", "f")) {
            report(detector, endpoint, 98, 2);
        }
        report(detector, "a", 60, 40);
        assertThat(heard).isEmpty();
        clock.advance(Duration.ofSeconds(10));

        know(detector, "b");

        assertThat(heard).containsExactly("a SUCCESS_RATE PT30S");
    }

    @Test
    void tooFewEndpointsOrCallsMakeNoMean() {
        OutlierDetector<String> detector = detector(builder -> builder.consecutiveFailures(0));
        for (String endpoint : List.of("b", "c", "d")) {
            report(detector, endpoint, 100, 0);
        }
        report(detector, "a", 0, 100);
        report(detector, "e", 0, 19);
        clock.advance(Duration.ofSeconds(10));

        know(detector, "b");

        assertThat(heard).isEmpty();
    }

    @Test
    void ejectsWhereTooLargeAShareFailed() {
        OutlierDetector<String> detector =
                detector(builder -> builder.consecutiveFailures(0).failureRate(0.3));
        know(detector, "b");
        report(detector, "a", 14, 6);
        clock.advance(Duration.ofSeconds(10));

        know(detector, "b");

        assertThat(heard).containsExactly("a FAILURE_RATE PT30S");
    }

    @Test
    void aFailureAtTheEndOfAnIntervalEndsItToo() {
        OutlierDetector<String> detector =
                detector(builder -> builder.consecutiveFailures(0).failureRate(0.3));
        know(detector, "b");
        report(detector, "a", 14, 5);
        clock.advance(Duration.ofSeconds(10));

        detector.report("a", Outcome.FAILURE);

        assertThat(heard).containsExactly("a FAILURE_RATE PT30S");
    }

    /** Just as many endpoints as a mean takes; shares do not depend on how many calls there were. */
    @Test
    void comparesSharesAndNotNumbers() {
        OutlierDetector<String> detector = detector(builder -> builder.consecutiveFailures(0));
        for (String endpoint : List.of("b", "c", "d", "e")) {
            report(detector, endpoint, 500, 0);
        }
        report(detector, "a", 20, 0);
        clock.advance(Duration.ofSeconds(10));
        know(detector, "b");
        assertThat(heard).as("all are as good").isEmpty();

        for (String endpoint : List.of("b", "c", "d", "e")) {
            report(detector, endpoint, 20, 0);
        }
        report(detector, "a", 500, 20);
        clock.advance(Duration.ofSeconds(10));
        know(detector, "b");
        assertThat(heard).containsExactly("a SUCCESS_RATE PT30S");
    }

    @Test
    void endpointsThatAreEquallyBadStay() {
        OutlierDetector<String> detector = detector(builder -> builder.consecutiveFailures(0));
        for (String endpoint : List.of("a", "b", "c", "d", "e")) {
            report(detector, endpoint, 10, 10);
        }
        clock.advance(Duration.ofSeconds(10));
        know(detector, "b");

        assertThat(heard).isEmpty();
    }

    /** Intervals that it spent away forgive nothing, those in which it was busy and good do. */
    @Test
    void onlyIntervalsThatItTookPartInForgive() {
        OutlierDetector<String> detector = detector(builder -> builder);
        know(detector, "b");
        report(detector, "a", 0, 5);
        for (int i = 0; i < 3; i++) {
            clock.advance(Duration.ofSeconds(10));
            know(detector, "b");
        }
        report(detector, "a", 0, 5);
        assertThat(heard).last().isEqualTo("a CONSECUTIVE_FAILURES PT1M");

        clock.advance(Duration.ofSeconds(60));
        for (int i = 0; i < 3; i++) {
            report(detector, "a", 50, 0);
            clock.advance(Duration.ofSeconds(10));
        }
        know(detector, "a");
        report(detector, "a", 0, 5);
        assertThat(heard).last().isEqualTo("a CONSECUTIVE_FAILURES PT30S");
    }

    @Test
    void ejectsNoMoreThanItsShareAndNeverTheLast() {
        OutlierDetector<String> alone = detector(builder -> builder.maxEjectedShare(1));
        report(alone, "a", 0, 50);
        assertThat(alone.isEjected("a")).isFalse();
        assertThat(alone.stats().suppressed()).isEqualTo(10);

        OutlierDetector<String> many = detector(builder -> builder.maxEjectedShare(0.3));
        for (int i = 0; i < 10; i++) {
            know(many, "endpoint-" + i);
        }
        for (int i = 0; i < 10; i++) {
            report(many, "endpoint-" + i, 0, 5);
        }
        assertThat(many.stats().ejected()).isEqualTo(3);
        assertThat(many.stats().suppressed()).isEqualTo(7);
    }

    @Test
    void resultsThatArriveDuringAnEjectionCountForNothing() {
        OutlierDetector<String> detector = detector(builder -> builder);
        know(detector, "b");
        report(detector, "a", 0, 9);
        clock.advance(Duration.ofSeconds(31));
        assertThat(detector.isEjected("a")).isFalse();

        report(detector, "a", 0, 4);

        assertThat(detector.isEjected("a")).isFalse();
    }

    @Test
    void forgetsWhatIsGone() {
        OutlierDetector<String> detector = detector(builder -> builder);
        know(detector, "b", "c");
        report(detector, "a", 0, 5);
        assertThat(detector.stats().ejected()).isEqualTo(1);

        detector.remove("a");
        detector.remove("never seen");
        assertThat(detector.isEjected("a")).isFalse();
        assertThat(detector.stats()).isEqualTo(new OutlierDetector.Stats(2, 0, 1, 0, 0));

        detector.retain(List.of("c", "z"));
        assertThat(detector.stats().endpoints()).isEqualTo(1);
    }

    @Test
    void knowsNoMoreEndpointsThanAllowed() {
        OutlierDetector<String> detector = detector(builder -> builder.maxEndpoints(100));
        for (int i = 0; i < 10_000; i++) {
            detector.report("endpoint-" + i, Outcome.FAILURE);
        }

        assertThat(detector.stats().endpoints()).isEqualTo(100);
        assertThat(detector.stats().untracked()).isEqualTo(9_900);
        detector.remove("endpoint-3");
        know(detector, "new");
        assertThat(detector.stats().endpoints()).isEqualTo(100);
        report(detector, "endpoint-7", 0, 4);
        assertThat(detector.isEjected("endpoint-7"))
                .as("one of those that are known")
                .isTrue();
        assertThat(detector.stats().untracked()).isEqualTo(9_900);
    }

    @Test
    void aListenerThatThrowsOrReportsChangesNothing() {
        OutlierDetector<String>[] self = newArray();
        self[0] = detector(builder -> builder.listener(new OutlierDetector.Listener<String>() {
            @Override
            public void onEject(String endpoint, Cause cause, Duration time) {
                report(self[0], "b", 0, 5);
                throw new IllegalStateException("listener");
            }
        }));
        know(self[0], "a", "b", "c");

        report(self[0], "a", 0, 5);

        assertThat(self[0].isEjected("a")).isTrue();
        assertThat(self[0].stats().suppressed()).isEqualTo(1);
    }

    @SuppressWarnings({"unchecked", "rawtypes"})
    private static OutlierDetector<String>[] newArray() {
        return new OutlierDetector[1];
    }

    /** Random reports, questions and time: never too many ejected, times within bounds, and nobody is lost for ever. */
    @Test
    void keepsItsBoundsInRandomSchedules() {
        for (long seed = 1; seed <= 60; seed++) {
            Random random = new Random(seed);
            int count = 2 + random.nextInt(20);
            double share = (1 + random.nextInt(10)) / 10.0;
            heard.clear();
            OutlierDetector<String> detector = detector(builder ->
                    builder.maxEjectedShare(share).jitter(0.5).random(random).failureRate(0.6));
            for (int i = 0; i < count; i++) {
                know(detector, "e" + i);
            }
            int allowed = Math.min(count - 1, Math.max(1, (int) (count * share)));
            for (int step = 0; step < 3_000; step++) {
                String endpoint = "e" + random.nextInt(count);
                detector.report(endpoint, random.nextInt(3) == 0 ? Outcome.SUCCESS : Outcome.FAILURE);
                if (random.nextInt(5) == 0) {
                    clock.advance(Duration.ofMillis(random.nextInt(3_000)));
                }
                assertThat(detector.stats().ejected()).as("seed %d", seed).isBetween(0, allowed);
            }
            assertThat(heard).as("seed %d", seed).isNotEmpty();
            assertThat(heard)
                    .as("seed %d", seed)
                    .filteredOn(event -> event.contains("PT"))
                    .allSatisfy(event -> {
                        Duration time = Duration.parse(timeOf(event));
                        assertThat(time).isBetween(Duration.ofSeconds(15), Duration.ofMinutes(5));
                    });
            clock.advance(Duration.ofSeconds(301));
            know(detector, "e0");
            clock.advance(Duration.ofSeconds(301));
            for (int i = 0; i < count; i++) {
                assertThat(detector.isEjected("e" + i)).as("seed %d", seed).isFalse();
            }
            assertThat(detector.stats().ejected()).isZero();
        }
    }

    @Test
    void refusesWrongOptions() {
        OutlierDetector.Builder<String> builder = OutlierDetector.builder();
        refused(() -> builder.name(""), "name");
        refused(() -> builder.consecutiveFailures(-1), "consecutiveFailures: -1");
        refused(() -> builder.successRate(-1, 5), "deviations: -1.0");
        refused(() -> builder.successRate(Double.NaN, 5), "deviations");
        refused(() -> builder.successRate(1, 1), "minimumEndpoints: 1");
        refused(() -> builder.failureRate(0), "failureRate");
        refused(() -> builder.minimumCalls(0), "minimumCalls");
        refused(() -> builder.interval(Duration.ZERO), "interval");
        refused(() -> builder.maxEjectedShare(1.1), "maxEjectedShare");
        refused(() -> builder.ejectionTime(Duration.ofSeconds(2), Duration.ofSeconds(1)), "max: PT1S");
        refused(() -> builder.jitter(2), "fraction");
        refused(() -> builder.maxEndpoints(0), "maxEndpoints");
        OutlierDetector<String> detector = builder.build();
        assertThatThrownBy(() -> detector.report(null, Outcome.SUCCESS)).hasMessageContaining("endpoint");
        assertThat(detector.toString()).startsWith("OutlierDetector[name=outlier-detector, interval=PT10S");
    }

    @Test
    void showsItsOptions() {
        assertThat(OutlierDetector.<String>builder()
                        .name("peers")
                        .consecutiveFailures(0)
                        .successRate(0, 2)
                        .failureRate(1)
                        .minimumCalls(1)
                        .interval(Duration.ofSeconds(2))
                        .maxEjectedShare(0.5)
                        .ejectionTime(Duration.ofNanos(7), Duration.ofNanos(7))
                        .jitter(1)
                        .maxEndpoints(1)
                        .build())
                .hasToString("OutlierDetector[name=peers, interval=PT2S, maxEndpoints=1,"
                        + " EjectionRules[consecutiveFailures=0, deviations=0.0, minimumEndpoints=2, failureRate=1.0,"
                        + " minimumCalls=1, maxEjectedShare=0.5, baseNanos=7, maxNanos=7, jitter=1.0]]");
        OutlierDetector.Builder<String> builder = OutlierDetector.builder();
        builder.successRate(100, 2).jitter(0);
        refused(() -> builder.successRate(100.1, 2), "deviations: 100.1 (must be 0 to 100)");
        refused(() -> builder.jitter(-0.1), "fraction: -0.1");
    }

    private static void refused(Runnable option, String message) {
        assertThatThrownBy(option::run)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(message);
    }
}
