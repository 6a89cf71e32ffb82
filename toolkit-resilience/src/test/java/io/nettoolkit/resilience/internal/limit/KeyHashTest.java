package io.nettoolkit.resilience.internal.limit;

import static java.nio.charset.StandardCharsets.UTF_16LE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.nio.CharBuffer;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class KeyHashTest {

    private final KeyHash hash = new KeyHash(0x0706050403020100L, 0x0f0e0d0c0b0a0908L);

    /** An independent rendering of the paper, one step per line. */
    private static long sipHash13(byte[] input, long key0, long key1) {
        long[] v = {
            key0 ^ 0x736f6d6570736575L,
            key1 ^ 0x646f72616e646f6dL,
            key0 ^ 0x6c7967656e657261L,
            key1 ^ 0x7465646279746573L
        };
        int blocks = input.length / 8;
        for (int block = 0; block <= blocks; block++) {
            long m = 0;
            for (int i = 0; i < 8 && block * 8 + i < input.length; i++) {
                m |= (input[block * 8 + i] & 0xffL) << (8 * i);
            }
            if (block == blocks) {
                m |= (long) input.length << 56;
            }
            v[3] ^= m;
            round(v);
            v[0] ^= m;
        }
        v[2] ^= 0xff;
        round(v);
        round(v);
        round(v);
        return v[0] ^ v[1] ^ v[2] ^ v[3];
    }

    private static void round(long[] v) {
        v[0] += v[1];
        v[1] = Long.rotateLeft(v[1], 13);
        v[1] ^= v[0];
        v[0] = Long.rotateLeft(v[0], 32);
        v[2] += v[3];
        v[3] = Long.rotateLeft(v[3], 16);
        v[3] ^= v[2];
        v[0] += v[3];
        v[3] = Long.rotateLeft(v[3], 21);
        v[3] ^= v[0];
        v[2] += v[1];
        v[1] = Long.rotateLeft(v[1], 17);
        v[1] ^= v[2];
        v[2] = Long.rotateLeft(v[2], 32);
    }

    @Test
    void bytesAreHashedAsThePaperSays() {
        byte[] input = new byte[64];
        for (int length = 0; length < input.length; length++) {
            input[length] = (byte) (length * 37);
            byte[] part = Arrays.copyOf(input, length);
            assertThat(hash.of(part)).isEqualTo(sipHash13(part, 0x0706050403020100L, 0x0f0e0d0c0b0a0908L));
        }
    }

    @Test
    void textIsItsUtf16Bytes() {
        String text = "";
        for (int length = 0; length < 40; length++) {
            assertThat(hash.of(text)).isEqualTo(hash.of(text.getBytes(UTF_16LE)));
            assertThat(hash.of(CharBuffer.wrap(text))).isEqualTo(hash.of(text));
            text += (char) ('\u00e9' + 811 * length);
        }
    }

    @Test
    void anAddressIsItsBytes() throws Exception {
        InetAddress four = InetAddress.getByAddress(new byte[] {(byte) 192, 0, 2, (byte) 200});
        InetAddress six =
                Inet6Address.getByAddress(null, new byte[] {32, 1, 13, -72, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 3);

        assertThat(hash.of(four)).isEqualTo(hash.of(four.getAddress()));
        assertThat(hash.of(six)).isEqualTo(hash.of(six.getAddress()));
    }

    @Test
    void anotherSeedGivesOtherHashes() {
        KeyHash other = new KeyHash(0x0706050403020101L, 0x0f0e0d0c0b0a0908L);

        assertThat(other.of("client")).isNotEqualTo(hash.of("client"));
        assertThat(other.ofNumber(7)).isNotEqualTo(hash.ofNumber(7));
    }

    @Test
    void numbersStayDifferent() {
        Set<Long> seen = new HashSet<>();
        for (long number = -50_000; number < 50_000; number++) {
            seen.add(hash.ofNumber(number));
            seen.add(hash.ofNumber(number << 40 | 1L << 39));
        }
        assertThat(seen).hasSize(200_000);
    }

    @Test
    void anUnknownTypeIsNamed() {
        assertThatThrownBy(() -> hash.of(17))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("key: of java.lang.Integer (must be");
    }
}
