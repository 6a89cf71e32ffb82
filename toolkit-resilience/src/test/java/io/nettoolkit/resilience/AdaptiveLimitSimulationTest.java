package io.nettoolkit.resilience;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.core.TimeSource;
import io.netty.util.concurrent.MockTicker;
import io.netty.util.concurrent.Ticker;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What the limits do to a service with a known knee. */
class AdaptiveLimitSimulationTest {

    private static final double NEAR = 0.25;
    /** The 99th percentile of an exponential time, in means. */
    private static final double P99_OF_EXPONENTIAL = Math.log(100);

    private final MockTicker ticker = Ticker.newMockTicker();

    private QueueingServer server(AdaptiveLimit.Builder builder, long seed) {
        return new QueueingServer(
                builder.timeSource(TimeSource.of(ticker)).build(), ticker, new SplittableRandom(seed));
    }

    static Stream<Arguments> byTimes() {
        return Stream.of(
                        Arguments.of("vegas", (Supplier<AdaptiveLimit.Builder>) AdaptiveLimit::vegas),
                        Arguments.of("gradient", (Supplier<AdaptiveLimit.Builder>) AdaptiveLimit::gradient))
                .flatMap(rule -> Stream.of(1L, 2L, 3L).map(seed -> Arguments.of(rule.get()[0], seed, rule.get()[1])));
    }

    @ParameterizedTest(name = "{0}, seed {1}")
    @MethodSource("byTimes")
    void findsTheKneeAndKeepsCallsQuickAtTwiceTheLoad(String rule, long seed, Supplier<AdaptiveLimit.Builder> builder) {
        QueueingServer server = server(builder.get(), seed);
        server.arrivalsPerSecond = 10_000;
        server.run(Duration.ofSeconds(3));
        server.times.clear();

        List<Integer> limits = server.run(Duration.ofSeconds(7));

        assertThat(mean(limits)).as("mean limit of %s", limits).isBetween(50 * (1 - NEAR), 50 * (1 + NEAR));
        assertThat(server.p99()).as("p99").isLessThan(3 * P99_OF_EXPONENTIAL * server.meanNanos);
    }

    @ParameterizedTest(name = "{0}, seed {1}")
    @MethodSource("byTimes")
    void followsAStepOfTheCapacityWithinTenWindows(String rule, long seed, Supplier<AdaptiveLimit.Builder> builder) {
        QueueingServer server = server(builder.get(), seed);
        server.arrivalsPerSecond = 10_000;
        server.run(Duration.ofSeconds(5));

        server.places = 25;
        server.run(Duration.ofSeconds(1));
        assertNear(25, server.run(Duration.ofSeconds(1)), "after the loss of half");

        server.places = 50;
        server.run(Duration.ofSeconds(1));
        assertNear(50, server.run(Duration.ofSeconds(1)), "after its return");
    }

    private static void assertNear(int knee, List<Integer> limits, String when) {
        assertThat(mean(limits))
                .as("%s: mean limit of %s", when, limits)
                .isBetween(knee * (1 - NEAR), knee * (1 + NEAR));
    }

    static Stream<Arguments> slower() {
        return byTimes()
                .filter(rule -> rule.get()[1].equals(1L))
                .flatMap(rule -> Stream.of(1.5, 2.0, 3.0, 5.0, 10.0)
                        .map(times -> Arguments.of(rule.get()[0], rule.get()[2], times)));
    }

    /**
     * The places are as many as before, so the limit has to be, too. It comes down at first, because a slow service and a
     * queue look alike until the limit is half of what it was. Ten times as slow, few calls end in a window, and one run
     * tells little.
     */
    @ParameterizedTest(name = "{0}, {2} times as slow")
    @MethodSource("slower")
    void returnsWithinTenWindowsToTheKneeOfAServiceThatHasBecomeSlower(
            String rule, Supplier<AdaptiveLimit.Builder> builder, double times) {
        List<Double> means = new ArrayList<>();
        for (long seed = 1; seed <= 8; seed++) {
            QueueingServer server = server(builder.get(), seed);
            server.arrivalsPerSecond = 10_000;
            server.run(Duration.ofSeconds(5));

            server.meanNanos *= times;
            server.run(tenWindows(server));

            means.add(mean(server.run(Duration.ofSeconds(3))));
        }
        assertAround(50, means);
    }

    private static void assertAround(int knee, List<Double> means) {
        double mean = means.stream().mapToDouble(Double::doubleValue).average().orElseThrow();
        assertThat(mean).as("mean of %s", means).isBetween(knee * (1 - NEAR), knee * (1 + NEAR));
        assertThat(means).as("seeds from 1 on").allMatch(one -> one > knee * 0.6 && one < knee * 1.4);
    }

