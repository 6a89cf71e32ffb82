package io.nettoolkit.dns.internal.cache;

import io.nettoolkit.core.TimeSource;
import io.nettoolkit.dns.internal.cache.EvictionQueue.Need;
import java.util.ArrayList;
import java.util.List;

/*
 * Two eviction queues: one for what has records or was made of them, one for what says that there is nothing, which has at
 * most a quarter of the entries. So a flood of random names can push out each other's entries and those nobody uses.
 *
 * Invariants, whenever the lock is free: entries <= maxEntries; negative entries <= a quarter; the sum of estimates <= maxBytes
 * (both but for what is pinned); every entry of a table is in exactly one queue; a dead entry is in none and is never given
 * out by whoever looks at it after its death.
 */
/** What a cache holds, and the room there is: who comes in, who has to go for it. Belongs to the lock of the cache. */
final class Holdings {

    private static final int MOST_SPELLINGS = 4;

    private final CacheRules rules;
    private final TimeSource time;
    private final CacheCounters counters;
    private final EvictionQueue positives = new EvictionQueue();
    private final EvictionQueue negatives = new EvictionQueue();
    private long bytes;

    Holdings(CacheRules rules, TimeSource time, CacheCounters counters) {
        this.rules = rules;
        this.time = time;
        this.counters = counters;
    }

    /** One that is new. */
    void add(CacheEntry entry) {
        putInto(entry.table, entry);
        queueUp(entry);
    }

    /** It is here already, and has another value from now on. */
    void replace(CacheEntry entry, Object value, long softNanos) {
        bytes -= entry.bytes();
        queue(entry).remove(entry);
        entry.replace(value, softNanos);
        queueUp(entry);
    }

    private void queueUp(CacheEntry entry) {
        bytes += entry.bytes();
        queue(entry).add(entry);
        counters.stored();
        evict();
    }

    private void putInto(Table table, Keyed keyed) {
        List<CacheEntry> lost = table.put(keyed);
        for (int i = 0; i < lost.size(); i++) {
            remove(lost.get(i));
            counters.evicted();
        }
    }

    /** One more string is to find the entry; it has four of them at most. */
    void addSpelling(CacheEntry entry, String given) {
        if (entry.spellings != null && entry.spellings.length == MOST_SPELLINGS) {
            return;
        }
        putInto(entry.table, new Keyed.Spelling(given, entry));
        if (entry.isDead()) {
            entry.table.remove(given, entry); // it lost its place to its own spelling
            return;
        }
        bytes -= entry.bytes();
        entry.addSpelling(given);
        bytes += entry.bytes();
        evict();
    }

    private EvictionQueue queue(CacheEntry entry) {
        return entry.isNegative() ? negatives : positives;
    }

    private void evict() {
        while (negatives.size() > CacheRules.beforeBound(rules.maxNegatives())) {
            if (!evictOneOf(negatives, negatives.size() > rules.maxNegatives() ? Need.NOW : Need.SOON)) {
                break;
            }
        }
        while (entries() > CacheRules.beforeBound(rules.maxEntries())
                || bytes > CacheRules.beforeBound(rules.maxBytes())) {
            Need need = entries() > rules.maxEntries() || bytes > rules.maxBytes() ? Need.NOW : Need.SOON;
            if (!evictOneOf(positives, need) && (need == Need.SOON || !evictOneOf(negatives, need))) {
                return; // later, or everything is pinned
            }
        }
    }

    private boolean evictOneOf(EvictionQueue queue, Need need) {
        CacheEntry victim = queue.victim(need);
        if (victim == null) {
            return false;
        }
        remove(victim, queue);
        counters.evicted();
        return true;
    }

    /** Once more does nothing. */
    void remove(CacheEntry entry) {
        if (!entry.isDead()) {
            remove(entry, queue(entry));
        }
    }

    private void remove(CacheEntry entry, EvictionQueue queue) {
        bytes -= entry.bytes();
        queue.remove(entry);
        entry.table.remove(entry);
        String[] spellings = entry.spellings;
        if (spellings != null) {
            for (String spelling : spellings) {
                entry.table.remove(spelling, entry);
            }
        }
        entry.kill(time.coarseNanos());
    }

    /** Those with records or made of them, then those that say there is nothing; each oldest first. */
    List<CacheEntry> all() {
        List<CacheEntry> all = new ArrayList<>(positives.all());
        all.addAll(negatives.all());
        return all;
    }

    /** Those that say there is nothing, oldest first. */
    List<CacheEntry> negatives() {
        return negatives.all();
    }

    private int entries() {
        return positives.size() + negatives.size();
    }

    AnswerCache.Size size() {
        return new AnswerCache.Size(entries(), negatives.size(), bytes);
    }
}
