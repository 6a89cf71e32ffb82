package io.nettoolkit.udp.internal.recovery;

import io.nettoolkit.udp.internal.RangeSet;
import org.jspecify.annotations.Nullable;

/*
 * Every packet sent that may still matter, and what was in it.
 *
 * Idea. Packet numbers are dense, so packets live in rings of primitives indexed by number; what a packet carried is a
 * chain of notes in a slab. Both grow by doubling and never allocate once they are large enough.
 *
 * Invariants.
 *  - base <= every number that is tracked < next; a number outside has state NONE.
 *  - A note belongs to exactly one packet, from send to forget.
 *  - bytesInFlight is the sum of the sizes of the packets in state IN_FLIGHT.
 */

/**
 * The packets sent on one connection, with notes of their contents; dropped when nothing has been under way for a while, and
 * made anew where the numbers go on.
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
    private static final long[] NO_LONGS = {};
    private static final int[] NO_INTS = {};
    private static final byte[] NO_BYTES = {};

    private long[] sentNanos = NO_LONGS;
    private int[] sizes = NO_INTS;
    private int[] heads = NO_INTS;
    private byte[] states = NO_BYTES;
    private long base;
    private long next;

    /** Null before the first note. */
    private @Nullable NoteSlab notes;

    /** Numbers that are settled. */
    final RangeSet acked = new RangeSet();

    /** No packet below this one is in flight. */
    long oldestInFlight;

    long largestAcked = -1;
    /** When the next packet counts as lost; {@link LossRecovery#NEVER} for none. */
    long lossNanos = LossRecovery.NEVER;

    long lastElicitingNanos;

    private int pendingChain = NoteSlab.NONE;

    private long bytesInFlight;
    private int inFlight;

    /** Is told what became of the notes of packets, each as it was given to {@link #note}. */
    public interface NoteVisitor {
        /** A packet with this note was acknowledged. The note is given back. */
        void onNoteAcked(int kind, @Nullable Object subject, long from, long to);

        /** A packet with this note was lost, or is to be repeated in a probe. The note stays. */
        void onNoteLost(int kind, @Nullable Object subject, long from, long to);

        /** A packet with this note matters no more. The note is given back. */
        void onNoteForgotten(int kind, @Nullable Object subject, long from, long to);
    }

    /** None yet; the first one has this number. */
    SentPackets(long first) {
        base = first;
        next = first;
    }

    /** Notes something that goes into the next packet. */
    public void note(int kind, @Nullable Object subject, long from, long to) {
        NoteSlab slab = notes;
        if (slab == null) {
            slab = new NoteSlab();
            notes = slab;
        }
        pendingChain = slab.add(pendingChain, kind, subject, from, to);
    }

    /** The next packet, with the notes since the last, was sent. */
    void add(long nowNanos, int bytes, boolean eliciting) {
        if (next - base == states.length) {
            grow();
        }
        int i = index(next++);
        sentNanos[i] = nowNanos;
        sizes[i] = bytes;
        heads[i] = pendingChain;
        pendingChain = NoteSlab.NONE;
        states[i] = eliciting ? IN_FLIGHT : UNELICITING;
        if (eliciting) {
            lastElicitingNanos = nowNanos;
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
        heads[i] = NoteSlab.NONE;
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
    long bytesInFlight() {
        return bytesInFlight;
    }

    /** Packets that are neither acknowledged nor lost. */
    int packetsInFlight() {
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

    /** Tells that a packet was lost; it keeps its notes. */
    void tellLost(long packetNumber, NoteVisitor visitor) {
        if (notes != null) {
            notes.tellLost(heads[index(packetNumber)], visitor);
        }
    }

    /** Gives back the notes of a packet that was acknowledged. */
    void settle(long packetNumber, NoteVisitor visitor) {
        giveBack(packetNumber, visitor, true);
    }

    /** Gives back the notes of a packet that matters no more. */
    void forget(long packetNumber, NoteVisitor visitor) {
        giveBack(packetNumber, visitor, false);
    }

    private void giveBack(long packetNumber, NoteVisitor visitor, boolean acked) {
        int i = index(packetNumber);
        int chain = heads[i];
        heads[i] = NoteSlab.NONE;
        if (notes != null) {
            notes.giveBack(chain, visitor, acked);
        }
    }

    /** Moves the base past packets that matter no more. */
    void advanceBase(long to) {
        base = to;
    }

    /** Forgets every packet, whatever state it is in. */
    void forgetAll(NoteVisitor visitor) {
        for (long n = base; n < next; n++) {
            setState(n, NONE);
            forget(n, visitor);
        }
        base = next;
        acked.clear();
        lossNanos = LossRecovery.NEVER;
    }

    /** Whether something was noted for the next packet already. */
    boolean isPending() {
        return pendingChain != NoteSlab.NONE;
    }

    private int index(long packetNumber) {
        return (int) packetNumber & (states.length - 1);
    }

    private void grow() {
        int old = states.length;
        int size = Math.max(FIRST_PACKETS, old * 2);
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
}
