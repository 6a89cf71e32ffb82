package io.nettoolkit.dns;

import io.nettoolkit.dns.internal.wire.Presentation;
import io.nettoolkit.dns.internal.wire.RecordCheck;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A DNS record of class IN.
 *
 * <pre>{@code
 * for (DnsRecord.Mx mx : answer.records()) {
 *     System.out.println(mx.preference() + " " + mx.exchange());
 * }
 * System.out.println(answer.records().get(0));      // example.com. 300 MX 10 mail.example.com.
 * }</pre>
 *
 * <p>Names are absolute, end in a dot and are written as in a zone file: what is no visible character stands as
 * {@code \DDD}, and a dot or backslash inside a label has a backslash before it. They have the spelling the server gave
 * them; DNS compares them without case. Strings that are bytes on the wire (of TXT and CAA) have one char, 0 to 255, for
 * each byte.
 *
 * <p>{@link Object#toString() toString()} is the line of a zone file: {@code NAME TTL TYPE RDATA}.
 *
 * <p><b>Threading.</b> Immutable; no record holds on to a buffer.
 *
 * <p><b>Failure.</b> Constructors refuse what cannot be on the wire with an {@link IllegalArgumentException}.
 *
 * <p>Sources: RFC 1035 §3.3, §5.1 (presentation); RFC 3596 (AAAA); RFC 2782 (SRV); RFC 8659 (CAA); RFC 9460 (SVCB,
 * HTTPS); RFC 3597 (anything else); RFC 2181 §8 (TTL).
 */
public sealed interface DnsRecord {

    /** The owner of the record. */
    String name();

    /** Seconds the record may be kept, from when the server sent it: 0 to 2,147,483,647. */
    int ttl();

    /** Its type. */
    DnsType<? extends DnsRecord> type();

    /** What follows the type in a zone file. */
    String rdata();

    /**
     * An IPv4 address.
     *
     * @param address the address, without a host name
     */
    record A(String name, int ttl, Inet4Address address) implements DnsRecord {
        public A {
            RecordCheck.owner(name, ttl);
            Objects.requireNonNull(address, "address: must not be null");
        }

        @Override
        public DnsType<A> type() {
            return DnsType.A;
        }

        @Override
        public String rdata() {
            return address.getHostAddress();
        }

        @Override
        public String toString() {
            return Presentation.of(this);
        }
    }

    /**
     * An IPv6 address.
     *
     * @param address the address, without a host name or a zone
     */
    record Aaaa(String name, int ttl, Inet6Address address) implements DnsRecord {
        public Aaaa {
            RecordCheck.owner(name, ttl);
            Objects.requireNonNull(address, "address: must not be null");
        }

        @Override
        public DnsType<Aaaa> type() {
            return DnsType.AAAA;
        }

        @Override
        public String rdata() {
            return Presentation.ipv6(address);
        }

        @Override
        public String toString() {
            return Presentation.of(this);
        }
    }

    /**
     * An alias.
     *
     * @param target the name the owner is an alias of
     */
    record Cname(String name, int ttl, String target) implements DnsRecord {
        public Cname {
            RecordCheck.owner(name, ttl);
            RecordCheck.name("target", target);
        }

        @Override
        public DnsType<Cname> type() {
            return DnsType.CNAME;
        }

        @Override
        public String rdata() {
            return target;
        }

        @Override
        public String toString() {
            return Presentation.of(this);
        }
    }

    /**
     * A mail server.
     *
     * @param preference 0 to 65535, the lowest is tried first
     * @param exchange its name; "." where the domain takes no mail (RFC 7505)
     */
    record Mx(String name, int ttl, int preference, String exchange) implements DnsRecord {
        public Mx {
            RecordCheck.owner(name, ttl);
            RecordCheck.unsigned16("preference", preference);
            RecordCheck.name("exchange", exchange);
        }

        @Override
        public DnsType<Mx> type() {
            return DnsType.MX;
        }

        @Override
        public String rdata() {
            return preference + " " + exchange;
        }

        @Override
        public String toString() {
            return Presentation.of(this);
        }
    }

    /**
     * A name server of the zone.
     *
     * @param server its name
     */
    record Ns(String name, int ttl, String server) implements DnsRecord {
        public Ns {
            RecordCheck.owner(name, ttl);
            RecordCheck.name("server", server);
        }

        @Override
        public DnsType<Ns> type() {
            return DnsType.NS;
        }

        @Override
        public String rdata() {
            return server;
        }

        @Override
        public String toString() {
            return Presentation.of(this);
        }
    }

    /**
     * The name of an address, as a rule.
     *
     * @param target the name
     */
    record Ptr(String name, int ttl, String target) implements DnsRecord {
        public Ptr {
            RecordCheck.owner(name, ttl);
            RecordCheck.name("target", target);
        }

        @Override
        public DnsType<Ptr> type() {
            return DnsType.PTR;
        }

        @Override
        public String rdata() {
            return target;
        }

        @Override
        public String toString() {
            return Presentation.of(this);
        }
    }

    /**
     * The start of a zone. All numbers are 0 to 4,294,967,295, and all but the serial are seconds.
     *
     * @param primary the name server the zone comes from (MNAME)
     * @param mailbox who answers for it; the first label is the local part (RNAME)
     * @param serial version of the zone
     * @param refresh how often a secondary looks for a new version
     * @param retry how long it waits after it could not
     * @param expire when a secondary that could not stops answering
     * @param minimum how long "no such name" or "no such data" may be kept, with the record's TTL (RFC 2308)
     */
    record Soa(
            String name,
            int ttl,
            String primary,
            String mailbox,
            long serial,
            long refresh,
            long retry,
            long expire,
            long minimum)
            implements DnsRecord {
        public Soa {
            RecordCheck.owner(name, ttl);
            RecordCheck.name("primary", primary);
            RecordCheck.name("mailbox", mailbox);
            RecordCheck.unsigned32("serial", serial);
            RecordCheck.unsigned32("refresh", refresh);
            RecordCheck.unsigned32("retry", retry);
            RecordCheck.unsigned32("expire", expire);
            RecordCheck.unsigned32("minimum", minimum);
        }

        @Override
        public DnsType<Soa> type() {
            return DnsType.SOA;
        }

        @Override
        public String rdata() {
            return primary + " " + mailbox + " " + serial + " " + refresh + " " + retry + " " + expire + " " + minimum;
        }

        @Override
        public String toString() {
            return Presentation.of(this);
        }
    }

    /**
     * A server of a service.
     *
     * @param priority 0 to 65535, the lowest is used as long as one of it works
     * @param weight 0 to 65535, its share among those of one priority
     * @param port 0 to 65535
     * @param target its name; "." where the service is decidedly not there
     */
    record Srv(String name, int ttl, int priority, int weight, int port, String target) implements DnsRecord {
        public Srv {
            RecordCheck.owner(name, ttl);
            RecordCheck.unsigned16("priority", priority);
            RecordCheck.unsigned16("weight", weight);
            RecordCheck.unsigned16("port", port);
            RecordCheck.name("target", target);
        }

        @Override
        public DnsType<Srv> type() {
            return DnsType.SRV;
        }

        @Override
        public String rdata() {
            return priority + " " + weight + " " + port + " " + target;
        }

        @Override
        public String toString() {
            return Presentation.of(this);
        }
    }

    /**
     * Text.
     *
     * @param strings one or more strings of 0 to 255 bytes, one char a byte
     */
    record Txt(String name, int ttl, List<String> strings) implements DnsRecord {
        public Txt {
            RecordCheck.owner(name, ttl);
            strings = RecordCheck.strings(strings);
        }

        /** The strings joined without anything between them, read as UTF-8: what SPF, DKIM and most others mean. */
        public String text() {
            return new String(String.join("", strings).getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
        }

        @Override
        public DnsType<Txt> type() {
            return DnsType.TXT;
        }

        @Override
        public String rdata() {
            return Presentation.quoted(strings);
        }

        @Override
        public String toString() {
            return Presentation.of(this);
        }
    }

    /**
     * Who may issue certificates.
     *
     * @param flags 0 to 255; 128 forbids issuers that do not know the tag to issue
     * @param tag such as "issue", "issuewild" or "iodef": ASCII letters and digits
     * @param value its value, one char a byte
     */
    record Caa(String name, int ttl, int flags, String tag, String value) implements DnsRecord {
        public Caa {
            RecordCheck.owner(name, ttl);
            RecordCheck.caa(flags, tag, value);
        }

        @Override
        public DnsType<Caa> type() {
            return DnsType.CAA;
        }

        @Override
        public String rdata() {
            return flags + " " + tag + " " + Presentation.quoted(List.of(value));
        }

        @Override
        public String toString() {
            return Presentation.of(this);
        }
    }

    /**
     * How to reach a service, {@link DnsType#SVCB} or {@link DnsType#HTTPS}.
     *
     * @param type which of the two
     * @param priority 0 for an alias, else the lowest is tried first
     * @param target the alias's target or the server; "." means the owner itself, or in an alias that the service is
     *     not there
     * @param params what is known about the server, by rising key; empty in an alias
     */
    record Svcb(String name, int ttl, DnsType<Svcb> type, int priority, String target, List<SvcParam> params)
            implements DnsRecord {
        public Svcb {
            RecordCheck.owner(name, ttl);
            Objects.requireNonNull(type, "type: must not be null");
            RecordCheck.unsigned16("priority", priority);
            RecordCheck.name("target", target);
            params = RecordCheck.params(priority, params);
        }

        /** Whether this only points to another name. */
        public boolean isAlias() {
            return priority == 0;
        }

        /** The parameter with this key, or null. */
        public @Nullable SvcParam param(int key) {
            for (SvcParam param : params) {
                if (param.key() == key) {
                    return param;
                }
            }
            return null;
        }

        @Override
        public String rdata() {
            return Presentation.svcb(this);
        }

        @Override
        public String toString() {
            return Presentation.of(this);
        }
    }

    /**
     * A record of a type that is not known here.
     *
     * @param type its type
     * @param data its bytes, as they were on the wire; copied on the way in and out
     */
    @SuppressWarnings("ArrayRecordComponent") // copied and compared by content
    record Opaque(String name, int ttl, DnsType<Opaque> type, byte[] data) implements DnsRecord {
        public Opaque {
            RecordCheck.owner(name, ttl);
            Objects.requireNonNull(type, "type: must not be null");
            data = data.clone();
        }

        @Override
        public byte[] data() {
            return data.clone();
        }

        @Override
        public String rdata() {
            return Presentation.unknown(data);
        }

        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Opaque that
                    && that.ttl == ttl
                    && that.name.equals(name)
                    && that.type.equals(type)
                    && Arrays.equals(that.data, data);
        }

        @Override
        public int hashCode() {
            return (name.hashCode() * 31 + type.hashCode()) * 31 + Arrays.hashCode(data);
        }

        @Override
        public String toString() {
            return Presentation.of(this);
        }
    }
}
