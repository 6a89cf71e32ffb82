package io.nettoolkit.udp.internal.recovery;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/*
 * Every packet sent that may still matter, and what was in it.
 *
 * Idea. Packet numbers are dense, so packets live in rings of primitives indexed by number; what a packet carried is a
 * chain of notes in a slab of primitives and one array of references. Both grow by doubling and never allocate once they
 * are large enough.
 *
 * Invariants.
 *  - base <= every number that is tracked < next; a number outside has state NONE.
 *  - A note belongs to exactly one packet, from send to forget.
 *  - bytesInFlight is the sum of the sizes of the packets in state IN_FLIGHT.
 */

/**
 * The packets sent on one connection, with notes of their contents.
 *
 * <p>Threading: confined to the connection's loop.
 */
public final class SentPackets {

    /** Not tracked, or a number that was skipped on purpose. */
    static final byte NONE = 0;

    /** Counts towards the window and awaits its acknowledgement. */
    static final byte IN_FLIGHT = 1;

    /** Was not worth an acknowledgement. */
    static final byte UNELICITING = 2;

    /** Acknowledged. */
    static final byte ACKED = 3;

    /** Declared lost; kept for a while in case it is acknowledged after all. */
    static final byte LOST = 4;

    private static final int FIRST_PACKETS = 4;
    private static final int NO_NOTE = -1;

    private long[] sentNanos = new long[FIRST_PACKETS];
    private int[] sizes = new int[FIRST_PACKETS];
    private int[] heads = new int[FIRST_PACKETS];
    private byte[] states = new byte[FIRST_PACKETS];
    private long base;
    private long next;

    private byte[] noteKinds = new byte[FIRST_PACKETS];
    private @Nullable Object[] noteSubjects = new Object[FIRST_PACKETS];
    private long[] noteFrom = new long[FIRST_PACKETS];
    private long[] noteTo = new long[FIRST_PACKETS];
    private int[] noteNext = new int[FIRST_PACKETS];
    private int freeNote = NO_NOTE;
    private int notesUsed;
    private int pendingHead = NO_NOTE;

    private long bytesInFlight;
    private int inFlight;

    /** Is told of the notes of a packet. */
    @FunctionalInterface
    public interface NoteVisitor {
        /** One note, as it was given to {@link #note}. */
        void onNote(int kind, @Nullable Object subject, long from, long to);
    }

    /** Notes something that goes into the next packet. */
    public void note(int kind, @Nullable Object subject, long from, long to) {
        int i = freeNote;
        if (i == NO_NOTE) {
            i = notesUsed++;
            if (i == noteKinds.length) {
                growNotes();
            }
        } else {
            freeNote = noteNext[i];
        }
        noteKinds[i] = (byte) kind;
        noteSubjects[i] = subject;
        noteFrom[i] = from;
        noteTo[i] = to;
        noteNext[i] = pendingHead;
        pendingHead = i;
    }

    /** The next packet, with the notes since the last, was sent. */
    void add(long nowNanos, int bytes, boolean eliciting) {
        if (next - base == states.length) {
            grow();
        }
        int i = index(next++);
        sentNanos[i] = nowNanos;
        sizes[i] = bytes;
        heads[i] = pendingHead;
        pendingHead = NO_NOTE;
        states[i] = eliciting ? IN_FLIGHT : UNELICITING;
        if (eliciting) {
            bytesInFlight += bytes;
            inFlight++;
        }
    }

    /** Leaves a number out; whoever acknowledges it acknowledges what it did not receive. */
    void skip() {
        if (next - base == states.length) {
            grow();
        }
        int i = index(next++);
        states[i] = NONE;
        heads[i] = NO_NOTE;
    }

    /** The number of the next packet. */
    public long nextPacketNumber() {
        return next;
    }

    long base() {
        return base;
    }

    byte state(long packetNumber) {
        return packetNumber < base || packetNumber >= next ? NONE : states[index(packetNumber)];
    }

    long sentNanos(long packetNumber) {
        return sentNanos[index(packetNumber)];
    }

    int size(long packetNumber) {
        return sizes[index(packetNumber)];
    }

    /** Bytes that are neither acknowledged nor lost. */
    public long bytesInFlight() {
        return bytesInFlight;
    }

    /** Packets that are neither acknowledged nor lost. */
    public int packetsInFlight() {
        return inFlight;
    }

    void setState(long packetNumber, byte state) {
        int i = index(packetNumber);
        if (states[i] == IN_FLIGHT) {
            bytesInFlight -= sizes[i];
            inFlight--;
        }
        states[i] = state;
    }

    /** Visits the notes of a packet, which keeps them. */
    void visit(long packetNumber, NoteVisitor visitor) {
        for (int n = heads[index(packetNumber)]; n != NO_NOTE; n = noteNext[n]) {
            visitor.onNote(noteKinds[n], noteSubjects[n], noteFrom[n], noteTo[n]);
        }
    }

    /** Visits the notes of a packet and drops them. */
    void forget(long packetNumber, NoteVisitor visitor) {
        int i = index(packetNumber);
        int n = heads[i];
        heads[i] = NO_NOTE;
        while (n != NO_NOTE) {
            int following = noteNext[n];
            Object subject = noteSubjects[n];
            noteSubjects[n] = null;
            noteNext[n] = freeNote;
            freeNote = n;
            visitor.onNote(noteKinds[n], subject, noteFrom[n], noteTo[n]);
            n = following;
        }
    }

    /** Moves the base past packets that matter no more. */
    void advanceBase(long to) {
        base = to;
    }

    private int index(long packetNumber) {
        return (int) packetNumber & (states.length - 1);
    }

    private void grow() {
        int old = states.length;
        int size = old * 2;
        long[] newSent = new long[size];
        int[] newSizes = new int[size];
        int[] newHeads = new int[size];
        byte[] newStates = new byte[size];
        for (long number = base; number < next; number++) {
            int from = (int) number & (old - 1);
            int to = (int) number & (size - 1);
            newSent[to] = sentNanos[from];
            newSizes[to] = sizes[from];
            newHeads[to] = heads[from];
            newStates[to] = states[from];
        }
        sentNanos = newSent;
        sizes = newSizes;
        heads = newHeads;
        states = newStates;
    }

    private void growNotes() {
        int size = noteKinds.length * 2;
        noteKinds = Arrays.copyOf(noteKinds, size);
        noteSubjects = Arrays.copyOf(noteSubjects, size);
        noteFrom = Arrays.copyOf(noteFrom, size);
        noteTo = Arrays.copyOf(noteTo, size);
        noteNext = Arrays.copyOf(noteNext, size);
    }
}
