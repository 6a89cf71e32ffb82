package io.nettoolkit.dns.internal.cache;

import io.nettoolkit.dns.DnsAnswer.Kind;
import io.nettoolkit.dns.DnsCache;
import io.nettoolkit.dns.internal.name.GivenName;
import io.nettoolkit.dns.internal.query.Response;
import io.nettoolkit.dns.internal.wire.DnsName;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * How much is kept and for how long: the options of the cache as numbers, and what follows from them for an answer.
 *
 * <p>An answer lives as long as the shortest-lived of its records and aliases; that there is none, as long as the zone's SOA
 * allows. Without SOA it is kept for {@value #WITHOUT_SOA_SECONDS} seconds: servers that forget the SOA exist, and a
 * client that asks them a hundred times a second for what is not there would else pass every one of these questions on.
 *
 * <p><b>Sources.</b> RFC 2308 sections 3 and 5, RFC 2181 sections 5.2 and 8.
 *
 * @param maxEntries how many entries
 * @param maxBytes how many bytes by estimate
 * @param minTtlSeconds what shorter times of records are raised to
 * @param maxTtlSeconds what longer ones are cut to
 * @param maxNegativeTtlSeconds the same for answers that there is nothing
 * @param maxStaleNanos for how long after its end an answer may stand in
 * @param staleTimerNanos how long to wait for servers before it does
 * @param refreshAhead whether answers in use are looked up again before they end
 * @param pinned keys that are neither evicted nor left to expire
 */
public record CacheRules(
        int maxEntries,
        long maxBytes,
        long minTtlSeconds,
        long maxTtlSeconds,
        long maxNegativeTtlSeconds,
        long maxStaleNanos,
        long staleTimerNanos,
        boolean refreshAhead,
        Set<String> pinned) {

    static final long WITHOUT_SOA_SECONDS = 5;

    /** The share of entries that answers without records may have. */
    private static final int NEGATIVE_SHARE = 4;

    /** Eviction begins so far below the bounds, as a share. */
    private static final int SLACK_SHARE = 32;

    /** The share of the bytes that one answer may have. */
    private static final int ANSWER_SHARE = 8;

    /**
     * The rules of a configuration.
     *
     * @throws IllegalArgumentException when a pinned name is none
     */
    public static CacheRules of(DnsCache.Config config) {
        return new CacheRules(
                config.maxEntries(),
                config.maxBytes(),
                config.minTtl().toSeconds(),
                config.maxTtl().toSeconds(),
                config.maxNegativeTtl().toSeconds(),
                config.maxStale().toNanos(),
                config.staleAfter().toNanos(),
                config.refreshAhead(),
                GivenName.parseOption("pinned", config.pinned()).stream()
                        .map(DnsName::key)
                        .collect(Collectors.toUnmodifiableSet()));
    }

    /** For how many seconds to keep what servers said; 0 for not at all. */
    public long ttlSeconds(Response response) {
        long lowest = response.lowestTtl();
        if (response.kind() == Kind.ANSWER) {
            return Math.max(minTtlSeconds, Math.min(lowest, maxTtlSeconds));
        }
        long most =
                response.soa() == null ? Math.min(WITHOUT_SOA_SECONDS, maxNegativeTtlSeconds) : maxNegativeTtlSeconds;
        return Math.max(0, Math.min(lowest, most));
    }

    int maxNegatives() {
        return Math.max(1, maxEntries / NEGATIVE_SHARE);
    }

    /** Where eviction begins, for one of the bounds. */
    static long beforeBound(long bound) {
        return bound - bound / SLACK_SHARE;
    }

    long maxAnswerBytes() {
        return maxBytes / ANSWER_SHARE;
    }
}
