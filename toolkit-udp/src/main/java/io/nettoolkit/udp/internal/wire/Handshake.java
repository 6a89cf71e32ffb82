package io.nettoolkit.udp.internal.wire;

import io.nettoolkit.udp.RudpConfig;
import io.nettoolkit.udp.RudpSecurity.Suite;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The handshake packets: what stands between the header of {@link Wire} and the checksum.
 *
 * <pre>
 *  1 HELLO     random (32) | security (1) | token length (1) | token | parameters | MAC (16, with a key) | zeros
 *  2 RETRY     token length (1) | token
 *  3 ACCEPT    random (32) | reset token (16) | parameters | MAC (16, with a key)
 *  4 VERSIONS  count (1) | { version (4) } …
 *  5 REFUSE    code ({@link Varint}) | reason length (1) | reason
 *  6 RESET     (the header ends after 16 bytes)  reset token (16)
 * </pre>
 *
 * A HELLO is padded to 1,200 bytes, so that no answer to it is longer (RFC 9000 §8.1). The MACs are HMAC-SHA256, cut to
 * 16 bytes, under a key that comes from the pre-shared one: of the HELLO up to there, and of the client's random with the
 * ACCEPT up to there. In a VERSIONS the header's version is 0.
 */
public final class Handshake {

    /** A client's first packet, and its second with the token of a RETRY. */
    public static final int HELLO = 1;

    /** Come again with this token. */
    public static final int RETRY = 2;

    /** The connection is open. */
    public static final int ACCEPT = 3;

    /** These versions are spoken here. */
    public static final int VERSIONS = 4;

    /** No. */
    public static final int REFUSE = 5;

    /** There is no such connection (any more). */
    public static final int RESET = 6;

    /** Bytes of a token that proves a reset. */
    public static final int RESET_TOKEN_BYTES = 16;

    /** Bytes of a RESET. */
    public static final int RESET_BYTES = 16 + RESET_TOKEN_BYTES + Crc32cProtection.BYTES;

    private static final int MAX_TOKEN_BYTES = 255;

    private final Crc32cProtection checksum = new Crc32cProtection();
    private @Nullable TransportParameters latest;

    /** What every handshake packet begins with. */
    public record Header(int type, int version, long destination, long source) {}

    /** A HELLO. Nobody compares two of them. */
    @SuppressWarnings("ArrayRecordComponent")
    public record Hello(byte[] random, int suite, byte[] token, TransportParameters parameters, boolean authentic) {}

    /** An ACCEPT. Nobody compares two of them. */
    @SuppressWarnings("ArrayRecordComponent")
    public record Accept(byte[] random, byte[] resetToken, TransportParameters parameters, boolean authentic) {}

    /** A REFUSE. */
    public record Refuse(long code, String reason) {}

    /**
     * The header of a handshake packet ({@link Wire#isHandshake}) whose checksum is right; the body is readable then.
     *
     * @throws WireException where it is corrupt
     */
    public Header readHeader(ByteBuf in) throws WireException {
        if (!checksum.isIntact(in)) {
            throw WireException.encoding("a handshake packet with a wrong checksum");
        }
        in.writerIndex(in.writerIndex() - Crc32cProtection.BYTES);
        in.skipBytes(1);
        int type = in.readUnsignedByte();
        in.skipBytes(2);
        int version = in.readInt();
        long destination = in.readLong();
        return new Header(type, version, destination, type == RESET ? 0 : in.readLong());
    }

    /** Writes a HELLO; with its padding it is 1,200 bytes. */
    public void writeHello(ByteBuf out, long source, Hello hello, KeySchedule keys) {
        int start = begin(out, HELLO, 0, source);
        out.writeBytes(hello.random());
        out.writeByte(hello.suite());
        out.writeByte(hello.token().length);
        out.writeBytes(hello.token());
        hello.parameters().write(out);
        writeMac(out, start, new byte[0], keys);
        out.writeZero(RudpConfig.MIN_DATAGRAM_BYTES - Crc32cProtection.BYTES - (out.writerIndex() - start));
        finish(out, start);
    }

    /** Reads the body of a HELLO; {@code start} is where its header begins. */
    public Hello readHello(ByteBuf in, int start, KeySchedule keys) throws WireException {
        byte[] random = bytes(in, KeySchedule.RANDOM_BYTES);
        int suite = bytes(in, 1)[0];
        byte[] token = bytes(in, bytes(in, 1)[0] & 0xFF);
        TransportParameters parameters = readParameters(in);
        boolean authentic =
                suite != KeySchedule.suiteCode(Suite.PSK_AES_128_GCM) || readMac(in, start, new byte[0], keys);
        return new Hello(random, suite, token, parameters, authentic);
    }

    /** Most peers tell the same, and each connection keeps what it was told. */
    private TransportParameters readParameters(ByteBuf in) throws WireException {
        TransportParameters read = TransportParameters.read(in);
        TransportParameters known = latest;
        if (known != null && known.equals(read)) {
            return known;
        }
        latest = read;
        return read;
    }

