package io.nettoolkit.dns.internal.query;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Everything of an engine that waits for a time, by that time: a binary heap of nodes that know their place, so that a node
 * costs no object and leaves in a few steps. New nodes mostly are the latest, which is one step.
 *
 * <p>Confined to a loop.
 */
final class TimerHeap {

    /** Something that waits. */
    abstract static class Node {
        /** When it is due; changed through the heap alone while in it. */
        long dueNanos;

        private int place = -1;

        /** The time has come; the node is in the heap no more. */
        abstract void onDue(long nowNanos);
    }

    private @Nullable Node[] nodes = new Node[64];
    private int size;

    boolean isEmpty() {
        return size == 0;
    }

    /** The earliest; only when not empty. */
    Node first() {
        Node first = nodes[0];
        if (first == null) {
            throw new IllegalStateException("no timer waits");
        }
        return first;
    }

    /** Puts a node in, or moves it. */
    void set(Node node, long dueNanos) {
        node.dueNanos = dueNanos;
        if (node.place < 0) {
            if (size == nodes.length) {
                nodes = Arrays.copyOf(nodes, size * 2);
            }
            up(node, size++);
        } else {
            settle(node, node.place);
        }
    }

    /** Takes a node out, if it is in. */
    void remove(Node node) {
        int place = node.place;
        if (place < 0) {
            return;
        }
        node.place = -1;
        Node last = at(--size);
        nodes[size] = null;
        if (last != node) {
            settle(last, place);
        }
    }

    private void settle(Node node, int place) {
        if (place > 0 && isBefore(node, at((place - 1) >> 1))) {
            up(node, place);
        } else {
            down(node, place);
        }
    }

    private void up(Node node, int from) {
        int place = from;
        while (place > 0) {
            Node parent = at((place - 1) >> 1);
            if (!isBefore(node, parent)) {
                break;
            }
            put(parent, place);
            place = (place - 1) >> 1;
        }
        put(node, place);
    }

    private void down(Node node, int from) {
        int place = from;
        while (true) {
            int child = place * 2 + 1;
            if (child >= size) {
                break;
            }
            if (child + 1 < size && isBefore(at(child + 1), at(child))) {
                child++;
            }
            Node least = at(child);
            if (!isBefore(least, node)) {
                break;
            }
            put(least, place);
            place = child;
        }
        put(node, place);
    }

    private void put(Node node, int place) {
        nodes[place] = node;
        node.place = place;
    }

    private static boolean isBefore(Node one, Node other) {
        return one.dueNanos - other.dueNanos < 0;
    }

    @SuppressWarnings("NullAway") // places below size are taken
    private Node at(int place) {
        return nodes[place];
    }
}
