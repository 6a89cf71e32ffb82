package io.nettoolkit.resilience.internal.limit;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/*
 * SipHash-1-3: a keyed hash of 64 bits. Whoever does not know the key cannot find two inputs of one hash any faster than by
 * chance, which is why hash tables of several languages use it against attacks on them. Text is hashed as its UTF-16 code
 * units in little-endian order, so that it need not be encoded.
 *
 * Source: Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012; 1 and 3 rounds as in Rust and Ruby.
 */
/**
 * The seeded hash of the keys that the toolkit knows itself. Allocates nothing, but for the copy that the JDK makes of an IPv6
 * address.
 *
 * <p>Threading: immutable.
 */
final class KeyHash {

    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle BIG_ENDIAN_INTS =
            MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);
    private static final int FINAL_ROUNDS = 3;

    /**
     * Whether an IPv4 address's hash code is its 32 bits, as in OpenJDK: the one way to read them without a copy, which the
     * compiler does not always leave out. Nothing but the address is in them and nothing of it is lost.
     */
    private static final boolean HASH_IS_ADDRESS = hashIsAddress(0) && hashIsAddress(0x01020304) && hashIsAddress(-2);

    private final long key0;
    private final long key1;

    KeyHash(long key0, long key1) {
        this.key0 = key0;
        this.key1 = key1;
    }

    private static boolean hashIsAddress(int bits) {
        byte[] bytes = new byte[Integer.BYTES];
        BIG_ENDIAN_INTS.set(bytes, 0, bits);
        try {
            return InetAddress.getByAddress(bytes).hashCode() == bits;
        } catch (UnknownHostException notFourBytes) {
            return false;
        }
    }

    /** A {@code byte[]}, an {@link InetAddress} (without its scope) or a {@link CharSequence}. */
    long of(Object key) {
        if (key instanceof String text) {
            return ofText(text);
        }
        if (key instanceof InetAddress address) {
            return ofAddress(address);
        }
        if (key instanceof byte[] bytes) {
            return ofBytes(bytes);
        }
        if (key instanceof CharSequence text) {
            return ofText(text);
        }
        throw new IllegalArgumentException("key: of " + key.getClass().getName()
                + " (must be a CharSequence, an InetAddress or a byte[], or else the builder needs a hash)");
    }

    /** Spreads what a user's function answered; different numbers stay different. */
    long ofNumber(long number) {
        long mixed = number ^ key0;
        mixed = (mixed ^ mixed >>> 30) * 0xbf58476d1ce4e5b9L;
        mixed = (mixed ^ mixed >>> 27) * 0x94d049bb133111ebL;
        return mixed ^ mixed >>> 31 ^ key1;
    }

    private long ofAddress(InetAddress address) {
        if (!(address instanceof Inet4Address ip4)) {
            return ofBytes(address.getAddress());
        }
        int bits = HASH_IS_ADDRESS ? ip4.hashCode() : (int) BIG_ENDIAN_INTS.get(ip4.getAddress(), 0);
        return sip(null, 0, Integer.toUnsignedLong(Integer.reverseBytes(bits)) | 4L << 56);
    }

    private long ofBytes(byte[] bytes) {
        int words = bytes.length >>> 3;
        long last = (long) bytes.length << 56;
        for (int i = words << 3, shift = 0; i < bytes.length; i++, shift += Byte.SIZE) {
            last |= (bytes[i] & 0xffL) << shift;
        }
        return sip(bytes, words, last);
    }

    private long ofText(CharSequence text) {
        int length = text.length();
        int words = length >>> 2;
        long last = ((long) length * Character.BYTES) << 56;
        for (int i = words << 2, shift = 0; i < length; i++, shift += Character.SIZE) {
            last |= (long) text.charAt(i) << shift;
        }
        return sip(text, words, last);
    }

    private static long word(@Nullable Object key, int word) {
        if (key instanceof byte[] bytes) {
            return (long) LONGS.get(bytes, word << 3);
        }
        if (key instanceof CharSequence text) {
            int i = word << 2;
            return text.charAt(i)
                    | (long) text.charAt(i + 1) << 16
                    | (long) text.charAt(i + 2) << 32
                    | (long) text.charAt(i + 3) << 48;
        }
        return 0;
    }

    /** The words of the key, the last one (what is left of it, and its length), and the final rounds in one loop. */
    private long sip(@Nullable Object key, int words, long last) {
        long v0 = key0 ^ 0x736f6d6570736575L;
        long v1 = key1 ^ 0x646f72616e646f6dL;
        long v2 = key0 ^ 0x6c7967656e657261L;
        long v3 = key1 ^ 0x7465646279746573L;
        int rounds = words + 1 + FINAL_ROUNDS;
        for (int i = 0; i < rounds; i++) {
            long word = i < words ? word(key, i) : i == words ? last : 0;
            if (i == words + 1) {
                v2 ^= 0xff;
            }
            v3 ^= word;
            v0 += v1;
            v2 += v3;
            v1 = Long.rotateLeft(v1, 13) ^ v0;
            v3 = Long.rotateLeft(v3, 16) ^ v2;
            v0 = Long.rotateLeft(v0, 32);
            v2 += v1;
            v0 += v3;
            v1 = Long.rotateLeft(v1, 17) ^ v2;
            v3 = Long.rotateLeft(v3, 21) ^ v0;
            v2 = Long.rotateLeft(v2, 32);
            v0 ^= word;
        }
        return v0 ^ v1 ^ v2 ^ v3;
    }
}
