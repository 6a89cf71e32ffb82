package io.nettoolkit.udp.internal.channel;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Connections by the time they want to be woken up. A binary heap whose entries know their places, so that one of thousands
 * is moved in a few steps and an idle connection costs a reference.
 */
final class DeadlineHeap {

    private @Nullable Link[] links = new @Nullable Link[4];
    private int size;

    /** Whom to wake up first; null for nobody. */
    @Nullable
    Link first() {
        return links[0];
    }

    /** Puts a connection in, or moves it. */
    void set(Link link, long deadlineNanos) {
        link.deadlineNanos = deadlineNanos;
        if (link.heapIndex < 0) {
            if (size == links.length) {
                links = Arrays.copyOf(links, 2 * size);
            }
            place(link, size++);
        }
        up(link);
        down(link);
    }

    /** Takes a connection out; does nothing where it is not in. */
    void remove(Link link) {
        int at = link.heapIndex;
        if (at < 0) {
            return;
        }
        link.heapIndex = -1;
        Link last = links[--size];
        links[size] = null;
        if (last != null && last != link) {
            place(last, at);
            up(last);
            down(last);
        }
    }

    private void place(Link link, int at) {
        links[at] = link;
        link.heapIndex = at;
    }

    private void up(Link link) {
        while (link.heapIndex > 0) {
            int above = (link.heapIndex - 1) / 2;
            Link parent = links[above];
            if (parent == null || !isSooner(link, parent)) {
                return;
            }
            swap(link, parent);
        }
    }

    private void down(Link link) {
        while (true) {
            int left = 2 * link.heapIndex + 1;
            Link child = left < size ? links[left] : null;
            Link other = left + 1 < size ? links[left + 1] : null;
            if (child != null && other != null && isSooner(other, child)) {
                child = other;
            }
            if (child == null || !isSooner(child, link)) {
                return;
            }
            swap(child, link);
        }
    }

    private void swap(Link rising, Link sinking) {
        int above = sinking.heapIndex;
        int below = rising.heapIndex;
        place(rising, above);
        place(sinking, below);
    }

    private static boolean isSooner(Link one, Link other) {
        return one.deadlineNanos - other.deadlineNanos < 0;
    }
}
