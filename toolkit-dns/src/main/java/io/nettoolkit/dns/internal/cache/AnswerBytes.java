package io.nettoolkit.dns.internal.cache;

import io.nettoolkit.dns.DnsAnswer;
import io.nettoolkit.dns.DnsRecord;
import io.nettoolkit.dns.SvcParam;
import java.util.List;

/**
 * Estimates what an entry takes on the heap, with compressed references: sizes of objects as the JDK lays them out, and
 * strings of one byte a character. A test compares it with the heap.
 */
final class AnswerBytes {

    /** A string and its array, without characters. */
    static final int STRING = 24 + 16 + 4;

    /** A place in the table, twice, and the entry. */
    private static final int ENTRY = 12 + 56;
    /** The answer, the list in it, and when it ends. */
    private static final int ANSWER = 48 + 24 + 24;

    private static final int RECORD = 24 + 4;
    private static final int IPV4 = 24 + 32;
    private static final int IPV6 = 24 + 32 + 32 + 32;

    private AnswerBytes() {}

    static int of(String key, DnsAnswer<?> answer) {
        long bytes = ENTRY + ANSWER + string(key) + of(answer.records(), key) + of(answer.aliases(), key);
        return (int) Math.min(Integer.MAX_VALUE, bytes);
    }

    /** What one more spelling of an entry takes. */
    static int ofSpelling(String spelling) {
        return (int) (12 + 24 + string(spelling));
    }

    /** What a value of another kind takes: a number of references, each with an object of an address's size. */
    static int ofDerived(String key, int references) {
        return (int) Math.min(Integer.MAX_VALUE, ENTRY + ANSWER + string(key) + (long) references * IPV6);
    }

    private static long string(String text) {
        return (long) STRING + text.length();
    }

    private static long of(List<? extends DnsRecord> records, String key) {
        long bytes = 0;
        String owner = key;
        for (int i = 0; i < records.size(); i++) {
            DnsRecord record = records.get(i);
            // Records of one set share the string of their owner.
            bytes += RECORD + data(record) + (record.name() == owner ? 0 : string(record.name()));
            owner = record.name();
        }
        return bytes;
    }

    private static long data(DnsRecord record) {
        if (record instanceof DnsRecord.A) {
            return IPV4;
        } else if (record instanceof DnsRecord.Aaaa) {
            return IPV6;
        } else if (record instanceof DnsRecord.Cname cname) {
            return string(cname.target());
        } else if (record instanceof DnsRecord.Mx mx) {
            return 8 + string(mx.exchange());
        } else if (record instanceof DnsRecord.Ns ns) {
            return string(ns.server());
        } else if (record instanceof DnsRecord.Ptr ptr) {
            return string(ptr.target());
        } else if (record instanceof DnsRecord.Srv srv) {
            return 16 + string(srv.target());
        } else if (record instanceof DnsRecord.Soa soa) {
            return 48 + string(soa.primary()) + string(soa.mailbox());
        } else if (record instanceof DnsRecord.Txt txt) {
            return 24 + txt.strings().stream().mapToLong(AnswerBytes::string).sum();
        } else if (record instanceof DnsRecord.Caa caa) {
            return 16 + string(caa.tag()) + string(caa.value());
        } else if (record instanceof DnsRecord.Svcb svcb) {
            return 40
                    + string(svcb.target())
                    + svcb.params().stream().mapToLong(AnswerBytes::param).sum();
        } else if (record instanceof DnsRecord.Opaque opaque) {
            return 40L + opaque.data().length;
        }
        throw new IllegalStateException("a kind of record without a size: " + record.getClass());
    }

    private static long param(SvcParam param) {
        return 48L + param.value().length;
    }
}
