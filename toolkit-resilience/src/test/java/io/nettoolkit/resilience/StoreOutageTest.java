package io.nettoolkit.resilience;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nettoolkit.core.RejectedException;
import io.nettoolkit.resilience.DistributedRateLimiter.Decision;
import io.nettoolkit.resilience.DistributedRateLimiter.Outage;
import io.nettoolkit.resilience.DistributedRateLimiter.Source;
import io.nettoolkit.resilience.TokenStore.Grant;
import java.io.IOException;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** A store that is late, broken, or gone: every caller is answered in time, as was chosen. */
class StoreOutageTest extends DistributedLimiterRig {

    private final ScriptedStore store = new ScriptedStore();

    @Override
    DistributedRateLimiter.Builder builder(TokenStore on, Outage outage) {
        return super.builder(on, outage).burst(8);
    }

    private void lose(DistributedRateLimiter limiter) {
        for (int i = 0; i < 3; i++) {
            limiter.tryAcquire();
            time.advance(Duration.ofMillis(20));
        }
        assertThat(limiter.stats().storeAway()).isTrue();
    }

    /** Envoy's rate limit service waits for 10 s (envoyproxy/ratelimit 462 and 978). */
    @Test
    void aCallerWaitsAsLongAsTheTimeoutAndNoLonger() throws Exception {
        DistributedRateLimiter limiter = builder(store, Outage.failOpen()).build();
        CompletableFuture<Decision> first = limiter.tryAcquire();
        time.advance(Duration.ofMillis(10));
        CompletableFuture<Decision> second = limiter.tryAcquire();

        time.advance(Duration.ofNanos(9_999_999));
        assertThat(first).isNotDone();
        time.advance(Duration.ofNanos(1));
        assertThat(get(first)).isEqualTo(new Decision(true, 0, Duration.ZERO, Source.FALLBACK));
        assertThat(store.ask(0).answer()).as("the late call").isCancelled();

        // The second one's call could begin only now; its deadline stays what it was.
        assertThat(store.calls()).isEqualTo(2);
        assertThat(second).isNotDone();
        time.advance(Duration.ofMillis(10));
        assertThat(get(second).source()).isEqualTo(Source.FALLBACK);
    }

    /**
     * Bucket4j swaps a state until it wins: 45 times for one decision (407), without a bound in number or time unless asked
     * for one (556), and without a word about it (552).
     */
    @Test
    void aDecisionIsOneCallWhateverBecomesOfIt() throws Exception {
        DistributedRateLimiter limiter = builder(store, Outage.failClosed()).build();
        CompletableFuture<Decision> failed = limiter.tryAcquire();
        store.last().answer().completeExceptionally(new IOException("lost against another process"));
        assertThat(get(failed).source()).isEqualTo(Source.FALLBACK);
        CompletableFuture<Decision> refused = limiter.tryAcquire();
        store.last().grant(0);
        assertThat(get(refused)).isEqualTo(new Decision(false, 0, Duration.ofMillis(50), Source.STORE));
        time.advance(Duration.ofMillis(50));
        CompletableFuture<Decision> late = limiter.tryAcquire();
        time.advance(Duration.ofMillis(20));
        assertThat(get(late).source()).isEqualTo(Source.FALLBACK);

        time.advance(Duration.ofMinutes(1));
        assertThat(store.calls()).isEqualTo(3);
    }

    @Test
    void aLateAnswerCountsForNobody() throws Exception {
        DistributedRateLimiter limiter = builder(store, Outage.failClosed()).build();
        CompletableFuture<Decision> decision = limiter.tryAcquire();
        time.advance(Duration.ofMillis(20));
        store.ask(0).answer().complete(new Grant(1, 0, Duration.ZERO, Duration.ZERO));

        assertThat(get(decision).granted()).isFalse();
        assertThat(get(decision).source()).isEqualTo(Source.FALLBACK);
    }

    @Test
    void nobodyWaitsOnceThreeCallsInARowFailed() throws Exception {
        DistributedRateLimiter limiter = builder(store, Outage.failOpen()).build();
        lose(limiter);
        assertThat(time.elapsed()).isLessThanOrEqualTo(Duration.ofMillis(100));

        assertThat(limiter.tryAcquire())
                .isCompletedWithValueMatching(d -> d.granted() && d.source() == Source.FALLBACK);
        assertThat(store.calls()).isEqualTo(3);
        assertThat(events).containsExactly("lost: TimeoutException");
    }

