package io.nettoolkit.udp.internal.recovery;

import io.nettoolkit.udp.internal.recovery.SentPackets.NoteVisitor;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Notes of what is in packets, in chains: primitives and one array of references, which grow by doubling. */
final class NoteSlab {

    /** The end of a chain. */
    static final int NONE = -1;

    private static final int FIRST_NOTES = 4;

    private byte[] kinds = new byte[FIRST_NOTES];
    private @Nullable Object[] subjects = new Object[FIRST_NOTES];
    private long[] from = new long[FIRST_NOTES];
    private long[] to = new long[FIRST_NOTES];
    private int[] next = new int[FIRST_NOTES];
    private int free = NONE;
    private int used;

    /** Puts a note before a chain and answers where the chain begins now. */
    int add(int chain, int kind, @Nullable Object subject, long fromValue, long toValue) {
        int i = free;
        if (i == NONE) {
            i = used++;
            if (i == kinds.length) {
                grow();
            }
        } else {
            free = next[i];
        }
        kinds[i] = (byte) kind;
        subjects[i] = subject;
        from[i] = fromValue;
        to[i] = toValue;
        next[i] = chain;
        return i;
    }

    /** Tells that what a chain notes was lost; the chain stays. */
    void tellLost(int chain, NoteVisitor visitor) {
        for (int n = chain; n != NONE; n = next[n]) {
            visitor.onNoteLost(kinds[n], subjects[n], from[n], to[n]);
        }
    }

    /** Gives a chain back. */
    void giveBack(int chain, NoteVisitor visitor, boolean acked) {
        int n = chain;
        while (n != NONE) {
            int following = next[n];
            Object subject = subjects[n];
            subjects[n] = null;
            next[n] = free;
            free = n;
            if (acked) {
                visitor.onNoteAcked(kinds[n], subject, from[n], to[n]);
            } else {
                visitor.onNoteForgotten(kinds[n], subject, from[n], to[n]);
            }
            n = following;
        }
    }

    private void grow() {
        int size = kinds.length * 2;
        kinds = Arrays.copyOf(kinds, size);
        subjects = Arrays.copyOf(subjects, size);
        from = Arrays.copyOf(from, size);
        to = Arrays.copyOf(to, size);
        next = Arrays.copyOf(next, size);
    }
}
