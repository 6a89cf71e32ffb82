package io.nettoolkit.dns.internal.wire;

import io.nettoolkit.dns.DnsException;
import java.nio.charset.StandardCharsets;

/** Turns names between presentation and wire form (RFC 1035 §5.1). Stateless. */
final class NameText {

    private NameText() {}

    /** Writes the wire form, in lower case, and answers its length. */
    static int parse(String text, byte[] wire) throws DnsException {
        int end = text.length();
        if (end == 0) {
            throw DnsName.bad(text, "is empty");
        }
        if (end == 1 && text.charAt(0) == '.') {
            wire[0] = 0;
            return 1;
        }
        int lengthAt = 0;
        int to = 1;
        int at = 0;
        while (at < end) {
            char c = text.charAt(at++);
            if (c == '.') {
                endLabel(text, wire, lengthAt, to);
                lengthAt = to++;
                continue;
            }
            int octet = c;
            if (c == '\\') {
                octet = escaped(text, at);
                at += isDigit(text.charAt(at)) ? 3 : 1;
            }
            if (octet > 0xff || c > 0x7e || c < 0x20) {
                throw DnsName.bad(text, "has a character that is not ASCII, or a control character, at " + (at - 1));
            }
            // The last octet is the root's.
            if (to >= wire.length - 1) {
                throw DnsName.bad(text, "is longer than 255 octets");
            }
            wire[to++] = (byte) (octet >= 'A' && octet <= 'Z' ? octet | 0x20 : octet);
        }
        if (to - lengthAt == 1) {
            // The text ended in a dot: what was opened for a next label is the root.
            wire[lengthAt] = 0;
            return to;
        }
        endLabel(text, wire, lengthAt, to);
        wire[to] = 0;
        return to + 1;
    }

    /** Whether a name that has been parsed is spelled as its key: nothing in it is escaped, upper case or a dot at the end. */
    static boolean isKey(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            boolean itself = c == '.' || (c < 0x80 && NameReader.isPlain((byte) c) && !(c >= 'A' && c <= 'Z'));
            if (!itself) {
                return false;
            }
        }
        return text.charAt(text.length() - 1) != '.';
    }

    private static void endLabel(String text, byte[] wire, int lengthAt, int to) throws DnsException {
        int length = to - lengthAt - 1;
        if (length == 0) {
            throw DnsName.bad(text, "has an empty label");
        }
        if (length > DnsName.MAX_LABEL_BYTES) {
            throw DnsName.bad(text, "has a label of " + length + " octets, more than 63");
        }
        if (to >= wire.length) {
            throw DnsName.bad(text, "is longer than 255 octets");
        }
        wire[lengthAt] = (byte) length;
    }

    private static int escaped(String text, int at) throws DnsException {
        if (at < text.length() && !isDigit(text.charAt(at))) {
            return text.charAt(at);
        }
        if (at + 3 <= text.length() && isDigit(text.charAt(at + 1)) && isDigit(text.charAt(at + 2))) {
            int octet = (text.charAt(at) - '0') * 100 + (text.charAt(at + 1) - '0') * 10 + text.charAt(at + 2) - '0';
            if (octet <= 0xff) {
                return octet;
            }
        }
        throw DnsName.bad(text, "has a backslash without a character or three digits up to 255 after it");
    }

    private static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }

    /** The presentation form of a wire form. */
    static String format(byte[] wire) {
        if (wire[0] == 0) {
            return ".";
        }
        // As a rule nothing is to be escaped, and the text is the wire form with a dot after each label.
        byte[] plain = new byte[wire.length - 1];
        int to = 0;
        for (int at = 0; wire[at] != 0; at += wire[at] + 1) {
            for (int i = 1; i <= wire[at]; i++) {
                byte octet = wire[at + i];
                if (!NameReader.isPlain(octet)) {
                    return formatEscaped(wire);
                }
                plain[to++] = octet;
            }
            plain[to++] = '.';
        }
        return new String(plain, StandardCharsets.ISO_8859_1);
    }

    private static String formatEscaped(byte[] wire) {
        StringBuilder text = new StringBuilder(wire.length + 8);
        for (int at = 0; wire[at] != 0; at += wire[at] + 1) {
            for (int i = 1; i <= wire[at]; i++) {
                Presentation.appendLabelByte(text, wire[at + i] & 0xff);
            }
            text.append('.');
        }
        return text.toString();
    }
}
