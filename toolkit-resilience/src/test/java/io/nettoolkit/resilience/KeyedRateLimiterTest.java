package io.nettoolkit.resilience;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nettoolkit.core.RejectedException;
import io.nettoolkit.core.RejectedException.Reason;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.testkit.ManualTime;
import java.net.InetAddress;
import java.nio.CharBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class KeyedRateLimiterTest {

    private static final Duration SECOND = Duration.ofSeconds(1);

    private final ManualTime time = ManualTime.create();

    private <K> KeyedRateLimiter.Builder<K> tenPerSecond() {
        return KeyedRateLimiter.<K>builder(10, SECOND).burst(2).timeSource(TimeSource.of(time.ticker()));
    }

    @AfterEach
    void stop() {
        time.close();
    }

    @Test
    void eachKeyHasABucketOfItsOwn() {
        KeyedRateLimiter<String> limiter = this.<String>tenPerSecond().build();

        assertThat(limiter.tryAcquire("a", 2)).isTrue();
        assertThat(limiter.tryAcquire("a")).isFalse();
        assertThat(limiter.retryAfterNanos("a")).isEqualTo(100_000_000);
        assertThat(limiter.retryAfterNanos("a", 2)).isEqualTo(200_000_000);
        assertThat(limiter.retryAfterNanos("a", 3)).isEqualTo(Long.MAX_VALUE);
        assertThat(limiter.retryAfterNanos("b")).isZero();
        assertThat(limiter.tryAcquire("b")).isTrue();
        KeyedRateLimiter.Stats stats = limiter.stats();
        assertThat(stats.granted()).isEqualTo(3);
        assertThat(stats.refused()).isEqualTo(1);
        assertThat(stats.shared()).isZero();
        assertThat(stats.keys()).isEqualTo(2);
        assertThat(stats.memoryBytes()).isBetween(3_200_000L, 4_000_000L);
        time.advance(SECOND);
        assertThat(limiter.stats().keys()).isZero();
        assertThat(limiter.tryAcquire("a", 2)).isTrue();
    }

    @Test
    void theSameTextOrAddressIsTheSameKeyWhateverObjectItIs() throws Exception {
        KeyedRateLimiter<CharSequence> byName =
                this.<CharSequence>tenPerSecond().build();
        assertThat(byName.tryAcquire("client", 2)).isTrue();
        assertThat(byName.tryAcquire(CharBuffer.wrap("client"))).isFalse();

        KeyedRateLimiter<InetAddress> byAddress =
                this.<InetAddress>tenPerSecond().build();
        byte[] bytes = {32, 1, 13, -72, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
        assertThat(byAddress.tryAcquire(InetAddress.getByAddress("a", bytes), 2))
                .isTrue();
        assertThat(byAddress.tryAcquire(InetAddress.getByAddress("b", bytes))).isFalse();

        KeyedRateLimiter<byte[]> byToken = this.<byte[]>tenPerSecond().build();
        assertThat(byToken.tryAcquire("token".getBytes(StandardCharsets.UTF_8), 2))
                .isTrue();
        assertThat(byToken.tryAcquire("token".getBytes(StandardCharsets.UTF_8))).isFalse();
    }

    private record User(long id, String name) {}

    @Test
    void anotherTypeNeedsAHash() {
        KeyedRateLimiter<User> without = this.<User>tenPerSecond().build();
        assertThatThrownBy(() -> without.tryAcquire(new User(1, "a"))).hasMessageContaining("key: of ");

        KeyedRateLimiter<User> limiter =
                this.<User>tenPerSecond().hash(User::id).build();
        assertThat(limiter.tryAcquire(new User(1, "a"), 2)).isTrue();
        assertThat(limiter.tryAcquire(new User(1, "b"))).isFalse();
        assertThat(limiter.tryAcquire(new User(2, "a"))).isTrue();

        KeyedRateLimiter<User> broken = this.<User>tenPerSecond()
                .hash(user -> {
                    throw new IllegalStateException("no hash");
                })
                .build();
        assertThatThrownBy(() -> broken.tryAcquire(new User(1, "a"))).hasMessage("no hash");
    }

    @Test
    void executeRefusesWithoutNamingTheKey() throws Exception {
        KeyedRateLimiter<String> limiter =
                this.<String>tenPerSecond().name("per-token").build();

        assertThat(limiter.<String>execute("secret", () -> "made")).isEqualTo("made");
        assertThat(limiter.<String>execute("secret", () -> "made")).isEqualTo("made");
        assertThatExceptionOfType(RejectedException.class)
                .isThrownBy(() -> limiter.execute("secret", () -> "made"))
                .withMessageContaining("per-token")
                .withMessageContaining("10 per 1.00 s")
                .satisfies(refused -> assertThat(refused.getMessage()).doesNotContain("secret"))
                .satisfies(refused -> assertThat(refused.reason()).isEqualTo(Reason.RATE_LIMITED))
                .satisfies(refused -> assertThat(refused.retryAfter()).isEqualTo(Duration.ofMillis(100)));
    }

    @Test
    void executeAsyncRefusesLikewiseAndHandsACancelOn() {
        KeyedRateLimiter<String> limiter = this.<String>tenPerSecond().build();
        CompletableFuture<String> stage = new CompletableFuture<>();
        CompletableFuture<Void> ended = stage.handle((result, failure) -> null);

        CompletableFuture<String> first = limiter.executeAsync("secret", () -> stage);
        assertThat(limiter.executeAsync("secret", () -> CompletableFuture.completedFuture("made")))
                .isCompletedWithValue("made");
        assertThat(CallRig.failure(limiter.executeAsync("secret", () -> {
                    throw new AssertionError("the call was made");
                })))
                .isInstanceOfSatisfying(RejectedException.class, refused -> {
                    assertThat(refused.reason()).isEqualTo(Reason.RATE_LIMITED);
                    assertThat(refused.retryAfter()).isEqualTo(Duration.ofMillis(100));
                    assertThat(refused.getMessage()).doesNotContain("secret");
                });
        assertThat(CallRig.failure(limiter.executeAsync("another", () -> {
                    throw new IllegalStateException("thrown");
                })))
                .hasMessage("thrown");
        first.cancel(true);

        ended.join(); // The cancel reaches the stage on a loop.
        assertThat(stage).isCancelled();
        assertThat(limiter.stats().granted()).isEqualTo(3);
    }

    @Test
    void shadowModeCountsAndLetsThrough() {
        KeyedRateLimiter<String> limiter =
                this.<String>tenPerSecond().shadow(true).build();

        for (int i = 0; i < 5; i++) {
            assertThat(limiter.tryAcquire("a")).isTrue();
        }
        assertThat(limiter.stats().granted()).isEqualTo(2);
        assertThat(limiter.stats().refused()).isEqualTo(3);
        assertThat(limiter).asString().contains("shadow");
    }

    @Test
    void wrongArgumentsAreNamed() {
        assertThatThrownBy(() -> KeyedRateLimiter.builder(0, SECOND)).hasMessageContaining("permits: 0");
        assertThatThrownBy(() -> KeyedRateLimiter.builder(1, Duration.ZERO)).hasMessageContaining("per: PT0S");
        assertThatThrownBy(() -> tenPerSecond().burst(0)).hasMessageContaining("burst: 0");
        assertThatThrownBy(() -> tenPerSecond().maxKeys(0)).hasMessageContaining("maxKeys: 0");
        assertThatThrownBy(() -> tenPerSecond().maxKeys(100_000_001)).hasMessageContaining("maxKeys: 100000001");
        assertThatThrownBy(() -> tenPerSecond().name("")).hasMessageContaining("name: ");
        KeyedRateLimiter<String> limiter = this.<String>tenPerSecond().build();
        assertThatThrownBy(() -> limiter.tryAcquire("a", 0)).hasMessageContaining("permits: 0");
        assertThatThrownBy(() -> limiter.tryAcquire(null))
                .isInstanceOf(NullPointerException.class)
                .hasMessageContaining("key: ");
    }

    /** Resilience4j issue 1683: each limiter had a task on a scheduler, and millions of them never went away. */
    @Test
    void nothingIsScheduledForALimiter() {
        ScheduledThreadPoolExecutor scheduler = new ScheduledThreadPoolExecutor(0);
        for (int i = 0; i < 1_000; i++) {
            RateLimiter limiter = RateLimiter.tokenBucket(1, Duration.ofSeconds(1))
                    .warmUp(Duration.ofSeconds(1))
                    .scheduler(scheduler)
                    .build();
            limiter.tryAcquire();
            limiter.tryAcquire();
            limiter.reserve(1, 1);
        }

        assertThat(scheduler.getQueue()).isEmpty();
        scheduler.shutdownNow();
    }

    /** Too strict for both, and never more for either: what one of them took the other one has not got. */
    @Test
    void keysOfOneHashShareOneBucket() {
        KeyedRateLimiter<String> limiter = KeyedRateLimiter.<String>builder(3, Duration.ofDays(1))
                .hash(key -> key.length())
                .timeSource(TimeSource.of(time.ticker()))
                .build();

        assertThat(limiter.tryAcquire("one")).isTrue();
        assertThat(limiter.tryAcquire("two")).isTrue();
        assertThat(limiter.retryAfterNanos("one", 2))
                .isEqualTo(limiter.retryAfterNanos("two", 2))
                .isPositive();
        assertThat(limiter.tryAcquire("one")).isTrue();
        assertThat(limiter.tryAcquire("two")).isFalse();
        assertThat(limiter.tryAcquire("three", 3)).as("of another hash").isTrue();
        assertThat(limiter.stats().keys()).isEqualTo(2);
        assertThat(limiter.stats().shared()).as("by no lack of room").isZero();
    }
}