    /** Writes a RETRY. */
    public void writeRetry(ByteBuf out, long destination, byte[] token) {
        if (token.length > MAX_TOKEN_BYTES) {
            throw new IllegalArgumentException("token: " + token.length + " bytes (must be 255 or less)");
        }
        int start = begin(out, RETRY, destination, 0);
        out.writeByte(token.length);
        out.writeBytes(token);
        finish(out, start);
    }

    /** Reads the body of a RETRY. */
    public byte[] readRetry(ByteBuf in) throws WireException {
        return bytes(in, bytes(in, 1)[0] & 0xFF);
    }

    /** Writes an ACCEPT. */
    public void writeAccept(ByteBuf out, Header ids, Accept accept, byte[] clientRandom, KeySchedule keys) {
        int start = begin(out, ACCEPT, ids.destination(), ids.source());
        out.writeBytes(accept.random());
        out.writeBytes(accept.resetToken());
        accept.parameters().write(out);
        writeMac(out, start, clientRandom, keys);
        finish(out, start);
    }

    /** Reads the body of an ACCEPT; {@code start} is where its header begins. */
    public Accept readAccept(ByteBuf in, int start, byte[] clientRandom, KeySchedule keys) throws WireException {
        byte[] random = bytes(in, KeySchedule.RANDOM_BYTES);
        byte[] resetToken = bytes(in, RESET_TOKEN_BYTES);
        TransportParameters parameters = readParameters(in);
        return new Accept(random, resetToken, parameters, !keys.isKeyed() || readMac(in, start, clientRandom, keys));
    }

    /** Writes a VERSIONS. */
    public void writeVersions(ByteBuf out, long destination) {
        int start = begin(out, VERSIONS, destination, 0);
        out.setInt(start + 4, 0);
        out.writeByte(1);
        out.writeInt(Wire.VERSION);
        finish(out, start);
    }

    /** Whether a VERSIONS lists the version of this code. */
    public boolean readVersions(ByteBuf in) throws WireException {
        boolean ours = false;
        for (int left = bytes(in, 1)[0] & 0xFF; left > 0; left--) {
            if (in.readableBytes() < Integer.BYTES) {
                throw WireException.encoding("a list of versions is cut off");
            }
            ours |= in.readInt() == Wire.VERSION;
        }
        return ours;
    }

    /** Writes a REFUSE. */
    public void writeRefuse(ByteBuf out, long destination, Refuse refuse) {
        int start = begin(out, REFUSE, destination, 0);
        Varint.write(out, refuse.code());
        Frames.writeReason(out, refuse.reason());
        finish(out, start);
    }

    /** Reads the body of a REFUSE. */
    public Refuse readRefuse(ByteBuf in) throws WireException {
        long code = Varint.read(in);
        return new Refuse(code, Frames.readReason(in));
    }

    /** Writes a RESET. */
    public void writeReset(ByteBuf out, long connectionId, byte[] resetToken) {
        int start = begin(out, RESET, connectionId, 0);
        out.writerIndex(start + 16);
        out.writeBytes(resetToken);
        finish(out, start);
    }

    /** Reads the body of a RESET. */
    public byte[] readReset(ByteBuf in) throws WireException {
        return bytes(in, RESET_TOKEN_BYTES);
    }

    private static int begin(ByteBuf out, int type, long destination, long source) {
        int start = out.writerIndex();
        out.writeByte(Wire.HANDSHAKE_FORM);
        out.writeByte(type);
        out.writeShort(0);
        out.writeInt(Wire.VERSION);
        out.writeLong(destination);
        out.writeLong(source);
        return start;
    }

    private void finish(ByteBuf out, int start) {
        checksum.seal(out, start, 0);
    }

    /** The length field is not covered: it is filled in last, and the checksum and the fields' own lengths guard it. */
    private static byte[] covered(ByteBuf packet, int start, int end) {
        byte[] bytes = ByteBufUtil.getBytes(packet, start, end - start, true);
        Arrays.fill(bytes, 2, 4, (byte) 0);
        return bytes;
    }

    private static void writeMac(ByteBuf out, int start, byte[] prefix, KeySchedule keys) {
        if (keys.isKeyed()) {
            out.writeBytes(keys.authenticate(prefix, covered(out, start, out.writerIndex())));
        }
    }

    private static boolean readMac(ByteBuf in, int start, byte[] prefix, KeySchedule keys) throws WireException {
        byte[] covered = covered(in, start, in.readerIndex());
        byte[] mac = bytes(in, KeySchedule.MAC_BYTES);
        return keys.isKeyed() && keys.isAuthentic(mac, prefix, covered);
    }

    private static byte[] bytes(ByteBuf in, int length) throws WireException {
        if (in.readableBytes() < length) {
            throw WireException.encoding("a handshake packet is cut off");
        }
        byte[] bytes = new byte[length];
        in.readBytes(bytes);
        return bytes;
    }
}
