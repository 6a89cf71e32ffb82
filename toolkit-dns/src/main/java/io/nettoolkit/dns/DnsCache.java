package io.nettoolkit.dns;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * What a resolver remembers: look at it, throw parts of it away, take it along to the next run.
 *
 * <pre>{@code
 * DnsCache cache = resolver.cache();
 * System.out.println(cache.stats().hitRatio());
 * cache.invalidate("example.com");
 * cache.save(Path.of("dns-cache.txt")).join();      // and resolver.cache().load(…) at the next start
 * }</pre>
 *
 * <p>Answers are kept for as long as their records, or the zone where there are none, allow; never longer, but to stand in
 * while no server can be reached. The cache is bounded by entries and by bytes. Names that nobody asks for again cannot push
 * out those that are in use.
 *
 * <p><b>Threading.</b> Any thread may call every method. Files are read and written on the toolkit's file thread.
 *
 * <p><b>Life cycle.</b> Belongs to its resolver and goes with it.
 *
 * <p>Sources: RFC 1035, RFC 2308 (that there is nothing), RFC 8020 (nothing below what does not exist), RFC 8767 (stale
 * answers), RFC 9520 (failures).
 */
public interface DnsCache {

    /** What it has done so far, and how much is in it. */
    Stats stats();

    /** All answers, those that have ended too, oldest first. A copy: takes time and memory for each. */
    List<Entry> snapshot();

    /**
     * Forgets a name: answers of all types and that it does not exist. What is being looked up goes on.
     *
     * @return how many entries that were
     * @throws IllegalArgumentException when no question can carry the name
     */
    int invalidate(String name);

    /** Forgets everything. */
    void clear();

    /**
     * Writes all answers that have records to a text file, which is replaced at once or not at all.
     *
     * @return how many; fails with an {@link java.io.IOException}
     */
    CompletableFuture<Integer> save(Path file);

    /**
     * Takes in what {@link #save} has written. Answers that have ended meanwhile can stand in for servers that cannot be
     * reached; those that are older than that are left out, and so is what the cache knows already.
     *
     * @return how many were taken in; fails with an {@link java.io.IOException}, a
     *     {@link io.nettoolkit.core.NetException} of kind PROTOCOL where the file is not such a one or damaged: then nothing
     *     of it is taken in, and nothing is lost
     */
    CompletableFuture<Integer> load(Path file);

    /**
     * What a cache has done, and how much is in it.
     *
     * @param entries what it holds, ended answers included
     * @param negatives those of them that say there is nothing
     * @param bytes what all of them take, by estimate
     * @param hits questions it answered
     * @param misses questions that went to the servers
     * @param staleAnswers questions answered beyond the TTL because no server answered in time
     * @param cachedFailures questions refused because the servers had failed a moment before
     * @param coalesced questions that joined one under way
     * @param refreshes answers in use that were looked up again before their end
     * @param stored answers taken in
     * @param evicted entries that went because the cache was full
     */
    record Stats(
            int entries,
            int negatives,
            long bytes,
            long hits,
            long misses,
            long staleAnswers,
            long cachedFailures,
            long coalesced,
            long refreshes,
            long stored,
            long evicted) {

        /** The share of questions that no server was needed for; 0 before the first. */
        public double hitRatio() {
            long all = hits + misses;
            return all == 0 ? 0 : (double) hits / all;
        }
    }

    /**
     * One answer in the cache.
     *
     * @param name its name, in lower case and without a dot at the end
     * @param type its type; null where the name does not exist, which holds for every type
     * @param answer the answer
     */
    record Entry(String name, @Nullable DnsType<?> type, DnsAnswer<?> answer) {}

    /**
     * How much a cache keeps and how long. Immutable.
     *
     * <pre>{@code
     * DnsCache.Config config = DnsCache.Config.builder().maxEntries(10_000).maxStale(Duration.ofHours(1)).build();
     * }</pre>
     */
    final class Config {

