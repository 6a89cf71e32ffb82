package io.nettoolkit.dns;

import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The type of a DNS record, and the class its records have here.
 *
 * <pre>{@code
 * CompletableFuture<DnsAnswer<DnsRecord.Mx>> mail = resolver.query("example.com", DnsType.MX);
 * CompletableFuture<DnsAnswer<DnsRecord.Opaque>> other = resolver.query("example.com", DnsType.opaque(65280));
 * }</pre>
 *
 * <p><b>Threading.</b> Immutable. Equal when the codes are equal.
 *
 * <p><b>Failure.</b> Codes that name no record are an {@link IllegalArgumentException}.
 *
 * <p>Sources: RFC 1035 §3.2 and the RFC of each record; RFC 6895 §3.1 (which codes are records); RFC 3597 §5 (names of
 * the others, {@code TYPE65280}).
 *
 * @param <R> class of its records
 */
public final class DnsType<R extends DnsRecord> {

    /** An IPv4 address. */
    public static final DnsType<DnsRecord.A> A = new DnsType<>(1, "A", DnsRecord.A.class);
    /** A name server of a zone. */
    public static final DnsType<DnsRecord.Ns> NS = new DnsType<>(2, "NS", DnsRecord.Ns.class);
    /** The name this one is an alias of. */
    public static final DnsType<DnsRecord.Cname> CNAME = new DnsType<>(5, "CNAME", DnsRecord.Cname.class);
    /** The start of a zone. */
    public static final DnsType<DnsRecord.Soa> SOA = new DnsType<>(6, "SOA", DnsRecord.Soa.class);
    /** The name of an address. */
    public static final DnsType<DnsRecord.Ptr> PTR = new DnsType<>(12, "PTR", DnsRecord.Ptr.class);
    /** A mail server. */
    public static final DnsType<DnsRecord.Mx> MX = new DnsType<>(15, "MX", DnsRecord.Mx.class);
    /** Text. */
    public static final DnsType<DnsRecord.Txt> TXT = new DnsType<>(16, "TXT", DnsRecord.Txt.class);
    /** An IPv6 address. */
    public static final DnsType<DnsRecord.Aaaa> AAAA = new DnsType<>(28, "AAAA", DnsRecord.Aaaa.class);
    /** A server of a service. */
    public static final DnsType<DnsRecord.Srv> SRV = new DnsType<>(33, "SRV", DnsRecord.Srv.class);
    /** How to reach a service. */
    public static final DnsType<DnsRecord.Svcb> SVCB = new DnsType<>(64, "SVCB", DnsRecord.Svcb.class);
    /** How to reach an HTTP service. */
    public static final DnsType<DnsRecord.Svcb> HTTPS = new DnsType<>(65, "HTTPS", DnsRecord.Svcb.class);
    /** Who may issue certificates. */
    public static final DnsType<DnsRecord.Caa> CAA = new DnsType<>(257, "CAA", DnsRecord.Caa.class);

    private static final List<DnsType<?>> KNOWN = List.of(A, NS, CNAME, SOA, PTR, MX, TXT, AAAA, SRV, SVCB, HTTPS, CAA);
    private static final Map<String, DnsType<?>> BY_NAME = new HashMap<>();
    private static final String OPAQUE_PREFIX = "TYPE";
    private static final int OPT = 41;

    static {
        KNOWN.forEach(type -> BY_NAME.put(type.name, type));
    }

    private final int code;
    private final String name;
    private final Class<R> recordClass;

    private DnsType(int code, String name, Class<R> recordClass) {
        this.code = code;
        this.name = name;
        this.recordClass = recordClass;
    }

    /**
     * The type of a code: one of the constants, or an opaque one.
     *
     * @param code 1 to 65535 without what may only be asked or carried, never stored: 41 and 128 to 255
     */
    public static DnsType<?> of(int code) {
        DnsType<?> known = known(code);
        return known != null ? known : newOpaque(code);
    }

    /**
     * A type that has no constant here; its records come as bytes.
     *
     * @param code as for {@link #of}, and not that of a constant
     */
    public static DnsType<DnsRecord.Opaque> opaque(int code) {
        DnsType<?> known = known(code);
        if (known != null) {
            throw new IllegalArgumentException("code: " + code + " (must not be that of DnsType." + known.name + ")");
        }
        return newOpaque(code);
    }

    /**
     * The type of a name as zone files have it, such as "MX", "https" or "TYPE65280".
     *
     * @throws IllegalArgumentException when it is neither a constant's name nor TYPE and a code
     */
    public static DnsType<?> parse(String name) {
        String upper = Objects.requireNonNull(name, "name: must not be null").toUpperCase(Locale.ROOT);
        DnsType<?> known = BY_NAME.get(upper);
        if (known != null) {
            return known;
        }
        String digits = upper.startsWith(OPAQUE_PREFIX) ? upper.substring(OPAQUE_PREFIX.length()) : "";
        if (!digits.matches("[0-9]{1,5}")) {
            throw new IllegalArgumentException(
                    "name: \"" + name + "\" (must be one of " + KNOWN + ", or TYPE and a number)");
        }
        return of(Integer.parseInt(digits));
    }

    private static @Nullable DnsType<?> known(int code) {
        return switch (code) {
            case 1 -> A;
            case 2 -> NS;
            case 5 -> CNAME;
            case 6 -> SOA;
            case 12 -> PTR;
            case 15 -> MX;
            case 16 -> TXT;
            case 28 -> AAAA;
            case 33 -> SRV;
            case 64 -> SVCB;
            case 65 -> HTTPS;
            case 257 -> CAA;
            default -> null;
        };
    }

    private static DnsType<DnsRecord.Opaque> newOpaque(int code) {
        if (code < 1 || code > 65535 || code == OPT || (code >= 128 && code <= 255)) {
            throw new IllegalArgumentException(
                    "code: " + code + " (must be 1 to 65535 and that of a record: neither 41 nor 128 to 255)");
        }
        return new DnsType<>(code, OPAQUE_PREFIX + code, DnsRecord.Opaque.class);
    }

    /** The number on the wire. */
    public int code() {
        return code;
    }

    /** The name in zone files: "MX", or "TYPE65280" where there is no constant. */
    public String name() {
        return name;
    }

    /** The class of its records. */
    public Class<R> recordClass() {
        return recordClass;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof DnsType<?> that && that.code == code;
    }

    @Override
    public int hashCode() {
        return code;
    }

    @Override
    public String toString() {
        return name;
    }
}
