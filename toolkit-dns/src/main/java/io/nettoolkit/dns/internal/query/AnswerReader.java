package io.nettoolkit.dns.internal.query;

import io.nettoolkit.dns.DnsException;
import io.nettoolkit.dns.DnsRecord;
import io.nettoolkit.dns.DnsType;
import io.nettoolkit.dns.internal.wire.DnsName;
import io.nettoolkit.dns.internal.wire.MessageReader;
import io.nettoolkit.dns.internal.wire.MessageReader.Section;
import io.nettoolkit.dns.internal.wire.WireException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/*
 * What a message means for a question. Only what hangs together with the question is looked at: the records of the name,
 * its alias, the records of that, and so on; and in the authority section a SOA of a zone the last name is in. Everything
 * else, such as addresses of other names or name servers, is what forgers smuggle in, and a stub resolver has no use for it
 * (RFC 5452 §6; RFC 2181 §5.4.1).
 */

/** Reads one message after the other for the engine. Confined to a loop. */
final class AnswerReader {

    /** Aliases of one lookup, over all messages. */
    static final int MAX_ALIASES = 16;

    private static final int FEW = 16;

    /** What the message said. */
    enum Verdict {
        /** The records. */
        RECORDS,
        /** There are none of this type. */
        NODATA,
        /** There is no such name. */
        NXDOMAIN,
        /** Where to ask for them, in {@link #target()}. */
        ALIAS,
        /** Too long a chain of aliases, or a circle. */
        LOOP,
        /** That others should be asked: the server is not for us. */
        REFERRAL
    }

    private List<DnsRecord> records = List.of();
    private List<DnsRecord.Cname> aliases = List.of();
    private DnsRecord.@Nullable Soa soa;
    private DnsName target = DnsName.ROOT;

    /** The records of {@link Verdict#RECORDS}; else empty. */
    List<DnsRecord> records() {
        return records;
    }

    /** The chain of aliases, with what came before. */
    List<DnsRecord.Cname> aliases() {
        return aliases;
    }

    /** The SOA of {@link Verdict#NODATA} and {@link Verdict#NXDOMAIN}, if there is one; else null. */
    DnsRecord.@Nullable Soa soa() {
        return soa;
    }

    /** The last name of the chain. */
    DnsName target() {
        return target;
    }

    /**
     * Interprets a message that has been read, with rcode NOERROR or NXDOMAIN.
     *
     * @param before the chain so far
     */
    Verdict read(MessageReader message, DnsName name, DnsType<?> type, List<DnsRecord.Cname> before)
            throws WireException {
        records = List.of();
        aliases = before;
        soa = null;
        target = name;
        String owner = name.toString();
        boolean exists = message.rcode() != Rcode.NXDOMAIN;
        while (true) {
            if (exists) {
                records = records(message, type, owner);
                if (!records.isEmpty()) {
                    return Verdict.RECORDS;
                }
            }
            int alias = type.equals(DnsType.CNAME) ? -1 : find(message, Section.ANSWER, DnsType.CNAME.code());
            if (alias < 0) {
                break;
            }
            if (aliases.size() >= MAX_ALIASES) {
                return Verdict.LOOP;
            }
            DnsRecord.Cname cname = (DnsRecord.Cname) message.record(alias, DnsType.CNAME, owner);
            if (aliases == before) {
                aliases = new ArrayList<>(before);
            }
            aliases.add(cname);
            owner = cname.target();
            target = nameOf(owner);
        }
        soa = soa(message);
        if (!exists) {
            return Verdict.NXDOMAIN;
        }
        if (soa == null && aliases.size() > before.size()) {
            return Verdict.ALIAS;
        }
        return soa == null && isReferral(message) ? Verdict.REFERRAL : Verdict.NODATA;
    }

    private int find(MessageReader message, Section section, int type) {
        for (int i = message.begin(section); i < message.end(section); i++) {
            if (message.isType(i, type) && message.isOwner(i, target)) {
                return i;
            }
        }
        return -1;
    }

    private List<DnsRecord> records(MessageReader message, DnsType<?> type, String owner) throws WireException {
        int end = message.end(Section.ANSWER);
        int first = find(message, Section.ANSWER, type.code());
        if (first < 0) {
            return List.of();
        }
        DnsRecord only = message.record(first, type, owner);
        List<DnsRecord> several = null;
        Set<DnsRecord> seen = null;
        for (int i = first + 1; i < end; i++) {
            if (!message.isType(i, type.code()) || !message.isOwner(i, target)) {
                continue;
            }
            DnsRecord record = message.record(i, type, owner);
            if (several == null) {
                several = new ArrayList<>();
                several.add(only);
            }
            // A set has each record once (RFC 2181 §5).
            if (several.size() == FEW && seen == null) {
                seen = new LinkedHashSet<>(several);
            }
            if (seen == null ? !several.contains(record) : seen.add(record)) {
                several.add(record);
            }
        }
        return several == null ? List.of(only) : List.copyOf(several);
    }

    private DnsRecord.@Nullable Soa soa(MessageReader message) throws WireException {
        for (int i = message.begin(Section.AUTHORITY); i < message.end(Section.AUTHORITY); i++) {
            if (message.isType(i, DnsType.SOA.code())) {
                String zone = message.owner(i);
                if (target.isWithin(nameOf(zone))) {
                    return (DnsRecord.Soa) message.record(i, DnsType.SOA, zone);
                }
            }
        }
        return null;
    }

    private static boolean isReferral(MessageReader message) {
        if (message.isAuthoritative() || message.isRecursive()) {
            return false;
        }
        for (int i = message.begin(Section.AUTHORITY); i < message.end(Section.AUTHORITY); i++) {
            if (message.isType(i, DnsType.NS.code())) {
                return true;
            }
        }
        return false;
    }

    private static DnsName nameOf(String text) {
        try {
            return DnsName.of(text);
        } catch (DnsException impossible) {
            throw new IllegalStateException("a name that came from the wire: " + text, impossible);
        }
    }
}
