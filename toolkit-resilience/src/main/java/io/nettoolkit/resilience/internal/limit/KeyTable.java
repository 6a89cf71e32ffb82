package io.nettoolkit.resilience.internal.limit;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/*
 * One token bucket per key in two longs: the key's hash and its theoretical arrival time (tat, see TokenBucket).
 *
 * The idea that makes it simple: a bucket whose tat has passed is full, and a full bucket is what a key without an entry has.
 * Such an entry says nothing. So entries are not removed, there is no order of use and nothing is swept; a new key overwrites
 * one that has become idle, and nobody can tell that it did.
 *
 * The table is an array of groups of 8 entries of hash and tat, two cache lines together. A key has two groups to be in, by
 * the halves of its hash. It goes to the first, unless that has fewer than 3 idle places and the other has more. Within a
 * group each key begins to look at a place of its own and goes on in the same cache line first, so that most calls wait for
 * one line of memory, which is most of what a call costs once the table is larger than the caches. With two places per key
 * at most (`maxKeys`) groups are half full on average, and that choice leaves next to none with neither group free: in the
 * test none of a million keys.
 *
 * A key that finds no place shares one of the overflow words with others: a bucket of the same size for all of them
 * together, so each gets less than its limit and never more. There are half as many of them as keys, because a key that gets
 * an entry later starts with what the shared word says, not with a full bucket, and stays busy for longer: with few words
 * that spreads.
 *
 * Concurrency. An entry that is there is charged by one compare-and-set on its tat. Entries are made under a lock per hash of
 * the first group, so that a key never has two. Overwriting entry A by B:
 *
 *     hash: A -> TAKING        others who look for a key wait for the end of it
 *     tat:  t -> B's           by compare-and-set, only while t is idle
 *     hash: TAKING -> B        or back to A where the tat was charged meanwhile
 *
 * Whoever charged A's tat looks at the hash again: if it is still A (or A again), the charge counts. If it is B, the charge
 * came after the second step; it stays on B, for whom it is too strict by that once, and A's caller begins anew.
 *
 * Those who wait spin, and never park: nobody is waited for but a thread between two of the steps above, or one that makes
 * an entry, which reads 16 entries and runs nobody's code. Only one that has lost its processor there takes longer, and the
 * others yield theirs to it.
 *
 * Two keys of one 64-bit hash share a bucket. With n keys present the odds that there is any such pair are n^2 / 2^65:
 * 1 in 37 million for a million keys.
 *
 * Sources: Azar, Broder, Karlin, Upfal, "Balanced Allocations", 1994 (the choice of two groups).
 */
/**
 * Token buckets by 64-bit hash, in a fixed amount of memory.
 *
 * <p>Threading: any thread; nothing parks. Lock-free for keys that have an entry, and for refusals.
 */
public final class KeyTable {

    /** Words beside the tables themselves: what a key may be. */
    public static final int MAX_KEYS = 100_000_000;

    /** How a call was decided. */
    enum Decision {
        TAKEN,
        REFUSED,
        /** By the word that keys without a place share. */
        TAKEN_SHARED,
        REFUSED_SHARED,
        /** The entry has become another key's. */
        AGAIN
    }

    private static final VarHandle LONGS = MethodHandles.arrayElementVarHandle(long[].class);
    private static final VarHandle LOCKS = MethodHandles.arrayElementVarHandle(int[].class);

    private static final int GROUP = 8;
    private static final int ENTRY_LONGS = 2;
    private static final int GROUP_LONGS = GROUP * ENTRY_LONGS;

    /** Where in an entry the time is. */
    private static final int TAT = 1;

    private static final int PLACES_PER_KEY = 2;

    /** Where the array's header ends, so that groups begin on a cache line when the array does. */
    private static final int FIRST = 6;

    /** Half a word per key: few keys meet in one. */
    private static final int SHARED_PER_GROUP = 2;

    private static final int ROOMY = 3;
    private static final int LOCK_COUNT = 1024;
    private static final int SPINS = 64;