        private static final Config DEFAULTS = builder().build();

        private final Builder values;

        private Config(Builder values) {
            this.values = values;
        }

        /** The defaults of all options. */
        public static Config defaults() {
            return DEFAULTS;
        }

        /** Options to set, all at their defaults. */
        public static Builder builder() {
            return new Builder();
        }

        /** These options, to be changed. */
        public Builder toBuilder() {
            return values.copy();
        }

        /** See {@link Builder#maxEntries}. */
        public int maxEntries() {
            return values.maxEntries;
        }

        /** See {@link Builder#maxBytes}. */
        public long maxBytes() {
            return values.maxBytes;
        }

        /** See {@link Builder#minTtl}. */
        public Duration minTtl() {
            return values.minTtl;
        }

        /** See {@link Builder#maxTtl}. */
        public Duration maxTtl() {
            return values.maxTtl;
        }

        /** See {@link Builder#maxNegativeTtl}. */
        public Duration maxNegativeTtl() {
            return values.maxNegativeTtl;
        }

        /** See {@link Builder#maxStale}. */
        public Duration maxStale() {
            return values.maxStale;
        }

        /** See {@link Builder#staleAfter}. */
        public Duration staleAfter() {
            return values.staleAfter;
        }

        /** See {@link Builder#refreshAhead}. */
        public boolean refreshAhead() {
            return values.refreshAhead;
        }

        /** See {@link Builder#pinned}. */
        public Set<String> pinned() {
            return values.pinned;
        }

        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Config that && that.toString().equals(toString());
        }

        @Override
        public int hashCode() {
            return toString().hashCode();
        }

        @Override
        public String toString() {
            return "DnsCache.Config[maxEntries=" + maxEntries() + ", maxBytes=" + maxBytes() + ", minTtl=" + minTtl()
                    + ", maxTtl=" + maxTtl() + ", maxNegativeTtl=" + maxNegativeTtl() + ", maxStale=" + maxStale()
                    + ", staleAfter=" + staleAfter() + ", refreshAhead=" + refreshAhead() + ", pinned="
                    + new TreeSet<>(pinned()) + "]";
        }

        /** Puts options together. Not thread-safe. */
        public static final class Builder {
            private static final Duration LONGEST = Duration.ofDays(7);
            /** A pinned host has entries for its addresses of both kinds and one for their order. */
            private static final int ENTRIES_PER_PIN = 3;

            private int maxEntries = 50_000;
            private long maxBytes = 32 << 20;
            private Duration minTtl = Duration.ZERO;
            private Duration maxTtl = Duration.ofDays(1);
            private Duration maxNegativeTtl = Duration.ofHours(1);
            private Duration maxStale = Duration.ofDays(1);
            private Duration staleAfter = Duration.ofMillis(1800);
            private boolean refreshAhead = true;
            private Set<String> pinned = Set.of();

            private Builder() {}

            private Builder copy() {
                Builder copy = new Builder();
                copy.maxEntries = maxEntries;
                copy.maxBytes = maxBytes;
                copy.minTtl = minTtl;
                copy.maxTtl = maxTtl;
                copy.maxNegativeTtl = maxNegativeTtl;
                copy.maxStale = maxStale;
                copy.staleAfter = staleAfter;
                copy.refreshAhead = refreshAhead;
                copy.pinned = pinned;
                return copy;
            }

            /**
             * How many entries there are at most: one per name and type, and one per host whose addresses were looked up. A
             * quarter of them may say that there is nothing. Default 50,000; 8 to 100,000,000.
             */
            public Builder maxEntries(int maxEntries) {
                if (maxEntries < 8 || maxEntries > 100_000_000) {
                    throw new IllegalArgumentException("maxEntries: " + maxEntries + " (must be 8 to 100000000)");
                }
                this.maxEntries = maxEntries;
                return this;
            }

