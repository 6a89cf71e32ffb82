package io.nettoolkit.dns.internal.wire;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/*
 * Names in a message (RFC 1035 §4.1.4). A name is labels, each after its length, up to the empty one or up to a pointer to
 * an earlier name:
 *
 *    +--+--+--+--+--+--+--+--+           +--+--+--+--+--+--+--+--+--+--+--+--+--+--+--+--+
 *    | 0  0|      length     |  octets   | 1  1|               offset                    |
 *    +--+--+--+--+--+--+--+--+           +--+--+--+--+--+--+--+--+--+--+--+--+--+--+--+--+
 *
 * Invariants, which bound time and memory whatever comes in:
 *  - a pointer leads to before the label sequence it ends, and not into the header: so there are no circles;
 *  - at most MAX_POINTERS of them in a row of one name: so a message of chained pointers costs no quadratic time;
 *  - a name has at most 255 octets; label types 01 and 10 do not exist.
 */

/** Reads names out of one message after the other. Not thread-safe. */
final class NameReader {

    /** Bytes before the first name. */
    static final int HEADER_BYTES = 12;

    /** As many as a name could have labels. */
    private static final int MAX_POINTERS = 127;

    private static final int POINTER = 0xc0;

    /** Longest presentation form: every octet of 254 as four characters, and the dots. */
    private final byte[] text = new byte[DnsName.MAX_BYTES * 4];

    private byte[] data = new byte[0];
    private int end;
    /** What is known to stand in the question, where most pointers lead. */
    private @Nullable DnsName questionIs;

    /** Offset after the name that was walked last. */
    private int after;

    /** Goes on to another message, of which {@code end} bytes count. */
    void reset(byte[] data, int end) {
        this.data = data;
        this.end = end;
        questionIs = null;
    }

    /** Checks a name that begins at {@code at} and whose own bytes end before {@code limit}; answers where they end. */
    int skip(int at, int limit) throws WireException {
        walk(at, limit, false, true);
        return after;
    }

    /** The same for a name that must not be compressed. */
    int skipUncompressed(int at, int limit) throws WireException {
        walk(at, limit, false, false);
        return after;
    }

    /** The presentation form of the name at {@code at}, of which all bytes but those behind pointers are before {@code limit}. */
    String read(int at, int limit) throws WireException {
        int length = walk(at, limit, true, true);
        return length == 0 ? "." : new String(text, 0, length, StandardCharsets.ISO_8859_1);
    }

    /**
     * One pass over a name.
     *
     * @param write whether to write its presentation form to {@link #text}
     * @return characters written
     */
    private int walk(int start, int limit, boolean write, boolean pointersAllowed) throws WireException {
        int at = start;
        int written = 0;
        int octets = 1;
        int pointers = 0;
        int segment = at;
        int bound = limit;
        after = -1;
        while (true) {
            if (at >= bound) {
                throw new WireException("a name runs past its end", at);
            }
            int length = data[at] & 0xff;
            if (length == 0) {
                if (after < 0) {
                    after = at + 1;
                }
                return written;
            }
            if (length <= DnsName.MAX_LABEL_BYTES) {
                octets += length + 1;
                if (octets > DnsName.MAX_BYTES) {
                    throw new WireException("a name is longer than 255 octets", at);
                }
                if (at + 1 + length > bound) {
                    throw new WireException("a label runs past the end", at);
                }
                if (write) {
                    written = appendLabel(at + 1, length, written);
                }
                at += length + 1;
                continue;
            }
            if (length < POINTER) {
                throw new WireException("a label of an unknown kind", at);
            }
            if (!pointersAllowed) {
                throw new WireException("a compressed name where that is forbidden", at);
            }
            if (after < 0) {
                after = at + 2;
            }
            at = pointer(at, bound, segment);
            if (++pointers > MAX_POINTERS) {
                throw new WireException("a name of more than " + MAX_POINTERS + " pointers", at);
            }
            segment = at;
            // Behind a pointer the whole message before it counts.
            bound = end;
        }
    }

    private int pointer(int at, int bound, int segment) throws WireException {
        if (at + 2 > bound) {
            throw new WireException("a pointer runs past the end", at);
        }
        int target = (data[at] & 0x3f) << 8 | (data[at + 1] & 0xff);
        if (target >= segment) {
            throw new WireException("a pointer that does not lead back", at);
        }
        if (target < HEADER_BYTES) {
            throw new WireException("a pointer into the header", at);
        }
        return target;
    }

    private int appendLabel(int from, int length, int to) {
        for (int i = from; i < from + length; i++) {
            byte octet = data[i];
            if (isPlain(octet)) {
                text[to++] = octet;
            } else {
                to = appendEscaped(octet & 0xff, to);
            }
        }
        text[to++] = '.';
        return to;
    }

    /** Whether an octet of a label stands for itself in text, whatever is around it. */
    static boolean isPlain(byte octet) {
        return (octet >= 'a' && octet <= 'z')
                || (octet >= '0' && octet <= '9')
                || octet == '-'
                || octet == '_'
                || (octet >= 'A' && octet <= 'Z');
    }

    private int appendEscaped(int octet, int to) {
        StringBuilder escaped = new StringBuilder(4);
        Presentation.appendLabelByte(escaped, octet);
        for (int i = 0; i < escaped.length(); i++) {
            text[to++] = (byte) escaped.charAt(i);
        }
        return to;
    }

    /** Whether the name at {@code at}, which has been checked, is the given one; letters without case. */
    boolean isName(int at, DnsName name) {
        int i = 0;
        while (true) {
            int length = data[at] & 0xff;
            if (length >= POINTER) {
                at = (length & 0x3f) << 8 | (data[at + 1] & 0xff);
                if (at == HEADER_BYTES && i == 0 && questionIs == name) {
                    return true;
                }
                continue;
            }
            if (length != name.octet(i)) {
                return false;
            }
            if (length == 0) {
                return true;
            }
            for (int k = 1; k <= length; k++) {
                if (lower(data[at + k]) != name.octet(i + k)) {
                    return false;
                }
            }
            at += length + 1;
            i += length + 1;
        }
    }

    /** Says that the question is this name. */
    void questionIs(DnsName name) {
        questionIs = name;
    }

    static byte lower(byte octet) {
        return octet >= 'A' && octet <= 'Z' ? (byte) (octet | 0x20) : octet;
    }
}
