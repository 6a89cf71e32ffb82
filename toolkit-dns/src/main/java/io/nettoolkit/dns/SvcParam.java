package io.nettoolkit.dns;

import io.nettoolkit.dns.internal.wire.Presentation;
import io.nettoolkit.dns.internal.wire.SvcParamCodec;
import java.net.InetAddress;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One parameter of a {@link DnsRecord.Svcb}.
 *
 * <pre>{@code
 * SvcParam alpn = https.param(SvcParam.ALPN);
 * boolean http3 = alpn != null && alpn.strings().contains("h3");
 * }</pre>
 *
 * <p><b>Threading.</b> Immutable.
 *
 * <p><b>Failure.</b> A value that is not of the form its key asks for is refused with an
 * {@link IllegalArgumentException}; asking for a form the key does not have is an {@link IllegalStateException}.
 *
 * <p>Sources: RFC 9460 §7 and §14.3 (keys), RFC 9848 (ech).
 *
 * @param key 0 to 65534
 * @param value its bytes, as they were on the wire; copied on the way in and out
 */
@SuppressWarnings("ArrayRecordComponent") // copied and compared by content
public record SvcParam(int key, byte[] value) {

    /** Keys a client must understand to use the record. */
    public static final int MANDATORY = 0;
    /** Protocols the server speaks, as TLS names them. */
    public static final int ALPN = 1;
    /** The scheme's default protocol is not spoken; no value. */
    public static final int NO_DEFAULT_ALPN = 2;
    /** The port instead of the scheme's own. */
    public static final int PORT = 3;
    /** IPv4 addresses to try until the target's own are known. */
    public static final int IPV4HINT = 4;
    /** Keys for the encrypted TLS client hello. */
    public static final int ECH = 5;
    /** IPv6 addresses to try until the target's own are known. */
    public static final int IPV6HINT = 6;

    /** Checks the form of the known keys. */
    public SvcParam {
        Objects.requireNonNull(value, "value: must not be null");
        value = value.clone();
        String flaw = SvcParamCodec.flaw(key, value);
        if (flaw != null) {
            throw new IllegalArgumentException("value: " + value.length + " bytes for key " + key + " (" + flaw + ")");
        }
    }

    @Override
    public byte[] value() {
        return value.clone();
    }

    /** The protocols of {@link #ALPN}, one char a byte. */
    public List<String> strings() {
        return SvcParamCodec.strings(demand(ALPN));
    }

    /** The number of {@link #PORT}. */
    public int port() {
        byte[] port = demand(PORT);
        return (port[0] & 0xff) << 8 | (port[1] & 0xff);
    }

    /** The keys of {@link #MANDATORY}. */
    public List<Integer> keys() {
        return SvcParamCodec.keys(demand(MANDATORY));
    }

    /** The addresses of {@link #IPV4HINT} or {@link #IPV6HINT}. */
    public List<InetAddress> addresses() {
        return key == IPV6HINT
                ? SvcParamCodec.addresses(value, SvcParamCodec.IPV6_BYTES)
                : SvcParamCodec.addresses(demand(IPV4HINT), SvcParamCodec.IPV4_BYTES);
    }

    private byte[] demand(int wanted) {
        if (key != wanted) {
            throw new IllegalStateException("this is key " + key + ", which has no such form; ask key() first");
        }
        return value;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof SvcParam that && that.key == key && Arrays.equals(that.value, value);
    }

    @Override
    public int hashCode() {
        return key * 31 + Arrays.hashCode(value);
    }

    /** As in a zone file: {@code port=443}. */
    @Override
    public String toString() {
        return Presentation.param(this);
    }
}
