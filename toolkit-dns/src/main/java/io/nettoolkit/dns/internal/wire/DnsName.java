package io.nettoolkit.dns.internal.wire;

import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.dns.DnsException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * An absolute name to ask for, in lower case, as it is on the wire: labels after their lengths, the empty root label last
 * (RFC 1035 §3.1). Two spellings of one name are equal.
 *
 * <p>Immutable.
 */
public final class DnsName {

    /** The root. */
    public static final DnsName ROOT = new DnsName(new byte[1], ".");

    /** Octets of the longest name, the root label and all lengths among them (RFC 1035 §2.3.4). */
    public static final int MAX_BYTES = 255;

    /** Octets of the longest label. */
    public static final int MAX_LABEL_BYTES = 63;

    private final byte[] wire;
    private final int hash;
    private @Nullable String key;
    private @Nullable String text;

    private DnsName(byte[] wire, @Nullable String key) {
        this.wire = wire;
        this.hash = Arrays.hashCode(wire);
        this.key = key;
    }

    /**
     * A name from its presentation form, with or without the dot at its end: ASCII, where {@code \DDD} and {@code \c}
     * stand for octets that could not be written otherwise.
     *
     * @throws DnsException of kind DNS_BAD_NAME, when it is empty or too long, has an empty or too long label, a wrong
     *     escape or a character that is not ASCII (IDN are to be converted before)
     */
    public static DnsName of(String text) throws DnsException {
        // Without escapes, the wire form has a length for each dot, and one for the root where that has no dot.
        byte[] buffer = new byte[Math.min(MAX_BYTES, text.length() + (text.endsWith(".") ? 1 : 2))];
        int length = NameText.parse(text, buffer);
        if (length == 1) {
            return ROOT;
        }
        byte[] wire = length == buffer.length ? buffer : Arrays.copyOf(buffer, length);
        // As most callers write it, it is the key already, and no other string is needed.
        return new DnsName(wire, NameText.isKey(text) ? text : null);
    }

    /** Octets on the wire, root included. */
    public int length() {
        return wire.length;
    }

    /** Copies the wire form to {@code target} at {@code offset}. */
    public void copyTo(byte[] target, int offset) {
        System.arraycopy(wire, 0, target, offset, wire.length);
    }

    /** One octet of the wire form. */
    public byte octet(int index) {
        return wire[index];
    }

    /** Labels without the root's. */
    public int labels() {
        int labels = 0;
        for (int at = 0; wire[at] != 0; at += wire[at] + 1) {
            labels++;
        }
        return labels;
    }

    /** The name without its first label; the root for the root. */
    public DnsName parent() {
        return wire[0] == 0 ? this : suffix(wire[0] + 1);
    }

    private DnsName suffix(int from) {
        return from == wire.length - 1 ? ROOT : new DnsName(Arrays.copyOfRange(wire, from, wire.length), null);
    }

    /** Whether this is the other name or below it. */
    public boolean isWithin(DnsName ancestor) {
        int start = wire.length - ancestor.wire.length;
        int at = 0;
        while (at < start) {
            at += wire[at] + 1;
        }
        return at == start && Arrays.equals(wire, at, wire.length, ancestor.wire, 0, ancestor.wire.length);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof DnsName that && that.hash == hash && Arrays.equals(that.wire, wire);
    }

    @Override
    public int hashCode() {
        return hash;
    }

    /**
     * The spelling by which names are found in tables: the presentation form without the dot at the end, as most callers
     * write it; {@code "."} for the root.
     */
    public String key() {
        String known = key;
        if (known == null) {
            String whole = toString();
            known = whole.length() == 1 ? whole : whole.substring(0, whole.length() - 1);
            key = known;
        }
        return known;
    }

    /** The presentation form, with the dot at its end. */
    @Override
    public String toString() {
        String known = text;
        if (known == null) {
            known = key != null && wire.length > 1 ? key + '.' : NameText.format(wire);
            text = known;
        }
        return known;
    }

    /** A name that cannot be asked for. */
    static DnsException bad(String name, String rule) {
        return DnsException.builder(Kind.DNS_BAD_NAME, name)
                .detail("the name " + rule)
                .build();
    }
}
