package io.nettoolkit.udp.internal.wire;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.udp.RudpSecurity;
import io.nettoolkit.udp.internal.wire.KeySchedule.Side;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class ProtectionTest {

    private static final byte[] KEY = ByteBufUtil.decodeHexDump("000102030405060708090a0b0c0d0e0f");
    private static final byte[] CLIENT = new byte[32];
    private static final byte[] SERVER = new byte[32];

    static {
        Arrays.fill(CLIENT, (byte) 0xC1);
        Arrays.fill(SERVER, (byte) 0x5E);
    }

    private static ByteBuf packet(PacketProtection protection, long number) {
        ByteBuf out = Unpooled.buffer();
        Wire.writeHeader(out, 0x0123456789abcdefL, number);
        Frames.writeClose(out, 0, "bye");
        protection.seal(out, 0, number);
        return out;
    }

    private static PacketProtection keyed(Side side) {
        return new KeySchedule(RudpSecurity.psk(KEY)).protection(side, CLIENT, SERVER);
    }

    @Test
    void derivesKeysAsRfc5869Says() {
        // RFC 5869 appendix A.1: salt, secret and the pseudo-random key that comes of them.
        byte[] salt = ByteBufUtil.decodeHexDump("000102030405060708090a0b0c");
        byte[] secret = ByteBufUtil.decodeHexDump("0b".repeat(22));
        assertThat(ByteBufUtil.hexDump(KeySchedule.extract(salt, secret)))
                .isEqualTo("077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5");
    }

    @Test
    void checksWithCrc32c() {
        Crc32cProtection crc = new Crc32cProtection();
        assertThat(crc.of(Unpooled.copiedBuffer("123456789", US_ASCII), 0, 9)).isEqualTo(0xE3069283);
        ByteBuf direct = Unpooled.directBuffer(9).writeBytes("123456789".getBytes(US_ASCII));
        assertThat(crc.of(direct, 0, 9)).isEqualTo(0xE3069283);
        direct.release();
        assertOpensOnlyWhatWasSealed(crc, new Crc32cProtection(), 4);
    }

    @Test
    void opensWithTheKeyOfTheOtherSideAlone() {
        assertOpensOnlyWhatWasSealed(keyed(Side.CLIENT), keyed(Side.SERVER), 16);
        assertThat(keyed(Side.CLIENT).open(packet(keyed(Side.CLIENT), 7), 7))
                .as("its own")
                .isNull();
        assertThat(keyed(Side.SERVER).open(packet(keyed(Side.CLIENT), 7), 8))
                .as("another number")
                .isNull();
        PacketProtection other =
                new KeySchedule(RudpSecurity.psk(new byte[16])).protection(Side.SERVER, CLIENT, SERVER);
        assertThat(other.open(packet(keyed(Side.CLIENT), 7), 7))
                .as("another key")
                .isNull();
    }

    @Test
    void sealsTheSameBytesForEver() {
        assertThat(ByteBufUtil.hexDump(packet(new Crc32cProtection(), 7)))
                .isEqualTo("4001001a0123456789abcdef000000072a00036279650a63b0fc");
        assertThat(ByteBufUtil.hexDump(packet(keyed(Side.CLIENT), 7)))
                .isEqualTo("400100260123456789abcdef00000007606ddc7ec1912329fc603ad85c6faeaa2e4e66778b48");
    }

    private static void assertOpensOnlyWhatWasSealed(PacketProtection sender, PacketProtection receiver, int overhead) {
        ByteBuf sealed = packet(sender, 7);
        int length = sealed.readableBytes();
        assertThat(length).isEqualTo(16 + 6 + overhead);
        assertThat(Wire.isData(sealed)).isTrue();
        ByteBuf frames = receiver.open(sealed.copy(), 7);
        assertThat(frames).isNotNull();
        assertThat(ByteBufUtil.hexDump(frames)).isEqualTo("2a0003627965");
        for (int bit = 0; bit < length * 8; bit++) {
            ByteBuf altered = sealed.copy();
            altered.setByte(bit / 8, altered.getByte(bit / 8) ^ (1 << bit % 8));
            assertThat(receiver.open(altered, 7)).as("bit %s flipped", bit).isNull();
        }
        assertThat(receiver.open(sealed.copy(0, 16), 7)).as("a header alone").isNull();
    }
}