            /** How many bytes all of them take at most, by estimate. Default 32 MiB; at least 64 KiB. */
            public Builder maxBytes(long maxBytes) {
                if (maxBytes < 64 << 10) {
                    throw new IllegalArgumentException(
                            "maxBytes: " + maxBytes + " (must be " + (64 << 10) + " or more)");
                }
                this.maxBytes = maxBytes;
                return this;
            }

            /**
             * What shorter TTLs of records are raised to, zero too, against what the zone wants. In seconds. Default 0: an
             * answer with TTL 0 is not kept.
             */
            public Builder minTtl(Duration minTtl) {
                this.minTtl = seconds("minTtl", minTtl);
                return this;
            }

            /** What longer TTLs of records are cut to. In seconds. Default 1 day; 0 keeps nothing. */
            public Builder maxTtl(Duration maxTtl) {
                this.maxTtl = seconds("maxTtl", maxTtl);
                return this;
            }

            /** The same for answers that there is nothing. Default 1 hour; 0 keeps none of them. */
            public Builder maxNegativeTtl(Duration maxNegativeTtl) {
                this.maxNegativeTtl = seconds("maxNegativeTtl", maxNegativeTtl);
                return this;
            }

            /**
             * For how long after its end an answer with records may still be given out, marked as stale, while no server
             * gives a new one. Default 1 day; 0 for never.
             */
            public Builder maxStale(Duration maxStale) {
                this.maxStale = seconds("maxStale", maxStale);
                return this;
            }

            /**
             * How long a caller waits for a new answer before it gets the stale one; the question goes on. Default 1.8 s, as
             * RFC 8767 has it; 0 gives the stale one at once.
             */
            public Builder staleAfter(Duration staleAfter) {
                Objects.requireNonNull(staleAfter, "staleAfter: must not be null");
                if (staleAfter.isNegative() || staleAfter.compareTo(Duration.ofMinutes(1)) > 0) {
                    throw new IllegalArgumentException("staleAfter: " + staleAfter + " (must be 0 to 1 minute)");
                }
                this.staleAfter = staleAfter;
                return this;
            }

            /**
             * Whether an answer that is used a second time is looked up again when it is used in the last tenth of its time,
             * so that nobody waits when it ends. Default true.
             */
            public Builder refreshAhead(boolean refreshAhead) {
                this.refreshAhead = refreshAhead;
                return this;
            }

            /**
             * Hosts whose addresses are looked up when the resolver starts and again before they end, used or not, and that
             * are never evicted. Complete names; a search list is not applied. Default none; with three entries each at most
             * half of {@link #maxEntries}.
             */
            public Builder pinned(Collection<String> pinned) {
                this.pinned = Set.copyOf(pinned);
                return this;
            }

            private static Duration seconds(String option, Duration value) {
                Objects.requireNonNull(value, option + ": must not be null");
                if (value.isNegative()
                        || value.compareTo(LONGEST) > 0
                        || !value.equals(Duration.ofSeconds(value.toSeconds()))) {
                    throw new IllegalArgumentException(
                            option + ": " + value + " (must be whole seconds, 0 to " + LONGEST.toDays() + " days)");
                }
                return value;
            }

            /**
             * The options.
             *
             * @throws IllegalArgumentException when they contradict each other
             */
            public Config build() {
                if (minTtl.compareTo(maxTtl) > 0) {
                    throw new IllegalArgumentException(
                            "minTtl: " + minTtl + " (must not be above maxTtl, " + maxTtl + ")");
                }
                if (pinned.size() > maxEntries / 2 / ENTRIES_PER_PIN) {
                    throw new IllegalArgumentException("pinned: " + pinned.size() + " names (must be at most "
                            + maxEntries / 2 / ENTRIES_PER_PIN + " with maxEntries " + maxEntries + ")");
                }
                return new Config(copy());
            }
        }
    }
}
