package io.nettoolkit.dns.internal.cache;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/*
 * SIEVE: a queue in the order of arrival, and a hand that goes from the oldest entry to the youngest and round again. Where it
 * finds an entry that was used since it came by, it takes the mark away and goes on; the first one that was not used goes.
 * Entries keep their place, so a use writes one mark and moves nothing, and what comes once and is never used again (a scan,
 * a flood of random names) is swept out before it displaces what is in use.
 *
 * One deviation: the hand passes at most 64 used entries at a time, so that no insertion waits for a sweep of the whole queue.
 * Entries in use stand side by side, as they came; to take one of them because the walk is long would be to lose just those.
 * So eviction begins a little before the bound, the hand goes on at the next insertion from where it stands, and only at the
 * bound itself an entry goes whether it is in use or not. That happens where nearly everything is in use.
 *
 * Source: Zhang, Yang, Yue, Vigfusson, Rashmi, "SIEVE is Simpler than LRU", NSDI 2024.
 */
/** Decides which entry goes. Belongs to the lock of the cache. */
final class EvictionQueue {

    private static final int MOST_PASSED = 64;

    private @Nullable CacheEntry oldest;
    private @Nullable CacheEntry youngest;
    private @Nullable CacheEntry hand;
    private int size;
    private int pinned;

    int size() {
        return size;
    }

    void add(CacheEntry entry) {
        entry.older = youngest;
        if (youngest == null) {
            oldest = entry;
        } else {
            youngest.newer = entry;
        }
        youngest = entry;
        size++;
        pinned += entry.pinned ? 1 : 0;
    }

    void remove(CacheEntry entry) {
        if (hand == entry) {
            hand = entry.newer;
        }
        if (entry.older == null) {
            oldest = entry.newer;
        } else {
            entry.older.newer = entry.newer;
        }
        if (entry.newer == null) {
            youngest = entry.older;
        } else {
            entry.newer.older = entry.older;
        }
        entry.older = null;
        entry.newer = null;
        size--;
        pinned -= entry.pinned ? 1 : 0;
    }

    /** All entries, oldest first. */
    List<CacheEntry> all() {
        List<CacheEntry> all = new ArrayList<>(size);
        for (CacheEntry entry = oldest; entry != null; entry = entry.newer) {
            all.add(entry);
        }
        return all;
    }

    /** Whether there has to be a victim. */
    enum Need {
        /** It can wait until the hand finds one. */
        SOON,
        /** One has to go now. */
        NOW
    }

    /** The entry that has to go next; null where there is none yet, or all are pinned. The hand stays before the next. */
    @Nullable
    CacheEntry victim(Need need) {
        if (size == pinned) {
            return null;
        }
        CacheEntry entry = hand;
        for (int passed = 0; ; ) {
            if (entry == null) {
                entry = oldest;
            }
            if (entry != null && !entry.pinned) {
                if (!entry.clearVisited() || (passed >= MOST_PASSED && need == Need.NOW)) {
                    hand = entry.newer;
                    return entry;
                }
                if (++passed > MOST_PASSED) {
                    hand = entry.newer;
                    return null;
                }
            }
            entry = entry == null ? null : entry.newer;
        }
    }
}
