package io.nettoolkit.pool.internal.state;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Who waits, in the order of coming (a list) and in that of deadlines (a binary heap in which each waiter knows its place). With
 * equal timeouts the two are the same, and joining the heap moves nothing.
 */
final class WaiterLine {

    private static final int FIRST_CAPACITY = 16;

    private @Nullable Waiter head;
    private @Nullable Waiter tail;
    private @Nullable Waiter[] heap = new Waiter[FIRST_CAPACITY];
    private final Lanes lanes;
    private int size;
    private int trying;

    /** An empty one, of those who wait on so many event loops, or on none. */
    WaiterLine(int loops) {
        lanes = new Lanes(loops);
    }

    int size() {
        return size;
    }

    boolean isEmpty() {
        return size == 0;
    }

    /** How many were told to try by themselves, and have not said yet what came of it. */
    int trying() {
        return trying;
    }

    void tries(Waiter waiter) {
        waiter.isTrying = true;
        trying++;
    }

    /** Others were faster; it keeps its place. */
    void passedOver(Waiter waiter) {
        if (waiter.isTrying) {
            waiter.isTrying = false;
            waiter.passedOver++;
            trying--;
        }
    }

    /** The one who has waited longest. */
    @Nullable
    Waiter first() {
        return head;
    }

    /** The one who has waited longest on the event loop with this index; null where nobody who is there says so. */
    @Nullable
    Waiter firstOf(int loop) {
        return lanes.first(loop);
    }

    /** The one behind so many others, or null. */
    @Nullable
    Waiter behind(int others) {
        Waiter at = head;
        for (int i = 0; at != null && i < others; i++) {
            at = at.after;
        }
        return at;
    }

    /** The one whose deadline comes first. */
    @Nullable
    Waiter nextToExpire() {
        return heap[0];
    }

    /** Puts it at the end, in the lane that it says. */
    void add(Waiter waiter) {
        lanes.add(waiter);
        waiter.before = tail;
        if (tail == null) {
            head = waiter;
        } else {
            tail.after = waiter;
        }
        tail = waiter;
        if (size == heap.length) {
            heap = Arrays.copyOf(heap, size * 2);
        }
        siftUp(size++, waiter);
    }

    /** Takes a waiter out, wherever it stands; false where it is not in line. */
    boolean remove(Waiter waiter) {
        int place = waiter.heapIndex;
        if (place == Waiter.NOT_IN_LINE) {
            return false;
        }
        if (waiter.before == null) {
            head = waiter.after;
        } else {
            waiter.before.after = waiter.after;
        }
        if (waiter.after == null) {
            tail = waiter.before;
        } else {
            waiter.after.before = waiter.before;
        }
        waiter.before = null;
        waiter.after = null;
        lanes.remove(waiter);
        if (waiter.isTrying) {
            waiter.isTrying = false;
            trying--;
        }
        waiter.heapIndex = Waiter.NOT_IN_LINE;
        Waiter last = heap[--size];
        heap[size] = null;
        if (last != null && last != waiter) {
            siftDown(place, last);
            if (heap[place] == last) {
                siftUp(place, last);
            }
        }
        if (size == 0 && heap.length > FIRST_CAPACITY) {
            heap = new Waiter[FIRST_CAPACITY];
        }
        return true;
    }

    private void siftUp(int from, Waiter waiter) {
        int at = from;
        while (at > 0) {
            int parent = (at - 1) >>> 1;
            Waiter above = heap[parent];
            if (above == null || waiter.deadlineNanos - above.deadlineNanos >= 0) {
                break;
            }
            set(at, above);
            at = parent;
        }
        set(at, waiter);
    }

    private void siftDown(int from, Waiter waiter) {
        int at = from;
        for (int child = 2 * at + 1; child < size; child = 2 * at + 1) {
            Waiter least = heap[child];
            Waiter right = child + 1 < size ? heap[child + 1] : null;
            if (right != null && least != null && right.deadlineNanos - least.deadlineNanos < 0) {
                least = right;
                child++;
            }
            if (least == null || waiter.deadlineNanos - least.deadlineNanos <= 0) {
                break;
            }
            set(at, least);
            at = child;
        }
        set(at, waiter);
    }

    private void set(int place, Waiter waiter) {
        heap[place] = waiter;
        waiter.heapIndex = place;
    }
}
