package io.nettoolkit.dns.internal.cache;

import io.nettoolkit.dns.DnsType;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/*
 * A hash table of strings with open addressing: one array of entries, which carry their own keys, so a look costs no object
 * between array and entry, and an entry no node. Places are tried one after the other from where the hash points; at most half
 * of them are taken. What is removed is filled up by what stood behind it, so there are no marks of removed entries and
 * nothing has to be cleaned up.
 *
 * Strings bring their hash along. That it can be guessed is no way to make looks slow: an entry is within 32 places of where
 * its hash points, or not in the table. Where all of these are taken, the first of them has to go; it is a cache.
 *
 * A look takes no lock. Meeting a removal it may miss an entry that is just being moved: a miss that was none, which costs a
 * second look, and never a wrong hit. Meeting a growth it looks into the array from before.
 */
/** The entries of one kind, by the strings callers use. Changes belong to the lock of the cache; anyone may look. */
public final class Table {

    private static final VarHandle SLOT = MethodHandles.arrayElementVarHandle(Keyed[].class);
    private static final int REACH = 32;
    private static final int SMALLEST = 64;
    private static final int LARGEST = 1 << 30;

    private final @Nullable DnsType<?> type;
    private volatile @Nullable Keyed[] slots = new Keyed[SMALLEST];
    private int size;

    /**
     * An empty table.
     *
     * @param type of the answers; null where they are not of one type
     */
    Table(@Nullable DnsType<?> type) {
        this.type = type;
    }

    @Nullable
    DnsType<?> type() {
        return type;
    }

    @Nullable
    CacheEntry get(String key) {
        return find(key, 0, key.hashCode());
    }

    /**
     * The first entry of a name above this one that fits, from the top down; null for none. Makes no strings: the hashes of
     * all ends of a string come from one pass from its end.
     */
    @Nullable
    CacheEntry above(String name, Predicate<CacheEntry> fits) {
        int hash = 0;
        int power = 1;
        for (int i = name.length() - 1; i > 0; i--) {
            char c = name.charAt(i);
            if (c == '.' && !isEscaped(name, i)) {
                CacheEntry entry = find(name, i + 1, hash);
                if (entry != null && fits.test(entry)) {
                    return entry;
                }
            }
            hash += c * power;
            power *= 31;
        }
        return null;
    }

    private static boolean isEscaped(String name, int at) {
        int from = at;
        while (from > 0 && name.charAt(from - 1) == '\\') {
            from--;
        }
        return (at - from) % 2 != 0;
    }

    /** What is found by the end of a string, or by all of it; the hash is that of the end. */
    private @Nullable CacheEntry find(String text, int from, int hash) {
        @Nullable Keyed[] now = slots;
        int mask = now.length - 1;
        int at = home(hash, now);
        for (int step = 0; step < REACH; step++) {
            Keyed keyed = (Keyed) SLOT.getAcquire(now, at);
            if (keyed == null) {
                return null;
            }
            if (keyed.hash == hash && (from == 0 ? keyed.key.equals(text) : isEnd(text, from, keyed.key))) {
                return keyed.entry();
            }
            at = (at + 1) & mask;
        }
        return null;
    }

    private static boolean isEnd(String text, int from, String key) {
        return key.length() == text.length() - from && text.startsWith(key, from);
    }

    private static int home(int hash, @Nullable Keyed[] slots) {
        // The upper bits of the product depend on all bits of the hash.
        return (hash * 0x9e3779b9) >>> (Integer.numberOfLeadingZeros(slots.length) + 1);
    }

    /** Puts in what no present key is equal to; answers the entries that have lost a place by it, mostly none. */
    List<CacheEntry> put(Keyed keyed) {
        List<CacheEntry> lost = List.of();
        if (2 * (size + 1) > slots.length && slots.length < LARGEST) {
            lost = grow();
        }
        Keyed displaced = place(slots, keyed);
        if (displaced == null) {
            size++;
            return lost;
        }
        List<CacheEntry> more = new ArrayList<>(lost);
        more.add(displaced.entry());
        return more;
    }

    /** Into the next free place, or else into the first; tells who was there. */
    private static @Nullable Keyed place(@Nullable Keyed[] slots, Keyed keyed) {
        int mask = slots.length - 1;
        int home = home(keyed.hash, slots);
        for (int step = 0; step < REACH; step++) {
            int at = (home + step) & mask;
            if (slots[at] == null) {
                SLOT.setRelease(slots, at, keyed);
                return null;
            }
        }
        Keyed displaced = slots[home];
        SLOT.setRelease(slots, home, keyed);
        return displaced;
    }

    private List<CacheEntry> grow() {
        List<CacheEntry> lost = new ArrayList<>(0);
        @Nullable Keyed[] larger = new Keyed[slots.length * 2];
        for (Keyed keyed : slots) {
            Keyed displaced = keyed == null ? null : place(larger, keyed);
            if (displaced != null) {
                lost.add(displaced.entry());
                size--;
            }
        }
        slots = larger;
        return lost;
    }

    /** Takes out an entry, but for its spellings. */
    void remove(CacheEntry entry) {
        remove(entry, entry.hash, null);
    }

    /** Takes out another spelling of an entry. */
    void remove(String spelling, CacheEntry entry) {
        remove(entry, spelling.hashCode(), spelling);
    }

    private void remove(CacheEntry entry, int hash, @Nullable String spelling) {
        @Nullable Keyed[] now = slots;
        int mask = now.length - 1;
        int at = home(hash, now);
        for (int step = 0; step < now.length; step++) {
            Keyed keyed = now[at];
            if (keyed == null) {
                return;
            }
            if (spelling == null ? keyed == entry : keyed.entry() == entry && keyed.key.equals(spelling)) {
                size--;
                fill(now, at);
                return;
            }
            at = (at + 1) & mask;
        }
    }

    /** Moves what stands behind a hole into it, as long as that brings it no farther than to where its hash points. */
    private static void fill(@Nullable Keyed[] slots, int hole) {
        int mask = slots.length - 1;
        int from = hole;
        while (true) {
            from = (from + 1) & mask;
            Keyed keyed = slots[from];
            if (keyed == null) {
                SLOT.setRelease(slots, hole, null);
                return;
            }
            int away = (from - home(keyed.hash, slots)) & mask;
            if (away >= ((from - hole) & mask)) {
                SLOT.setRelease(slots, hole, keyed);
                hole = from;
            }
        }
    }

    /** All of them, each once. Under the lock of the cache. */
    List<CacheEntry> entries() {
        List<CacheEntry> entries = new ArrayList<>(size);
        for (Keyed keyed : slots) {
            if (keyed instanceof CacheEntry entry) {
                entries.add(entry);
            }
        }
        return entries;
    }
}
