package io.nettoolkit.dns.internal.query;

import org.jspecify.annotations.Nullable;

/**
 * The queries under way on one socket or connection by their ids: open addressing with linear probing, where a removal
 * moves back what follows. Ids are random, so they are their own hash. Confined to a loop.
 */
final class IdTable {

    private @Nullable Attempt[] slots = new Attempt[32];
    private int size;

    int size() {
        return size;
    }

    @Nullable
    Attempt get(int id) {
        int mask = slots.length - 1;
        for (int i = id & mask; ; i = (i + 1) & mask) {
            Attempt attempt = slots[i];
            if (attempt == null || attempt.id == id) {
                return attempt;
            }
        }
    }

    /** Puts an attempt in whose id is not in. */
    void add(Attempt attempt) {
        if (size * 2 >= slots.length) {
            @Nullable Attempt[] old = slots;
            slots = new Attempt[old.length * 2];
            for (Attempt moved : old) {
                if (moved != null) {
                    insert(moved);
                }
            }
        }
        insert(attempt);
        size++;
    }

    private void insert(Attempt attempt) {
        int mask = slots.length - 1;
        int i = attempt.id & mask;
        while (slots[i] != null) {
            i = (i + 1) & mask;
        }
        slots[i] = attempt;
    }

    /** Takes an attempt out, if it is in. */
    void remove(Attempt attempt) {
        int mask = slots.length - 1;
        int gap = attempt.id & mask;
        while (slots[gap] != attempt) {
            if (slots[gap] == null) {
                return;
            }
            gap = (gap + 1) & mask;
        }
        size--;
        slots[gap] = null;
        for (int i = (gap + 1) & mask; ; i = (i + 1) & mask) {
            Attempt next = slots[i];
            if (next == null) {
                return;
            }
            // It may move to the gap unless its own place lies after the gap.
            if (((i - next.id) & mask) >= ((i - gap) & mask)) {
                slots[gap] = next;
                slots[i] = null;
                gap = i;
            }
        }
    }

    /** Any one of them; null when there is none. */
    @Nullable
    Attempt any() {
        for (Attempt attempt : slots) {
            if (attempt != null) {
                return attempt;
            }
        }
        return null;
    }
}