    /** A window is no shorter than a call, and calls wait a little too. */
    private static Duration tenWindows(QueueingServer server) {
        return Duration.ofNanos((long) Math.max(1e9, 10 * 1.25 * server.meanNanos));
    }

    static Stream<Arguments> muchSlower() {
        return slower().filter(rule -> rule.get()[2].equals(3.0) || rule.get()[2].equals(5.0));
    }

    /** A limit that went by what calls took while the service was slow would now let most of them queue. */
    @ParameterizedTest(name = "{0}, {2} times as slow before")
    @MethodSource("muchSlower")
    void believesAServiceThatIsQuickAgain(String rule, Supplier<AdaptiveLimit.Builder> builder, double times) {
        List<Double> means = new ArrayList<>();
        for (long seed = 1; seed <= 8; seed++) {
            QueueingServer server = server(builder.get(), seed);
            server.arrivalsPerSecond = 10_000;
            server.run(Duration.ofSeconds(5));
            server.meanNanos *= times;
            server.run(tenWindows(server));
            server.run(Duration.ofSeconds(3));

            server.meanNanos /= times;
            server.run(tenWindows(server));

            means.add(mean(server.run(Duration.ofSeconds(1))));
        }
        assertAround(50, means);
    }

    /** What a larger limit did shows only in calls that end a second later, ten in a window. */
    @ParameterizedTest(name = "{0}, seed {1}")
    @MethodSource("byTimes")
    void doesNotRunAheadOfAServiceOfFewAndSlowCalls(String rule, long seed, Supplier<AdaptiveLimit.Builder> builder) {
        QueueingServer server = server(builder.get().initial(10), seed);
        server.places = 20;
        server.meanNanos = 200e6;
        server.arrivalsPerSecond = 200;
        server.run(Duration.ofSeconds(60));

        List<Integer> limits = server.run(Duration.ofSeconds(60));

        assertThat(mean(limits)).as("mean limit of %s", limits).isBetween(20 * 0.7, 20 * 1.4);
        assertThat(limits).as("limits").allMatch(limit -> limit < 2 * 20);
    }

    /** A limit that holds on to the quickest time ever seen would starve a service that became slower for good. */
    @ParameterizedTest(name = "{0}, seed {1}")
    @MethodSource("byTimes")
    void learnsANewTimeAtRest(String rule, long seed, Supplier<AdaptiveLimit.Builder> builder) {
        QueueingServer server = server(builder.get(), seed);
        server.arrivalsPerSecond = 10_000;
        server.run(Duration.ofSeconds(5));

        server.meanNanos *= 1.8;
        server.run(Duration.ofSeconds(6));
        List<Integer> limits = server.run(Duration.ofSeconds(6));

        assertThat(mean(limits)).as("mean limit of %s", limits).isBetween(50 * 0.6, 50 * 1.4);
    }

    /** Netflix/concurrency-limits #34, #134: under load that lasts, the time at rest crept up, and the limit with it. */
    @ParameterizedTest(name = "{0}, seed {1}")
    @MethodSource("byTimes")
    void doesNotCreepUpUnderLoadThatLasts(String rule, long seed, Supplier<AdaptiveLimit.Builder> builder) {
        QueueingServer server = server(builder.get(), seed);
        server.places = 20;
        server.arrivalsPerSecond = 4_000;
        server.run(Duration.ofSeconds(10));

        server.run(Duration.ofSeconds(60));
        List<Integer> limits = server.run(Duration.ofSeconds(10));

        assertThat(mean(limits)).as("mean limit of %s", limits).isBetween(20 * 0.7, 20 * 1.4);
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void anAimdLimitFindsWhatTheServerRefuses(long seed) {
        QueueingServer server = server(AdaptiveLimit.aimd(), seed);
        server.arrivalsPerSecond = 10_000;
        server.maxQueue = 2;
        server.run(Duration.ofSeconds(5));

        List<Integer> limits = server.run(Duration.ofSeconds(5));

        assertThat(mean(limits)).as("mean limit of %s", limits).isBetween(50 * (1 - NEAR), 50 * (1 + NEAR));
    }

    static Stream<Long> seeds() {
        return Stream.of(1L, 2L, 3L);
    }

    private static double mean(List<Integer> limits) {
        return limits.stream().mapToInt(Integer::intValue).average().orElseThrow();
    }
}
