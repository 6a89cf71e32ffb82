package io.nettoolkit.dns.internal.wire;

import io.nettoolkit.dns.SvcParam;
import java.util.List;
import java.util.Objects;

/** What the components of records have to be. Names are trusted to be names: those of the wire have been checked there. */
public final class RecordCheck {

    private static final long MAX_UNSIGNED_32 = 0xffff_ffffL;
    private static final int MAX_STRING_BYTES = 255;

    private RecordCheck() {}

    /** An owner and how long it may be kept. */
    public static void owner(String name, int ttl) {
        name("name", name);
        if (ttl < 0) {
            throw new IllegalArgumentException("ttl: " + ttl + " (must not be negative)");
        }
    }

    /** An absolute name. */
    public static void name(String parameter, String name) {
        Objects.requireNonNull(name, parameter + ": must not be null");
        if (name.isEmpty() || name.charAt(name.length() - 1) != '.') {
            throw new IllegalArgumentException(
                    parameter + ": \"" + name + "\" (must be an absolute name, which ends in a dot)");
        }
    }

    /** A number of two bytes. */
    public static void unsigned16(String parameter, int value) {
        if (value < 0 || value > 0xffff) {
            throw new IllegalArgumentException(parameter + ": " + value + " (must be 0 to 65535)");
        }
    }

    /** A number of four bytes. */
    public static void unsigned32(String parameter, long value) {
        if (value < 0 || value > MAX_UNSIGNED_32) {
            throw new IllegalArgumentException(parameter + ": " + value + " (must be 0 to 4294967295)");
        }
    }

    /** Strings of a TXT record. */
    public static List<String> strings(List<String> strings) {
        List<String> copy = List.copyOf(strings);
        if (copy.isEmpty()) {
            throw new IllegalArgumentException("strings: [] (must not be empty; one empty string will do)");
        }
        for (String string : copy) {
            bytes("strings", string);
            if (string.length() > MAX_STRING_BYTES) {
                throw new IllegalArgumentException(
                        "strings: one of " + string.length() + " bytes (must be at most 255 each)");
            }
        }
        return copy;
    }

    /** A CAA record's data. */
    public static void caa(int flags, String tag, String value) {
        if (flags < 0 || flags > 255) {
            throw new IllegalArgumentException("flags: " + flags + " (must be 0 to 255)");
        }
        if (!isTag(tag)) {
            throw new IllegalArgumentException("tag: \"" + tag + "\" (must be 1 to 255 ASCII letters and digits)");
        }
        bytes("value", value);
    }

    /** Whether this is a tag of a CAA record. */
    static boolean isTag(String tag) {
        for (int i = 0; i < tag.length(); i++) {
            char c = tag.charAt(i);
            if (!(c >= '0' && c <= '9') && !((c | 0x20) >= 'a' && (c | 0x20) <= 'z')) {
                return false;
            }
        }
        return !tag.isEmpty() && tag.length() <= MAX_STRING_BYTES;
    }

    /** Parameters of an SVCB record. */
    public static List<SvcParam> params(int priority, List<SvcParam> params) {
        List<SvcParam> copy = List.copyOf(params);
        if (priority == 0 && !copy.isEmpty()) {
            throw new IllegalArgumentException("params: " + copy + " (must be empty in an alias, whose priority is 0)");
        }
        int last = -1;
        for (SvcParam param : copy) {
            if (param.key() <= last) {
                throw new IllegalArgumentException("params: " + copy + " (must be in the order of rising keys)");
            }
            last = param.key();
        }
        return copy;
    }

    private static void bytes(String parameter, String value) {
        for (int i = 0; i < value.length(); i++) {
            if (value.charAt(i) > 0xff) {
                throw new IllegalArgumentException(parameter + ": has U+" + Integer.toHexString(value.charAt(i))
                        + " (must have one char, 0 to 255, for each byte)");
            }
        }
    }
}