    @Test
    void asksInTheBackgroundUntilTheStoreIsBack() throws Exception {
        DistributedRateLimiter limiter = builder(store, Outage.failClosed()).build();
        lose(limiter);
        time.advance(Duration.ofMillis(100));

        Decision during = limiter.tryAcquire().getNow(null);
        assertThat(during.source()).isEqualTo(Source.FALLBACK);
        assertThat(store.calls()).isEqualTo(4);
        assertThat(store.last().count()).as("a probe takes nothing").isZero();
        assertThat(limiter.tryAcquire()).isDone();
        assertThat(store.calls()).as("one probe").isEqualTo(4);

        time.advance(Duration.ofMillis(20));
        assertThat(limiter.tryAcquire()).isDone();
        assertThat(store.calls()).as("the next one later").isEqualTo(4);
        time.advance(Duration.ofMillis(200));
        assertThat(limiter.tryAcquire()).isDone();
        store.last().answer().complete(new Grant(0, 8, Duration.ZERO, Duration.ZERO));

        CompletableFuture<Decision> after = limiter.tryAcquire();
        store.last().grant(1);
        assertThat(get(after).source()).isEqualTo(Source.STORE);
        assertThat(events).containsExactly("lost: TimeoutException", "back");
    }

    @Test
    void aRefusalWhileTheStoreIsAwaySaysWhenItIsAskedAgain() {
        DistributedRateLimiter limiter = builder(store, Outage.failClosed()).build();
        lose(limiter);

        assertThat(limiter.tryAcquire().getNow(null).retryAfter())
                .isBetween(Duration.ofMillis(80), Duration.ofMillis(100));
        assertThatThrownBy(() -> limiter.execute(() -> "never"))
                .isInstanceOf(RejectedException.class)
                .hasMessageContaining("token store is away");
    }

    /** What users of flask-limiter (16, 319) and of Kong's plugin (14) wanted in place of all or nothing. */
    @Test
    void aShareIsAPartOfTheLimit() {
        DistributedRateLimiter limiter = builder(store, Outage.localShare(4)).build();
        lose(limiter);
        // Some of the share went to those who waited in vain.
        time.advance(Duration.ofSeconds(1));

        int granted = 0;
        for (int i = 0; i < 10; i++) {
            granted += limiter.tryAcquire().getNow(null).granted() ? 1 : 0;
        }
        assertThat(granted).as("a quarter of 8").isEqualTo(2);
        for (int i = 0; i < 1_000; i++) {
            time.advance(Duration.ofMillis(10));
            granted += limiter.tryAcquire().getNow(null).granted() ? 1 : 0;
        }
        assertThat(granted).as("a quarter of 100 a second, for 10 s").isBetween(251, 252);
        assertThat(limiter.tryAcquire(3).getNow(null).granted())
                .as("more than the share holds")
                .isFalse();
    }

    /** All shares together are the limit, also where it is too small to be divided into whole permits. */
    @Test
    void aShareOfASmallLimitFillsUpAsManyTimesMoreSlowly() {
        DistributedRateLimiter limiter =
                builder(store, Outage.localShare(400)).burst(1).build();
        lose(limiter);
        time.advance(Duration.ofSeconds(4));

        int granted = 0;
        for (int i = 0; i < 10_000; i++) {
            granted += limiter.tryAcquire().getNow(null).granted() ? 1 : 0;
            time.advance(Duration.ofMillis(10));
        }
        assertThat(granted).as("a 400th of 100 a second, for 100 s").isEqualTo(25);
    }

    @Test
    void aRefusalByTheShareSaysWhenItHasEnough() {
        DistributedRateLimiter limiter = builder(store, Outage.localShare(4)).build();
        lose(limiter);
        time.advance(Duration.ofSeconds(1));

        assertThat(limiter.tryAcquire(1).getNow(null)).isEqualTo(new Decision(true, 1, Duration.ZERO, Source.FALLBACK));
        assertThat(limiter.tryAcquire(2).getNow(null))
                .isEqualTo(new Decision(false, 1, Duration.ofMillis(40), Source.FALLBACK));
        assertThat(limiter.tryAcquire(3).getNow(null).retryAfter())
                .as("only the store may ever have so many")
                .isBetween(Duration.ZERO, Duration.ofMillis(500));
    }

