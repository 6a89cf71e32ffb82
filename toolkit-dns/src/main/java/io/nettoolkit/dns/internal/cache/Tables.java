package io.nettoolkit.dns.internal.cache;

import io.nettoolkit.dns.DnsType;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;

/** The tables of a cache: one for each type that has a constant, one for all others together, two that are of no type. */
final class Tables {

    private static final List<DnsType<?>> TYPES = List.of(
            DnsType.A,
            DnsType.AAAA,
            DnsType.CNAME,
            DnsType.NS,
            DnsType.SOA,
            DnsType.PTR,
            DnsType.MX,
            DnsType.TXT,
            DnsType.SRV,
            DnsType.SVCB,
            DnsType.HTTPS,
            DnsType.CAA);
    /** Enough for the codes of all of those. */
    private static final int CODES = 258;

    /** "No such name", which holds for every type. */
    final Table noSuchName = new Table(null);
    /** What was made of answers for a host. */
    final Table hosts = new Table(null);
    /** Opaque types; the key has the code as well. */
    private final Table others = new Table(null);

    private final Table[] byCode = new Table[CODES];

    Tables() {
        Arrays.fill(byCode, others);
        for (DnsType<?> type : TYPES) {
            byCode[type.code()] = new Table(type);
        }
    }

    Table of(DnsType<?> type) {
        int code = type.code();
        return code < CODES ? byCode[code] : others;
    }

    /** Whether the type shares its table with others. */
    boolean isShared(DnsType<?> type) {
        return of(type) == others;
    }

    /** By what an answer is found in the table of its type. */
    String key(String name, DnsType<?> type) {
        // No name has a blank that is not escaped.
        return isShared(type) ? name + " " + type.code() : name;
    }

    /** The type of an entry's answer. */
    static DnsType<?> type(CacheEntry entry) {
        DnsType<?> type = entry.table.type();
        return type != null ? type : DnsType.of(Integer.parseInt(entry.key.substring(entry.key.indexOf(' ') + 1)));
    }

    /** All answers of a canonical name, but for "no such name". */
    void answers(String key, Consumer<CacheEntry> action) {
        for (DnsType<?> type : TYPES) {
            CacheEntry entry = of(type).get(key);
            if (entry != null) {
                action.accept(entry);
            }
        }
        for (CacheEntry entry : others.entries()) {
            if (entry.key.startsWith(key) && entry.key.indexOf(' ') == key.length()) {
                action.accept(entry);
            }
        }
    }
}