    private static final long FREE = 0;
    private static final long TAKING = 1;

    private final TokenRate rate;
    private final long burst;
    private final long burstUnits;
    private final int groups;
    private final long[] table;
    private final long[] shared;
    private final int[] locks = new int[LOCK_COUNT];

    /**
     * An empty table.
     *
     * @param maxKeys how many keys that are not idle have a place of their own
     */
    public KeyTable(TokenRate rate, long burst, int maxKeys) {
        this.rate = rate;
        this.burst = burst;
        burstUnits = rate.ofPermits(burst);
        groups = Math.max(2, (int) (((long) maxKeys * PLACES_PER_KEY + GROUP - 1) / GROUP));
        table = new long[FIRST + groups * GROUP_LONGS];
        shared = new long[Math.max(64, groups * SHARED_PER_GROUP)];
    }

    /** What it takes, all in all. */
    long memoryBytes() {
        return (long) (table.length + shared.length) * Long.BYTES + (long) locks.length * Integer.BYTES;
    }

    /** Takes permits of the key. */
    Decision take(long key, long permits, long nowNanos) {
        if (permits > burst) {
            return Decision.REFUSED;
        }
        long hash = usable(key);
        long cost = rate.ofPermits(permits);
        long now = rate.units(nowNanos);
        while (true) {
            int place = find(hash);
            Decision decision = place >= 0 ? charge(place, hash, cost, now) : insert(hash, cost, now);
            if (decision != Decision.AGAIN) {
                return decision;
            }
        }
    }

    /** How long until so many permits of the key are free; {@link Limit#NEVER} for too many. */
    long waitNanos(long key, long permits, long nowNanos) {
        if (permits > burst) {
            return Limit.NEVER;
        }
        long hash = usable(key);
        int place = find(hash);
        long tat = place >= 0 ? tat(place) : sharedTat(hash);
        long now = rate.units(nowNanos);
        long start = tat - now > 0 ? tat : now;
        return rate.nanosUntil(start + rate.ofPermits(permits) - burstUnits, nowNanos);
    }

    /** How many entries are not idle; reads the whole table. */
    long busy(long nowNanos) {
        long now = rate.units(nowNanos);
        long busy = 0;
        for (int group = 0; group < groups; group++) {
            busy += GROUP - idle(base(group), now);
        }
        return busy;
    }

    private static long usable(long hash) {
        return hash == FREE || hash == TAKING ? hash - 2 : hash;
    }

    private int firstGroup(long hash) {
        return (int) (((hash >>> 32) * groups) >>> 32);
    }

    private int secondGroup(long hash) {
        int group = (int) (((hash & 0xffff_ffffL) * groups) >>> 32);
        if (group != firstGroup(hash)) {
            return group;
        }
        return group + 1 == groups ? 0 : group + 1;
    }

    private static int base(int group) {
        return FIRST + group * GROUP_LONGS;
    }

    private long hash(int place) {
        return (long) LONGS.getAcquire(table, place);
    }

    private long tat(int place) {
        return (long) LONGS.getAcquire(table, place + TAT);
    }

    /** The n-th place of a group to look at for a hash. */
    private static int place(int base, long hash, int n) {
        return base + ENTRY_LONGS * (((int) hash & GROUP - 1) ^ n);
    }

    /** The place of a key's hash; -1 for none. A test stalls between this and the charge. */
    int find(long hash) {
        int place = find(base(firstGroup(hash)), hash);
        return place >= 0 ? place : find(base(secondGroup(hash)), hash);
    }

    private int find(int base, long hash) {
        for (int spins = 0; ; spins++) {
            boolean taking = false;
            for (int n = 0; n < GROUP; n++) {
                int place = place(base, hash, n);
                long present = hash(place);
                if (present == hash) {
                    return place;
                }
                taking |= present == TAKING;
            }
            if (!taking) {
                return -1;
            }
            pause(spins);
        }
    }