    /** Limits beyond what a share can count make it smaller, and never fail. */
    @ParameterizedTest
    @CsvSource({"4503599627370496, 1, 4503599627370496", "1, 31536000000000, 142", "8, 31536000000000, 1"})
    void aShareBearsTheLargestLimits(long permits, long periodMicros, long burst) {
        DistributedRateLimiter limiter = DistributedRateLimiter.builder(
                        store, "orders", permits, Duration.of(periodMicros, ChronoUnit.MICROS), Outage.localShare(1))
                .burst(burst)
                .timeSource(clock)
                .scheduler(time.executor())
                .build();
        lose(limiter);

        assertThat(limiter.tryAcquire(1).getNow(null).source()).isEqualTo(Source.FALLBACK);
        assertThat(limiter.stats().grantedByFallback()).isPositive();
    }

    /**
     * In any interval all processes together get what the limit allows and, for the outage, their shares of a burst and what
     * came into the store meanwhile, a burst at most; and what is granted by those who have not noticed yet that it is back.
     */
    @Test
    void theWayBackBringsNoMoreThanTheShares() throws Exception {
        TokenStore fine = TokenStore.inProcess(clock);
        boolean[] down = {false};
        TokenStore failing = (key, limit, unit, count, deadline) -> down[0]
                ? CompletableFuture.failedFuture(new IOException("gone"))
                : fine.take(key, limit, unit, count, deadline);
        int nodes = 4;
        List<DistributedRateLimiter> limiters = new ArrayList<>();
        for (int i = 0; i < nodes; i++) {
            limiters.add(builder(failing, Outage.localShare(nodes)).build());
        }
        double perMilli = 0.1;
        double allowed = 0;
        double least = 0;
        int granted = 0;
        double most = 0;
        for (int millis = 0; millis < 20_000; millis++) {
            down[0] = millis / 3_000 == 1;
            for (DistributedRateLimiter limiter : limiters) {
                granted += get(limiter.tryAcquire()).granted() ? 1 : 0;
                most = Math.max(most, granted - allowed - least);
                allowed += limiter.stats().storeAway() && !down[0] ? perMilli / nodes : 0;
            }
            allowed += perMilli;
            time.advance(Duration.ofMillis(1));
            least = Math.min(least, granted - allowed);
        }

        assertThat(granted).as("of 2,000 in all").isGreaterThan(1_700);
        assertThat(most).as("beyond the rate").isLessThanOrEqualTo(8 + nodes * 2 + 8 + 1e-6);
        assertThat(events).contains("back");
    }

    static Stream<TokenStore> broken() {
        return Stream.of(
                (key, limit, unit, count, deadline) -> {
                    throw new IllegalStateException("broken");
                },
                (key, limit, unit, count, deadline) -> null,
                (key, limit, unit, count, deadline) -> CompletableFuture.completedFuture(null),
                (key, limit, unit, count, deadline) -> CompletableFuture.failedFuture(new IOException("gone")),
                answering(2, 0),
                answering(-1, 0),
                answering(1, 9),
                answering(0, -1));
    }

    private static TokenStore answering(long granted, long remaining) {
        return (key, limit, unit, count, deadline) ->
                CompletableFuture.completedFuture(new Grant(granted, remaining, Duration.ZERO, Duration.ZERO));
    }

    /**
     * A store in trouble failed the calls themselves: traefik 13529, bucket4j 339; and an exception went round the
     * choice to fail open: jsocol/django-ratelimit 333. In istio 12115 everything was refused.
     */
    @ParameterizedTest
    @MethodSource("broken")
    void bearsAStoreThatIsBroken(TokenStore broken) throws Exception {
        DistributedRateLimiter limiter = builder(broken, Outage.failOpen()).build();
        for (int i = 0; i < 10; i++) {
            assertThat(get(limiter.tryAcquire())).isEqualTo(new Decision(true, 0, Duration.ZERO, Source.FALLBACK));
        }
        assertThat(limiter.stats().storeCalls()).isEqualTo(3);
        assertThat(limiter.stats().storeFailures()).isEqualTo(3);
        assertThat(limiter.stats().grantedByFallback()).isEqualTo(10);
    }

