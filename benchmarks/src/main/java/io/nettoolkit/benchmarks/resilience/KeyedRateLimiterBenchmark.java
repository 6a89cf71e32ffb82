package io.nettoolkit.benchmarks.resilience;

import io.github.bucket4j.Bucket;
import io.nettoolkit.resilience.KeyedRateLimiter;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * A limit for each of a million keys, which come in random order, so that each call misses the caches. Only the toolkit has
 * such a limiter; what people write with the other libraries is a concurrent map of limiters, which grows with the keys.
 * A setup prints the bytes per key that the toolkit takes.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
        value = 3,
        jvmArgsAppend = {"-Xms2g", "-Xmx2g", "-XX:+UseSerialGC"})
public class KeyedRateLimiterBenchmark {

    private static final int KEYS = 1_000_000;

    /** One second per permit and a burst that is never used up: every key keeps its place. */
    private static final int BURST = 1_000_000;

    private static final Duration PER = Duration.ofSeconds(1);

    /** Random order without a random number per call. */
    @State(Scope.Thread)
    public static class Order {

        private final int[] order = new Random(42).ints(1 << 20, 0, KEYS).toArray();
        private final int[] wide = new Random(43).ints(1 << 20).toArray();
        private int next;
        private int key;

        Order advance() {
            key = next();
            return this;
        }

        int next() {
            return order[next++ & order.length - 1];
        }

        /** Below a larger power of two. */
        int nextWide() {
            return wide[next++ & wide.length - 1];
        }
    }

    /** The keys, and what each contestant keeps for them. */
    @State(Scope.Benchmark)
    public static class Toolkit {

        private final String[] texts = texts();
        private final KeyedRateLimiter<Order> byNumber = KeyedRateLimiter.<Order>builder(1, PER)
                .burst(BURST)
                .maxKeys(KEYS)
                .hash(order -> order.key)
                .build();
        private final KeyedRateLimiter<String> byText = KeyedRateLimiter.<String>builder(1, PER)
                .burst(BURST)
                .maxKeys(KEYS)
                .build();

        /** Gives each key its place. */
        @Setup(Level.Trial)
        public void fill() {
            Order order = new Order();
            for (int key = 0; key < KEYS; key++) {
                order.key = key;
                byNumber.tryAcquire(order, 1000);
                byText.tryAcquire(texts[key], 1000);
            }
            KeyedRateLimiter.Stats stats = byText.stats();
            System.out.printf(
                    "%d keys have a place, %.1f bytes per key%n", stats.keys(), stats.memoryBytes() / (double) KEYS);
        }
    }

    /** A map of Bucket4j's buckets. */
    @State(Scope.Benchmark)
    public static class Bucket4j {

        private final String[] texts = texts();
        private final Map<String, Bucket> buckets = new ConcurrentHashMap<>();

        /** Makes the buckets. */
        @Setup(Level.Trial)
        public void fill() {
            for (String text : texts) {
                buckets.put(text, LimiterPeers.bucket4j(BURST, PER));
            }
        }
    }

    /** A map of Guava's limiters. */
    @State(Scope.Benchmark)
    public static class Guava {

        private final String[] texts = texts();
        private final Map<String, com.google.common.util.concurrent.RateLimiter> limiters = new ConcurrentHashMap<>();

        /** Makes the limiters. */
        @Setup(Level.Trial)
        public void fill() {
            for (String text : texts) {
                limiters.put(text, LimiterPeers.guava(BURST, PER));
            }
        }
    }

    private static String[] texts() {
        String[] texts = new String[KEYS];
        for (int key = 0; key < KEYS; key++) {
            texts[key] = "client-" + key;
        }
        return texts;
    }

    /** Memory that nobody keeps in order; the toolkit's table takes 36 MB. */
    @State(Scope.Benchmark)
    @SuppressWarnings("NullAway.Init") // JMH sets the parameters
    public static class Memory {

        private static final VarHandle WORDS = MethodHandles.arrayElementVarHandle(long[].class);

        /** How much; less shows how small a key's share would have to be for a time. */
        @Param({"1", "4", "8", "16", "32"})
        public int megabytes;

        private long[] words;

        /** Fills it, so that it is there. */
        @Setup(Level.Trial)
        public void fill() {
            words = new long[megabytes << 17];
            Arrays.fill(words, 1);
        }

        int place(int number) {
            return (number << 1) & (words.length - 1);
        }
    }

    /** By a number, as of a user; the key itself is in the cache, as that of a request just read is. */
    @Benchmark
    public boolean toolkit(Toolkit state, Order order) {
        return state.byNumber.tryAcquire(order.advance());
    }

    /** By a text of 8 to 13 characters. */
    @Benchmark
    public boolean toolkitText(Toolkit state, Order order) {
        return state.byText.tryAcquire(state.texts[order.next()]);
    }

    /** By the same text. */
    @Benchmark
    public boolean bucket4jMap(Bucket4j state, Order order) {
        return state.buckets
                .computeIfAbsent(state.texts[order.next()], key -> LimiterPeers.bucket4j(BURST, PER))
                .tryConsume(1);
    }

    /** By the same text. */
    @Benchmark
    public boolean guavaMap(Guava state, Order order) {
        return state.limiters
                .computeIfAbsent(state.texts[order.next()], key -> LimiterPeers.guava(BURST, PER))
                .tryAcquire();
    }

    /**
     * What no limit of so many keys can go below where the table is larger than the caches: the clock, and one
     * compare-and-set of a word that is somewhere in as much memory (32 MB).
     */
    @Benchmark
    public boolean clockAndMemory(Memory memory, Order order) {
        long now = System.nanoTime();
        int word = memory.place(order.nextWide());
        long seen = memory.words[word];
        return Memory.WORDS.compareAndSet(memory.words, word, seen, now);
    }

    /** The clock. */
    @Benchmark
    public long nanoTime() {
        return System.nanoTime();
    }
}