    /** Charges the entry at a place where the hash was seen a moment ago. */
    Decision charge(int place, long hash, long cost, long now) {
        while (true) {
            long tat = tat(place);
            long start = tat - now > 0 ? tat : now;
            if (start + cost - now > burstUnits) {
                return hash(place) == hash ? Decision.REFUSED : Decision.AGAIN;
            }
            if (LONGS.compareAndSet(table, place + TAT, tat, start + cost)) {
                return settled(place) == hash ? Decision.TAKEN : Decision.AGAIN;
            }
            Thread.onSpinWait();
            if (hash(place) != hash) {
                return Decision.AGAIN;
            }
        }
    }

    /** Whose the place is, once nobody is taking it. */
    private long settled(int place) {
        for (int spins = 0; ; spins++) {
            long hash = hash(place);
            if (hash != TAKING) {
                return hash;
            }
            pause(spins);
        }
    }

    private Decision insert(long hash, long cost, long now) {
        // Where the shared word refuses, so would a new entry, which starts with it. This keeps refusals free of locks.
        if (late(sharedTat(hash), now) + cost > burstUnits) {
            return Decision.REFUSED_SHARED;
        }
        int lock = firstGroup(hash) & LOCK_COUNT - 1;
        lock(lock);
        try {
            if (find(hash) >= 0) {
                return Decision.AGAIN;
            }
            long late = late(sharedTat(hash), now);
            if (late + cost > burstUnits) {
                return Decision.REFUSED_SHARED;
            }
            int first = base(firstGroup(hash));
            int second = base(secondGroup(hash));
            int idle = idle(first, now);
            if (idle < ROOMY && idle(second, now) > idle) {
                int other = first;
                first = second;
                second = other;
            }
            long tat = now + late + cost;
            if (overwrite(first, hash, tat, now) || overwrite(second, hash, tat, now)) {
                return Decision.TAKEN;
            }
            return chargeShared(hash, cost, now);
        } finally {
            LOCKS.setRelease(locks, lock, 0);
        }
    }

    private static long late(long tat, long now) {
        return Math.max(0, tat - now);
    }

    private int idle(int base, long now) {
        int idle = 0;
        for (int place = base; place < base + GROUP_LONGS; place += ENTRY_LONGS) {
            if (tat(place) - now <= 0) {
                idle++;
            }
        }
        return idle;
    }

    private boolean overwrite(int base, long hash, long newTat, long now) {
        for (int n = 0; n < GROUP; n++) {
            int place = place(base, hash, n);
            long present = hash(place);
            long tat = tat(place);
            if (tat - now > 0 || present == TAKING || !LONGS.compareAndSet(table, place, present, TAKING)) {
                continue;
            }
            boolean mine = LONGS.compareAndSet(table, place + TAT, tat, newTat);
            LONGS.setRelease(table, place, mine ? hash : present);
            if (mine) {
                return true;
            }
        }
        return false;
    }

    private int sharedWord(long hash) {
        return (int) Math.multiplyHigh((hash * 0x9e3779b97f4a7c15L) >>> 1, (long) shared.length << 1);
    }

    private long sharedTat(long hash) {
        return (long) LONGS.getAcquire(shared, sharedWord(hash));
    }

    private Decision chargeShared(long hash, long cost, long now) {
        int word = sharedWord(hash);
        while (true) {
            long tat = (long) LONGS.getAcquire(shared, word);
            long start = tat - now > 0 ? tat : now;
            if (start + cost - now > burstUnits) {
                return Decision.REFUSED_SHARED;
            }
            if (LONGS.compareAndSet(shared, word, tat, start + cost)) {
                return Decision.TAKEN_SHARED;
            }
            Thread.onSpinWait();
        }
    }

    private void lock(int lock) {
        for (int spins = 0; !LOCKS.compareAndSet(locks, lock, 0, 1); spins++) {
            pause(spins);
        }
    }

    @SuppressWarnings("ThreadPriorityCheck") // a hint, when whoever is waited for has lost its processor
    private static void pause(int spins) {
        if (spins < SPINS) {
            Thread.onSpinWait();
        } else {
            Thread.yield();
        }
    }
}