    @Test
    void aFailureNowAndThenLosesNothingButItsOwnDecision() throws Exception {
        AtomicInteger calls = new AtomicInteger();
        TokenStore fine = TokenStore.inProcess(clock);
        TokenStore flaky = (key, limit, unit, count, deadline) -> calls.incrementAndGet() % 3 == 0
                ? fine.take(key, limit, unit, count, deadline)
                : CompletableFuture.failedFuture(new IOException("gone"));
        DistributedRateLimiter limiter =
                builder(flaky, Outage.failOpen()).burst(100).build();
        for (int i = 0; i < 30; i++) {
            assertThat(get(limiter.tryAcquire()).granted()).isTrue();
        }
        assertThat(limiter.stats().storeAway()).isFalse();
        assertThat(events).isEmpty();
    }

    @Test
    void takesNoMoreCallersThanMayWait() {
        DistributedRateLimiter limiter =
                builder(store, Outage.failOpen()).maxPending(2).build();
        limiter.tryAcquire();
        limiter.tryAcquire();
        limiter.tryAcquire();

        CompletableFuture<Decision> fourth = limiter.tryAcquire();

        assertThat(fourth.join().source()).isEqualTo(Source.FALLBACK);
        assertThat(limiter.stats().storeAway()).isFalse();
    }

    /**
     * At any moment one call at most, whatever threads, timeouts and failures do; and everybody is answered. The first answer
     * comes when every thread has asked for ten single permits, so that there is somebody to merge.
     */
    @Test
    void neverHasTwoCallsUnderWay() throws Exception {
        AtomicInteger underWay = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        CountDownLatch haveAsked = new CountDownLatch(4);
        TokenStore fine = TokenStore.inProcess();
        TokenStore slow = (key, limit, unit, count, deadline) -> {
            most.accumulateAndGet(underWay.incrementAndGet(), Math::max);
            CompletionStage<Grant> grant = fine.take(key, limit, unit, count, deadline);
            return CompletableFuture.supplyAsync(() -> {
                awaitUninterruptibly(haveAsked);
                underWay.decrementAndGet();
                return grant.toCompletableFuture().join();
            });
        };
        DistributedRateLimiter limiter = DistributedRateLimiter.builder(
                        slow, "orders", 1_000_000, Duration.ofSeconds(1), Outage.failClosed())
                .storeTimeout(Duration.ofSeconds(10))
                .build();
        List<Thread> threads = new ArrayList<>();
        List<CompletableFuture<Decision>> decisions = java.util.Collections.synchronizedList(new ArrayList<>());
        for (int t = 0; t < 4; t++) {
            Thread thread = new Thread(() -> {
                for (int i = 0; i < 2_000; i++) {
                    decisions.add(limiter.tryAcquire(1 + i / 10 % 3));
                    if (i == 9) {
                        haveAsked.countDown();
                    }
                }
            });
            threads.add(thread);
            thread.start();
        }
        for (Thread thread : threads) {
            thread.join();
        }
        for (CompletableFuture<Decision> decision : decisions) {
            assertThat(decision.get(20, TimeUnit.SECONDS).source()).isNotEqualTo(Source.FALLBACK);
        }
        assertThat(most.get()).isEqualTo(1);
        assertThat(limiter.stats().storeCalls()).isLessThan(8_000);
    }

    private static void awaitUninterruptibly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void decisionsAreCountedOnceEach() throws Exception {
        DistributedRateLimiter limiter = builder(TokenStore.inProcess(clock), Outage.failClosed())
                .leased(4)
                .build();
        for (int i = 0; i < 100; i++) {
            get(limiter.tryAcquire());
            time.advance(Duration.ofMillis(3));
        }
        DistributedRateLimiter.Stats stats = limiter.stats();
        assertThat(stats.grantedByStore()
                        + stats.grantedFromLease()
                        + stats.refusedByStore()
                        + stats.refusedFromCache())
                .isEqualTo(100);
    }
}
