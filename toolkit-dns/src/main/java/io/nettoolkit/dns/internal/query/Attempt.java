package io.nettoolkit.dns.internal.query;

import org.jspecify.annotations.Nullable;

/** One message to one server for one lookup. Confined to a loop. */
final class Attempt {

    final Resolution lookup;
    final Server server;
    final long sentNanos;
    /** The payload size offered; 0 without EDNS. */
    final int payload;
    /** Whether it goes over a connection. */
    final boolean stream;
    /** Bit i, and i + 32 and so on, is whether the i-th octet of the name is a capital where it is a letter. */
    final int caseBits;

    /** Set by the link. */
    int id;
    /** Set by the link; null once the attempt is over. */
    Transport.@Nullable Carrier carrier;

    /** Its time was up; an answer is taken all the same as long as the lookup goes on. */
    boolean late;
    /** Whether a try before it, with larger answers, got none. */
    boolean smallAfterTimeout;
    /** Whether it is there because an answer came in other case than the question: it shows who changed that. */
    boolean checksCase;

    /** The next one of the same lookup. */
    @Nullable
    Attempt next;

    Attempt(Resolution lookup, Server server, Shape shape, int caseBits, long nowNanos) {
        this.lookup = lookup;
        this.server = server;
        this.payload = shape.payload;
        this.stream = shape.stream;
        this.caseBits = caseBits;
        this.sentNanos = nowNanos;
    }

    /** The question as it is sent: the octets of the name with their case. */
    void writeQuestion(byte[] to) {
        lookup.name().copyTo(to, 0);
        int bits = caseBits;
        if (bits == 0) {
            return;
        }
        int length = lookup.name().length();
        for (int i = 0; i < length; i++) {
            byte octet = to[i];
            // Lengths of labels are at most 63, so none of them looks like a small letter.
            if (octet >= 'a' && octet <= 'z' && (bits >>> i & 1) != 0) {
                to[i] = (byte) (octet & ~0x20);
            }
        }
    }

    /** How a message is sent. */
    record Shape(boolean stream, int payload) {
        static final Shape STREAM = new Shape(true, Server.FULL_PAYLOAD);
        static final Shape STREAM_PLAIN = new Shape(true, 0);
        static final Shape FULL = new Shape(false, Server.FULL_PAYLOAD);
        static final Shape SMALL = new Shape(false, Server.SMALL_PAYLOAD);
        static final Shape PLAIN = new Shape(false, 0);

        static Shape of(boolean stream, int payload) {
            if (stream) {
                return payload == 0 ? STREAM_PLAIN : STREAM;
            }
            return switch (payload) {
                case 0 -> PLAIN;
                case Server.SMALL_PAYLOAD -> SMALL;
                default -> FULL;
            };
        }
    }
}
