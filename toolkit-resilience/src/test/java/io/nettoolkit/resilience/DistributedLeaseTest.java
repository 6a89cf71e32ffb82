package io.nettoolkit.resilience;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nettoolkit.resilience.DistributedRateLimiter.Decision;
import io.nettoolkit.resilience.DistributedRateLimiter.Outage;
import io.nettoolkit.resilience.DistributedRateLimiter.Source;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** A distributed limiter that borrows permits and spends them here. */
class DistributedLeaseTest extends DistributedLimiterRig {

    private final ScriptedStore store = new ScriptedStore();

    private DistributedRateLimiter.Builder builder(TokenStore on) {
        return builder(on, Outage.failClosed());
    }

    /** Bucket4j 479: what every request asks the store for ends at 3,000 requests a second. */
    @Test
    void spendsWhatItBorrowedWithoutAskingForEach() throws Exception {
        DistributedRateLimiter limiter =
                builder(TokenStore.inProcess(clock)).burst(100).leased(16).build();
        int granted = 0;
        for (int i = 0; i < 200; i++) {
            granted += get(limiter.tryAcquire()).granted() ? 1 : 0;
        }
        assertThat(granted).isEqualTo(100);
        assertThat(limiter.stats().storeCalls()).isLessThan(30);
        assertThat(limiter.stats().grantedFromLease()).isGreaterThan(60);
    }

    @Test
    void manyProcessesNeverSpendMoreThanTheLimit() throws Exception {
        TokenStore shared = TokenStore.inProcess(clock);
        List<DistributedRateLimiter> nodes = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            nodes.add(builder(shared).burst(50).leased(10).build());
        }
        SplittableRandom random = new SplittableRandom(11);
        long start = clock.nanoTime();
        long granted = 0;
        for (int i = 0; i < 20_000; i++) {
            if (get(nodes.get(random.nextInt(4)).tryAcquire(1 + random.nextInt(2)))
                    .granted()) {
                granted++;
            }
            time.advance(Duration.ofMillis(random.nextInt(3)));
            long allowed = 50 + (clock.nanoTime() - start) * 100 / 1_000_000_000;
            assertThat(granted).as("seed 11, step %d", i).isLessThanOrEqualTo(allowed);
        }
        assertThat(granted).isGreaterThan(500);
    }

    @Test
    void losesWhatItDoesNotSpendInASecond() throws Exception {
        DistributedRateLimiter limiter =
                builder(TokenStore.inProcess(clock)).burst(100).leased(16).build();
        for (int i = 0; i < 30; i++) {
            get(limiter.tryAcquire());
        }
        long calls = limiter.stats().storeCalls();
        time.advance(Duration.ofMillis(1_001));

        assertThat(get(limiter.tryAcquire()).source()).isEqualTo(Source.STORE);
        assertThat(limiter.stats().storeCalls()).isGreaterThan(calls);
        assertThat(limiter.stats().unspent()).isPositive();
    }

    @Test
    void borrowsLessWhenLittleIsAskedFor() throws Exception {
        DistributedRateLimiter limiter = builder(store).leased(64).build();
        for (int i = 0; i < 6; i++) {
            int calls = store.calls();
            while (store.calls() == calls) {
                limiter.tryAcquire();
            }
            store.last().grant(store.last().count());
        }
        long busy = store.last().count();
        for (int i = 0; i < 6; i++) {
            int calls = store.calls();
            time.advance(Duration.ofSeconds(2));
            CompletableFuture<Decision> decision = limiter.tryAcquire();
            if (store.calls() > calls) {
                store.last().grant(store.last().count());
            }
            get(decision);
        }
        assertThat(busy).isGreaterThan(8);
        assertThat(store.last().count()).isLessThan(busy);
    }

    @Test
    void answersAtOnceFromTheLeaseAlone() throws Exception {
        DistributedRateLimiter limiter = builder(store).leased(8).build();

        assertThat(limiter.tryAcquireNow(1)).isFalse();
        assertThat(store.calls()).isEqualTo(1);
        assertThat(limiter.tryAcquireNow(1)).isFalse();
        assertThat(store.calls()).as("one call under way").isEqualTo(1);
        store.last().grant(1);
        assertThat(limiter.tryAcquireNow(1)).isTrue();
    }

    @Test
    void keepsWhatACancelledCallerWouldHaveGot() throws Exception {
        DistributedRateLimiter limiter = builder(store).leased(8).build();
        CompletableFuture<Decision> decision = limiter.tryAcquire(4);
        decision.cancel(true);

        store.last().grant(4);

        assertThat(limiter.tryAcquireNow(4)).isTrue();
    }

    @Test
    void keepsWhatACallerWouldHaveGotThatWasInterrupted() {
        DistributedRateLimiter limiter = builder(store).leased(8).build();
        Thread.currentThread().interrupt();

        assertThatThrownBy(() -> limiter.execute(() -> "never")).isInstanceOf(InterruptedException.class);
        store.last().grant(1);

        assertThat(limiter.tryAcquireNow(1)).isTrue();
    }
}
