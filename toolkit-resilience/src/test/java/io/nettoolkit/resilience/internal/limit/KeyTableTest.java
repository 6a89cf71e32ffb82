package io.nettoolkit.resilience.internal.limit;

import static io.nettoolkit.resilience.internal.limit.LimitContractTest.onThreads;
import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.resilience.internal.limit.KeyTable.Decision;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class KeyTableTest {

    private static final long SECOND = 1_000_000_000;

    private static KeyTable table(long perSecond, long burst, int maxKeys, long now) {
        return new KeyTable(new TokenRate(perSecond, SECOND, now), burst, maxKeys);
    }

    private static boolean taken(Decision decision) {
        return decision == Decision.TAKEN || decision == Decision.TAKEN_SHARED;
    }

    /** As many keys as places, and more: each is decided as by a bucket of its own, or more strictly. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void decidesAsABucketPerKeyAndMoreStrictlyOnlyWhenItIsFull(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        long now = Long.MAX_VALUE - 5 * SECOND;
        int keys = seed % 2 == 0 ? 50 : 400;
        KeyTable table = table(20, 4, 100, now);
        TokenBucket[] model = new TokenBucket[keys];
        for (int key = 0; key < keys; key++) {
            model[key] = TokenBucket.of(new TokenRate(20, SECOND, now), 4, now);
        }
        int stricter = 0;
        int admitted = 0;
        for (int i = 0; i < 200_000; i++) {
            now += random.nextLong(SECOND / 1500);
            int key = random.nextInt(keys);
            long cost = 1 + random.nextLong(3);
            boolean expected = model[key].take(cost, now, -1) == 0;
            boolean taken = taken(table.take(mix(key), cost, now));
            assertThat(taken && !expected)
                    .as("more lenient, seed %d, step %d", seed, i)
                    .isFalse();
            stricter += expected && !taken ? 1 : 0;
            if (taken) {
                admitted++;
                model[key].take(cost, now, 0);
            }
        }
        assertThat(admitted).isGreaterThan(1_000);
        if (keys < 100) {
            assertThat(stricter).as("seed %d", seed).isZero();
        } else {
            assertThat(stricter).as("seed %d", seed).isPositive();
        }
    }

    private static long mix(long key) {
        return new KeyHash(1, 2).ofNumber(key);
    }

    /**
     * The limiters of resilience4j lie in a registry that grows with each new key (resilience4j #273, #703, #1221) and
     * come back with other values once evicted (#2277). Sentinel ends at 6,000 resources, and lets the calls of all
     * others pass (#1170).
     */
    @Test
    void tenMillionKeysStayInTheMemoryOfAMillion() {
        KeyTable table = table(10, 5, 1_000_000, 0);
        long bytes = table.memoryBytes();
        assertThat(bytes / 1_000_000.0).isLessThanOrEqualTo(40);
        int shared = 0;
        long now = 0;
        for (int key = 0; key < 10_000_000; key++) {
            now = key * 70L; // a key is idle again after 0.1 s, in which 1.43 million others come
            Decision decision = table.take(mix(key), 1, now);
            shared += decision == Decision.TAKEN || decision == Decision.REFUSED ? 0 : 1;
        }
        assertThat(table.memoryBytes()).isEqualTo(bytes);
        assertThat(shared).as("of ten million, with 1.4 times maxKeys in use").isLessThan(100_000);

        // Whoever comes back after a rest finds a full bucket, evicted or not.
        now += 10 * SECOND;
        for (int key = 0; key < 1000; key++) {
            assertThat(table.take(mix(key * 10_000L), 5, now)).isEqualTo(Decision.TAKEN);
            assertThat(taken(table.take(mix(key * 10_000L), 1, now))).isFalse();
        }
    }

    @Test
    void hardlyAKeyFindsNoPlaceWhileNoMoreThanMaxKeysAreInUse() {
        int maxKeys = 1_000_000;
        KeyTable table = table(1, 5, maxKeys, 0);
        int shared = 0;
        for (int key = 0; key < maxKeys; key++) {
            shared += table.take(mix(key), 5, 0) == Decision.TAKEN ? 0 : 1;
        }
        assertThat(shared).isLessThanOrEqualTo(10);
        assertThat(table.busy(0)).isEqualTo(maxKeys - shared);
        assertThat(table.busy(6 * SECOND)).isZero();
    }

    @Test
    void aKeyThatSharedABucketDoesNotStartWithAFullOneWhenItGetsAPlace() {
        KeyTable table = table(1, 4, 1, 0);
        // 16 places: fill them all with costs that expire soon, so that the next key shares.
        long key = 0;
        while (key < 1_000 && table.take(mix(key), 1, 0) != Decision.TAKEN_SHARED) {
            key++;
        }
        assertThat(key).as("keys with a place of their own").isBetween(8L, 16L);
        for (int i = 0; i < 3; i++) {
            assertThat(table.take(mix(key), 1, 0)).isEqualTo(Decision.TAKEN_SHARED);
        }
        assertThat(table.take(mix(key), 1, 0)).isEqualTo(Decision.REFUSED_SHARED);
        assertThat(table.waitNanos(mix(key), 1, 0)).isEqualTo(SECOND);
        // The others are idle now, so it gets a place.
        assertThat(taken(table.take(mix(key), 2, SECOND))).isFalse();
        assertThat(table.take(mix(key), 1, SECOND)).isEqualTo(Decision.TAKEN);
        assertThat(taken(table.take(mix(key), 1, SECOND))).isFalse();
        assertThat(table.waitNanos(mix(key), 1, SECOND)).isEqualTo(SECOND);
    }

    @Test
    void aCostBeyondTheBurstIsNeverFree() {
        KeyTable table = table(1, 4, 10, 0);

        assertThat(table.take(1, 5, 0)).isEqualTo(Decision.REFUSED);
        assertThat(table.waitNanos(1, 5, 0)).isEqualTo(Limit.NEVER);
        assertThat(table.waitNanos(1, 4, 0)).isZero();
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, -1, -2, Long.MIN_VALUE, Long.MAX_VALUE})
    void everyHashIsAKey(long hash) {
        KeyTable table = table(1, 4, 10, 0);

        assertThat(table.take(hash, 4, 0)).isEqualTo(Decision.TAKEN);
        assertThat(taken(table.take(hash, 1, 0))).isFalse();
        assertThat(table.busy(0)).isEqualTo(1);
    }

    /**
     * Whoever charges an entry may have been held up since it found it, and the entry may be another key's by then. That
     * charge is lost on the other key, and made anew.
     */
    @Test
    void aChargeOfAnEntryThatHasBecomeAnothersIsMadeAnew() {
        TokenRate rate = new TokenRate(1, SECOND, 0);
        KeyTable table = new KeyTable(rate, 2, 1);
        // Both halves of such numbers are small, so these keys have the same groups to be in; and they look at one
        // place first.
        long key = 100;
        long other = key + 8;
        assertThat(table.take(key, 1, 0)).isEqualTo(Decision.TAKEN);
        int place = table.find(key);
        long now = rate.units(SECOND);
        assertThat(place).isPositive();
        assertThat(table.find(other)).isNegative();

        assertThat(table.take(other, 1, SECOND)).isEqualTo(Decision.TAKEN);
        assertThat(table.find(key)).isNegative();
        assertThat(table.find(other)).as("who took its place").isEqualTo(place);

        long permit = rate.ofPermits(1);
        assertThat(table.charge(place, key, permit, now)).as("with room").isEqualTo(Decision.AGAIN);
        assertThat(table.charge(place, key, permit, now)).as("without").isEqualTo(Decision.AGAIN);
        assertThat(table.take(other, 1, SECOND)).as("it pays").isEqualTo(Decision.REFUSED);
        assertThat(table.take(key, 2, SECOND)).as("the key has lost nothing").isEqualTo(Decision.TAKEN);
        assertThat(table.take(key, 1, SECOND)).isEqualTo(Decision.REFUSED);
    }

    /** A key that comes back before its entry is another's goes on with it, idle or not. */
    @Test
    void aKeyThatComesBackFindsItsEntry() {
        KeyTable table = table(1, 2, 1, 0);
        assertThat(table.take(100, 1, 0)).isEqualTo(Decision.TAKEN);
        int place = table.find(100);

        assertThat(table.take(100, 1, 5 * SECOND)).isEqualTo(Decision.TAKEN);

        assertThat(table.find(100)).isEqualTo(place);
        assertThat(table.waitNanos(100, 1, 5 * SECOND)).isZero();
        assertThat(table.waitNanos(100, 2, 5 * SECOND)).isEqualTo(SECOND);
        assertThat(table.busy(5 * SECOND)).isEqualTo(1);
        assertThat(table.busy(6 * SECOND)).isZero();
    }

    @Test
    void takesAsMuchMemoryAsItSays() {
        // 25 groups of 8 entries of 2 longs, 6 longs before them; 2 shared words a group, 64 at least; 1024 locks.
        assertThat(table(1, 2, 100, 0).memoryBytes()).isEqualTo((25 * 16 + 6 + 64) * 8L + 4096);
        assertThat(table(1, 2, 101, 0).memoryBytes()).isEqualTo((26 * 16 + 6 + 64) * 8L + 4096);
        assertThat(table(1, 2, 1_000, 0).memoryBytes()).isEqualTo((250 * 16 + 6 + 500) * 8L + 4096);
    }

    /** Many threads, few places: entries change hands all the time, and no key gets more than its burst. */
    @Test
    void threadsNeverGetMoreThanTheBurstOfAKey() throws Exception {
        int keys = 64;
        for (int round = 0; round < 30; round++) {
            KeyTable table = table(1, 4, 8, 0);
            AtomicIntegerArray admitted = new AtomicIntegerArray(keys);
            long seed = round;
            onThreads(() -> {
                SplittableRandom random =
                        new SplittableRandom(seed * Thread.currentThread().hashCode());
                for (int i = 0; i < 5_000; i++) {
                    int key = random.nextInt(keys);
                    if (taken(table.take(mix(key), 1, 0))) {
                        admitted.incrementAndGet(key);
                    }
                }
                return 0;
            });
            for (int key = 0; key < keys; key++) {
                assertThat(admitted.get(key)).isLessThanOrEqualTo(4);
            }
        }
    }

    /** The clock moves, so that entries fall idle and are overwritten while others charge them. */
    @Test
    void entriesThatChangeHandsUnderThreadsLoseNoCharge() throws Exception {
        int keys = 40;
        long perSecond = 100_000;
        KeyTable table = table(perSecond, 3, 4, 0);
        AtomicIntegerArray admitted = new AtomicIntegerArray(keys);
        AtomicLong clock = new AtomicLong();
        onThreads(() -> {
            SplittableRandom random =
                    new SplittableRandom(Thread.currentThread().hashCode());
            for (int i = 0; i < 40_000; i++) {
                int key = random.nextInt(keys);
                if (taken(table.take(mix(key), 1, clock.get()))) {
                    admitted.incrementAndGet(key);
                }
                clock.addAndGet(random.nextInt(100));
            }
            return 0;
        });
        long most = 3 + clock.get() * perSecond / SECOND + 1;
        for (int key = 0; key < keys; key++) {
            assertThat((long) admitted.get(key)).isBetween(1L, most);
        }
    }
}
