package io.nettoolkit.resilience;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nettoolkit.core.EventLoops;
import io.nettoolkit.core.RejectedException;
import io.nettoolkit.resilience.DistributedRateLimiter.Decision;
import io.nettoolkit.resilience.DistributedRateLimiter.Outage;
import io.nettoolkit.resilience.DistributedRateLimiter.Source;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Decisions, merging and calls, with the store's answers given by hand and in virtual time. */
class DistributedRateLimiterTest extends DistributedLimiterRig {

    private static final Duration TIMEOUT = Duration.ofMillis(20);

    private final ScriptedStore store = new ScriptedStore();

    private DistributedRateLimiter inProcess(long burst) {
        return builder(TokenStore.inProcess(clock), Outage.failClosed())
                .burst(burst)
                .build();
    }

    // ---- exact

    @Test
    void grantsTheBurstAndThenAtTheRate() throws Exception {
        DistributedRateLimiter limiter = inProcess(3);

        for (int i = 2; i >= 0; i--) {
            assertThat(get(limiter.tryAcquire())).isEqualTo(new Decision(true, i, Duration.ZERO, Source.STORE));
        }
        assertThat(get(limiter.tryAcquire())).isEqualTo(new Decision(false, 0, Duration.ofMillis(10), Source.STORE));
        time.advance(Duration.ofMillis(10));
        assertThat(get(limiter.tryAcquire()).granted()).isTrue();
    }

    @Test
    void anotherProcessSharesTheLimit() throws Exception {
        TokenStore shared = TokenStore.inProcess(clock);
        DistributedRateLimiter here =
                builder(shared, Outage.failClosed()).burst(2).build();
        DistributedRateLimiter there =
                builder(shared, Outage.failClosed()).burst(2).build();

        assertThat(get(here.tryAcquire()).granted()).isTrue();
        assertThat(get(there.tryAcquire()).granted()).isTrue();
        assertThat(get(here.tryAcquire()).granted()).isFalse();
        assertThat(get(there.tryAcquire()).granted()).isFalse();
    }

    @Test
    void doesNotAskAgainBeforeThereCanBeAPermit() throws Exception {
        DistributedRateLimiter limiter = inProcess(5);
        assertThat(get(limiter.tryAcquire(5)).granted()).isTrue();
        assertThat(get(limiter.tryAcquire(3)).source()).isEqualTo(Source.STORE);
        long calls = limiter.stats().storeCalls();

        time.advance(Duration.ofMillis(29));
        assertThat(get(limiter.tryAcquire(3))).isEqualTo(new Decision(false, 0, Duration.ofMillis(1), Source.CACHE));
        assertThat(limiter.stats().storeCalls()).isEqualTo(calls);

        assertThat(get(limiter.tryAcquire(1)).source()).as("less may be there").isEqualTo(Source.STORE);
        time.advance(Duration.ofMillis(31));
        assertThat(get(limiter.tryAcquire(3)).granted()).isTrue();
        assertThat(limiter.stats().refusedFromCache()).isEqualTo(1);
    }

    @Test
    void oneCallIsUnderWayForAllWhoAsk() throws Exception {
        DistributedRateLimiter limiter = builder(store, Outage.failClosed()).build();
        List<CompletableFuture<Decision>> decisions = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            decisions.add(limiter.tryAcquire());
        }
        assertThat(store.calls()).isEqualTo(1);
        assertThat(store.last().count()).isEqualTo(1);

        store.last().grant(1);
        assertThat(get(decisions.get(0)).granted()).isTrue();
        assertThat(store.calls()).isEqualTo(2);
        assertThat(store.last().count()).isEqualTo(5);

