package io.nettoolkit.udp.internal.wire;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.nettoolkit.udp.RudpSecurity;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;

/**
 * Any bytes as a handshake packet whose checksum is right. See {@link FrameReaderFuzzTest} for how to look for new
 * inputs.
 */
class HandshakeFuzzTest {

    private final Handshake handshake = new Handshake();
    private final Crc32cProtection checksum = new Crc32cProtection();
    private final KeySchedule plain = new KeySchedule(RudpSecurity.plaintext());
    private final KeySchedule keyed = new KeySchedule(RudpSecurity.psk(new byte[16]));

    /** Only the declared failure comes out. */
    @FuzzTest(maxDuration = "11m")
    void readsAnyHandshakePacket(byte[] bytes) {
        ByteBuf in = Unpooled.buffer().writeByte(Wire.HANDSHAKE_FORM).writeBytes(bytes);
        if (in.readableBytes() < Wire.LONG_HEADER_BYTES) {
            in.writeZero(Wire.LONG_HEADER_BYTES - in.readableBytes());
        }
        checksum.seal(in, 0, 0);
        if (!Wire.isHandshake(in)) {
            return;
        }
        int end = in.writerIndex();
        for (KeySchedule keys : new KeySchedule[] {plain, keyed}) {
            try {
                readBody(handshake.readHeader(in.setIndex(0, end)), in, keys);
            } catch (WireException declared) {
                // As it may.
            }
        }
    }

    private void readBody(Handshake.Header header, ByteBuf in, KeySchedule keys) throws WireException {
        switch (header.type()) {
            case Handshake.HELLO -> handshake.readHello(in, 0, keys);
            case Handshake.RETRY -> handshake.readRetry(in);
            case Handshake.ACCEPT -> handshake.readAccept(in, 0, new byte[32], keys);
            case Handshake.VERSIONS -> handshake.readVersions(in);
            case Handshake.REFUSE -> handshake.readRefuse(in);
            case Handshake.RESET -> handshake.readReset(in);
            default -> {}
        }
    }
}
