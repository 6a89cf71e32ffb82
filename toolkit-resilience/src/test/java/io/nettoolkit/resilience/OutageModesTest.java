package io.nettoolkit.resilience;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.core.Deadline;
import io.nettoolkit.resilience.DistributedRateLimiter.Decision;
import io.nettoolkit.resilience.DistributedRateLimiter.Source;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every kind of trouble a store can be in, crossed with everything that can be chosen for that case: each decision comes
 * within the store's timeout and as was chosen, none fails, and when the trouble is over the store decides again.
 */
class OutageModesTest extends DistributedLimiterRig {

    private static final int BURST = 8;
    private static final int NODES = 4;
    private static final Duration TIMEOUT = Duration.ofMillis(20);
    private static final int OUTAGE_STEPS = 200;

    private final TroubledStore store = new TroubledStore();

    enum Trouble {
        DOWN,
        THROWING,
        SLOW,
        SILENT,
        GARBAGE,
        NOTHING_AT_ALL,
        /** Down, and then empty. */
        RESTARTED,
        /** Silent, then refusing, and then one that has not heard of the last grants. */
        FAILING_OVER
    }

    /** How many of the decisions of an outage are to be yes. */
    private static void check(OutageMode mode, int granted) {
        switch (mode) {
            case FAIL_OPEN -> assertThat(granted).isEqualTo(OUTAGE_STEPS);
            case FAIL_CLOSED -> assertThat(granted).isZero();
            case LOCAL_SHARE -> {
                int rate = (int) (TIMEOUT.multipliedBy(OUTAGE_STEPS).toMillis() * RATE / NODES / 1_000);
                assertThat(granted).isBetween(rate, rate + BURST / NODES);
            }
        }
    }

    static Stream<Arguments> all() {
        return Stream.of(Trouble.values())
                .flatMap(trouble -> Stream.of(OutageMode.values()).map(mode -> Arguments.of(trouble, mode)));
    }

    /** One of this process, on the test's clock, and in trouble when the test says so. */
    private final class TroubledStore implements TokenStore {

        private TokenStore fine = TokenStore.inProcess(clock);
        private Trouble trouble;
        private int callsInTrouble;
        private boolean flushed;

        @Override
        public CompletionStage<Grant> take(String key, Limit limit, long unit, long count, Deadline deadline) {
            if (flushed) {
                flushed = false;
                return CompletableFuture.failedFuture(new IOException("NOSCRIPT"));
            }
            if (trouble == null) {
                return fine.take(key, limit, unit, count, deadline);
            }
            callsInTrouble++;
            return switch (trouble) {
                case DOWN, RESTARTED -> CompletableFuture.failedFuture(new IOException("gone"));
                case THROWING -> throw new IllegalStateException("broken");
                case SLOW -> late(fine.take(key, limit, unit, count, deadline));
                case SILENT -> new CompletableFuture<>();
                case GARBAGE ->
                    CompletableFuture.completedFuture(new Grant(count + 1, -1, Duration.ZERO, Duration.ZERO));
                case NOTHING_AT_ALL -> null;
                case FAILING_OVER ->
                    callsInTrouble <= 2
                            ? new CompletableFuture<>()
                            : CompletableFuture.failedFuture(new IOException("READONLY"));
            };
        }

        private CompletionStage<Grant> late(CompletionStage<Grant> grant) {
            CompletableFuture<Grant> late = new CompletableFuture<>();
            time.executor()
                    .schedule(
                            () -> grant.whenComplete((value, failure) -> late.complete(value)),
                            5 * TIMEOUT.toMillis(),
                            TimeUnit.MILLISECONDS);
            return late;
        }

        void recover() {
            if (trouble == Trouble.RESTARTED || trouble == Trouble.FAILING_OVER) {
                fine = TokenStore.inProcess(clock);
            }
            trouble = null;
        }
    }

    private DistributedRateLimiter.Builder builder(OutageMode mode) {
        return builder(store, mode.outage(NODES)).burst(BURST).storeTimeout(TIMEOUT);
    }

    /** What is decided by the time a caller may wait; then virtual time stands still until it is there. */
    private Decision decide(DistributedRateLimiter limiter) throws Exception {
        CompletableFuture<Decision> decision = limiter.tryAcquire();
        time.advance(TIMEOUT);
        return decision.get(10, TimeUnit.SECONDS);
    }

    private static int granted(Decision decision) {
        return decision.granted() ? 1 : 0;
    }

    @ParameterizedTest
    @MethodSource("all")
    void isHonouredInTimeAndOver(Trouble trouble, OutageMode mode) throws Exception {
        DistributedRateLimiter limiter = builder(mode).build();
        assertThat(decide(limiter).source()).isEqualTo(Source.STORE);

        store.trouble = trouble;
        int granted = 0;
        for (int i = 0; i < OUTAGE_STEPS; i++) {
            Decision decision = decide(limiter);
            assertThat(decision.source()).isEqualTo(Source.FALLBACK);
            granted += granted(decision);
        }
        check(mode, granted);
        assertThat(store.callsInTrouble).as("asked now and then").isBetween(4, 12);

        store.recover();
        Decision decision = decide(limiter);
        // The longest delay of a probe.
        for (Duration wait = Duration.ZERO;
                decision.source() != Source.STORE && wait.compareTo(Duration.ofSeconds(5)) < 0;
                wait = wait.plus(TIMEOUT)) {
            decision = decide(limiter);
        }
        assertThat(decision.source()).isEqualTo(Source.STORE);
        assertThat(decision.granted()).isTrue();
        assertThat(events).hasSize(2).last().isEqualTo("back");
        assertThat(events.get(0)).startsWith("lost: ");
    }

    /** As a script that the store has forgotten, where the adapter did not send it again by itself. */
    @ParameterizedTest
    @EnumSource
    void aCallThatFailsAloneCostsItsOwnDecisionAlone(OutageMode mode) throws Exception {
        DistributedRateLimiter limiter = builder(mode).build();
        for (int i = 0; i < 50; i++) {
            store.flushed = i % 2 == 0;
            Decision decision = decide(limiter);
            assertThat(decision.source()).isEqualTo(i % 2 == 0 ? Source.FALLBACK : Source.STORE);
            assertThat(decision.granted()).isEqualTo(i % 2 == 1 || mode != OutageMode.FAIL_CLOSED);
        }
        assertThat(events).isEmpty();
    }

    /** Permits borrowed before are spent first, by both forms of asking; then what was chosen decides by both. */
    @ParameterizedTest
    @MethodSource("all")
    void isHonouredByThoseWhoBorrow(Trouble trouble, OutageMode mode) throws Exception {
        DistributedRateLimiter limiter = builder(mode).leased(BURST / 2).build();
        decide(limiter);
        store.trouble = trouble;
        for (int i = 0; i < 100 && !limiter.stats().storeAway(); i++) {
            decide(limiter);
        }
        assertThat(limiter.stats().storeAway()).isTrue();
        time.advance(Duration.ofSeconds(1));

        int granted = 0;
        for (int i = 0; i < OUTAGE_STEPS; i++) {
            granted += limiter.tryAcquireNow(1) ? 1 : 0;
            time.advance(TIMEOUT);
        }
        check(mode, granted);
    }
}