        store.last().grant(3);
        for (int i = 1; i < 6; i++) {
            Decision decision = get(decisions.get(i));
            assertThat(decision.granted()).as("in the order of asking, %d", i).isEqualTo(i <= 3);
            assertThat(decision.retryAfter()).isEqualTo(i <= 3 ? Duration.ZERO : Duration.ofMillis(50));
        }
    }

    /** Bucket4j 404, 407 and 603: 400 callers of one key got in each other's way for seconds. */
    @Test
    void fourHundredCallersCostTwoCalls() throws Exception {
        DistributedRateLimiter limiter =
                builder(store, Outage.failClosed()).burst(400).build();
        List<CompletableFuture<Decision>> decisions = new ArrayList<>();
        for (int i = 0; i < 400; i++) {
            decisions.add(limiter.tryAcquire());
        }
        store.last().grant(1);
        store.last().grant(399);

        assertThat(decisions)
                .allMatch(decision -> decision.join().equals(new Decision(true, 0, Duration.ZERO, Source.STORE)));
        assertThat(store.calls()).isEqualTo(2);
    }

    @Test
    void oneCallAsksForUnitsOfOneSize() throws Exception {
        DistributedRateLimiter limiter = builder(store, Outage.failClosed()).build();
        limiter.tryAcquire();
        CompletableFuture<Decision> two = limiter.tryAcquire(2);
        CompletableFuture<Decision> twoMore = limiter.tryAcquire(2);
        CompletableFuture<Decision> one = limiter.tryAcquire(1);

        store.last().grant(1);
        assertThat(store.last().unit()).isEqualTo(2);
        assertThat(store.last().count()).isEqualTo(2);
        store.last().grant(2);
        assertThat(get(two).granted()).isTrue();
        assertThat(get(twoMore).granted()).isTrue();
        assertThat(store.last().unit()).isEqualTo(1);
        store.last().grant(1);
        assertThat(get(one).granted()).isTrue();
    }

    /** resilience4j #2038: permits taken by recursion overflowed the stack. */
    @Test
    void aStoreThatAnswersAtOnceDoesNotOverflowTheStack() throws Exception {
        TokenStore first = TokenStore.inProcess(clock);
        CompletableFuture<TokenStore.Grant> gate = new CompletableFuture<>();
        TokenStore gated = new TokenStore() {
            private boolean open;

            @Override
            public java.util.concurrent.CompletionStage<Grant> take(
                    String key, Limit limit, long unit, long count, io.nettoolkit.core.Deadline deadline) {
                if (open) {
                    return first.take(key, limit, unit, count, deadline);
                }
                open = true;
                return gate;
            }
        };
        DistributedRateLimiter limiter = builder(gated, Outage.failClosed())
                .burst(1_000_000)
                .maxPending(30_000)
                .build();
        List<CompletableFuture<Decision>> decisions = new ArrayList<>();
        for (int i = 0; i < 20_001; i++) {
            decisions.add(limiter.tryAcquire(1 + i % 2));
        }
        gate.complete(new TokenStore.Grant(1, 0, Duration.ZERO, Duration.ZERO));

        for (CompletableFuture<Decision> decision : decisions) {
            assertThat(get(decision).source()).isEqualTo(Source.STORE);
        }
        assertThat(limiter.stats().storeCalls()).isEqualTo(20_001);
    }

    @Test
    void cancelledCallersAreNotAskedFor() throws Exception {
        DistributedRateLimiter limiter = builder(store, Outage.failClosed()).build();
        limiter.tryAcquire();
        CompletableFuture<Decision> given = limiter.tryAcquire();
        CompletableFuture<Decision> kept = limiter.tryAcquire();
        given.cancel(true);

        store.last().grant(1);
        assertThat(store.last().count()).isEqualTo(1);
        store.last().grant(1);
        assertThat(get(kept).granted()).isTrue();
    }

    // ---- calls

    @Test
    void executesWhenGranted() throws Exception {
        DistributedRateLimiter limiter = inProcess(2);

        assertThat(limiter.<String>execute(() -> "done")).isEqualTo("done");
        assertThat(limiter.executeAsync(() -> CompletableFuture.completedFuture("done"))
                        .get(5, TimeUnit.SECONDS))
                .isEqualTo("done");
        assertThatThrownBy(() -> limiter.execute(() -> "never"))
                .isInstanceOfSatisfying(RejectedException.class, refused -> {
                    assertThat(refused.reason()).isEqualTo(RejectedException.Reason.RATE_LIMITED);
                    assertThat(refused.retryAfter()).isEqualTo(Duration.ofMillis(10));
                });
        assertThatThrownBy(() -> limiter.executeAsync(() -> CompletableFuture.completedFuture("never"))
                        .get(5, TimeUnit.SECONDS))
                .hasCauseInstanceOf(RejectedException.class);
    }

    @Test
    void cancelReachesTheCallAfterTheDecision() throws Exception {
        DistributedRateLimiter limiter = builder(store, Outage.failClosed()).build();
        CompletableFuture<String> inner = new CompletableFuture<>();
        CompletableFuture<Void> started = new CompletableFuture<>();
        CompletableFuture<String> outer = limiter.executeAsync(() -> {
            started.complete(null);
            return inner;
        });
        assertThat(started).isNotDone();
        store.last().grant(1);
        started.get(5, TimeUnit.SECONDS);

        outer.cancel(true);

        assertThatThrownBy(() -> inner.get(5, TimeUnit.SECONDS))
                .isInstanceOf(java.util.concurrent.CancellationException.class);
    }

    @Test
    void makesNoCallWhoseCallerHasGone() throws Exception {
        DistributedRateLimiter limiter = builder(store, Outage.failClosed()).build();
        List<String> made = new ArrayList<>();
        CompletableFuture<String> outer = limiter.executeAsync(() -> {
            made.add("call");
            return new CompletableFuture<>();
        });
        outer.cancel(true);
        store.last().grant(1);
        // Whatever was on its way on the loop has run before this.
        get(limiter.tryAcquire().orTimeout(1, TimeUnit.MILLISECONDS).exceptionally(late -> null));

        assertThat(made).isEmpty();
    }

    @Test
    void refusesToWaitOnAnEventLoop() throws Exception {
        DistributedRateLimiter limiter = builder(store, Outage.failClosed()).build();

        CompletableFuture<Object> failure = new CompletableFuture<>();
        EventLoops.shared().next().execute(() -> {
            try {
                failure.complete(limiter.execute(() -> "never"));
            } catch (Exception e) {
                failure.complete(e);
            }
        });

        assertThat(failure.get(5, TimeUnit.SECONDS))
                .isInstanceOf(IllegalStateException.class)
                .asString()
                .contains("executeAsync");
    }

    // ---- arguments

    @Test
    void refusesArgumentsThatMakeNoSense() {
        Outage outage = Outage.failOpen();
        Duration second = Duration.ofSeconds(1);
        assertThatNullPointerException().isThrownBy(() -> DistributedRateLimiter.builder(null, "k", 1, second, outage));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> DistributedRateLimiter.builder(store, " ", 1, second, outage))
                .withMessageContaining("key");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> DistributedRateLimiter.builder(store, "k", 0, second, outage))
                .withMessageContaining("permits: 0");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> DistributedRateLimiter.builder(store, "k", 1, Duration.ofNanos(999), outage))
                .withMessageContaining("1 microsecond");
        assertThatIllegalArgumentException()
                .isThrownBy(
                        () -> DistributedRateLimiter.builder(store, "k", 10_000_000_000L, Duration.ofHours(1), outage)
                                .build())
                .withMessageContaining("burst: 10000000000 (must be at most");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Outage.localShare(0))
                .withMessageContaining("nodes: 0");
        assertThatNullPointerException().isThrownBy(() -> builder(store, null));
        DistributedRateLimiter.Builder builder = builder(store, outage);
        assertThatIllegalArgumentException().isThrownBy(() -> builder.burst(0));
        assertThatIllegalArgumentException().isThrownBy(() -> builder.leased(0));
        assertThatIllegalArgumentException().isThrownBy(() -> builder.storeTimeout(Duration.ZERO));
        assertThatIllegalArgumentException().isThrownBy(() -> builder.maxPending(0));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder(store, outage).burst(5).leased(6).build())
                .withMessage("maxPermits: 6 (must be at most the burst, 5)");
        DistributedRateLimiter limiter = builder.burst(5).build();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> limiter.tryAcquire(6))
                .withMessage("permits: 6 (must be 1 to 5)");
        assertThatIllegalArgumentException().isThrownBy(() -> limiter.tryAcquire(0));
        assertThatIllegalStateException()
                .isThrownBy(() -> limiter.tryAcquireNow(1))
                .withMessageContaining("leased");
    }

    @Test
    void showsItsOptions() {
        assertThat(builder(store, Outage.localShare(4)).storeTimeout(TIMEOUT).build())
                .hasToString(
                        "DistributedRateLimiter[distributed-rate-limiter, key orders, 100 per PT1S, burst 100, exact,"
                                + " localShare(4), storeTimeout PT0.02S, maxPending 10000]");
    }
}
