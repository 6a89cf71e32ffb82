package io.nettoolkit.udp.internal;

import java.util.Arrays;

/**
 * A set of whole numbers kept as ascending, disjoint, non-touching ranges [from, to).
 *
 * <p>Its array stays when it is cleared, so that a set that is used again allocates nothing.
 *
 * <p>Threading: not thread-safe.
 */
public final class RangeSet {

    private static final long[] NONE = {};

    /** from0, to0, from1, to1, … */
    private long[] bounds = NONE;

    private int size;

    /** Number of ranges. */
    public int size() {
        return size;
    }

    /** Whether nothing is in it. */
    public boolean isEmpty() {
        return size == 0;
    }

    /** Where range {@code i} begins. */
    public long from(int i) {
        return bounds[2 * i];
    }

    /** Where range {@code i} ends, exclusive. */
    public long to(int i) {
        return bounds[2 * i + 1];
    }

    /** Takes everything out. */
    public void clear() {
        size = 0;
    }

    /** Gives back the room that is not needed now. */
    public void trim() {
        bounds = size == 0 ? NONE : Arrays.copyOf(bounds, 2 * size);
    }

    /** Whether {@code value} is in it. */
    public boolean contains(long value) {
        int i = firstEndingAfter(value);
        return i < size && bounds[2 * i] <= value;
    }

    /** Whether all of [from, to) is in it. */
    public boolean containsAll(long from, long to) {
        int i = firstEndingAfter(from);
        return to <= from || (i < size && bounds[2 * i] <= from && bounds[2 * i + 1] >= to);
    }

    /** The smallest number at or above {@code value} that is not in it. */
    public long nextMissing(long value) {
        int i = firstEndingAfter(value);
        return i < size && bounds[2 * i] <= value ? bounds[2 * i + 1] : value;
    }

    /**
     * Puts [from, to) in.
     *
     * @return how many of these were not in it
     */
    public long add(long from, long to) {
        if (to <= from) {
            return 0;
        }
        // The ranges first..last-1 touch or overlap the new one and merge with it.
        int first = firstEndingAfter(from - 1);
        int last = first;
        long added = to - from;
        long mergedFrom = from;
        long mergedTo = to;
        while (last < size && bounds[2 * last] <= to) {
            long f = bounds[2 * last];
            long t = bounds[2 * last + 1];
            added -= Math.max(0, Math.min(t, to) - Math.max(f, from));
            mergedFrom = Math.min(mergedFrom, f);
            mergedTo = Math.max(mergedTo, t);
            last++;
        }
        replace(first, last, 1);
        bounds[2 * first] = mergedFrom;
        bounds[2 * first + 1] = mergedTo;
        return added;
    }

    /** Takes [from, to) out. */
    public void remove(long from, long to) {
        if (to <= from) {
            return;
        }
        int first = firstEndingAfter(from);
        int last = first;
        while (last < size && bounds[2 * last] < to) {
            last++;
        }
        if (first == last) {
            return;
        }
        long leftFrom = bounds[2 * first];
        long rightTo = bounds[2 * last - 1];
        boolean left = leftFrom < from;
        boolean right = rightTo > to;
        replace(first, last, (left ? 1 : 0) + (right ? 1 : 0));
        if (left) {
            bounds[2 * first] = leftFrom;
            bounds[2 * first + 1] = from;
        }
        if (right) {
            int i = left ? first + 1 : first;
            bounds[2 * i] = to;
            bounds[2 * i + 1] = rightTo;
        }
    }

    /** Index of the first range that ends after {@code value}; {@link #size()} where none does. */
    private int firstEndingAfter(long value) {
        int low = 0;
        int high = size;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (bounds[2 * middle + 1] > value) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        return low;
    }

    /** Makes room for {@code count} ranges where first..last-1 were. */
    private void replace(int first, int last, int count) {
        int newSize = size - (last - first) + count;
        if (2 * newSize > bounds.length) {
            bounds = Arrays.copyOf(bounds, Math.max(4, Math.max(2 * newSize, bounds.length * 2)));
        }
        System.arraycopy(bounds, 2 * last, bounds, 2 * (first + count), 2 * (size - last));
        size = newSize;
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("{");
        for (int i = 0; i < size; i++) {
            text.append(i == 0 ? "" : ", ").append(from(i)).append("..").append(to(i) - 1);
        }
        return text.append('}').toString();
    }
}
