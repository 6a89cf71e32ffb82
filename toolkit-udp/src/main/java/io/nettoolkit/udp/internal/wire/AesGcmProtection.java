package io.nettoolkit.udp.internal.wire;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * AES-128-GCM: the frames are encrypted, and the header authenticated with them; the last 16 bytes are the tag.
 *
 * <p>The nonce is the direction's 12-byte IV with the packet number xored into its last 8 bytes (as RFC 9001 §5.3). It
 * never repeats under a key, because keys belong to one connection and direction and packet numbers are used once.
 */
public final class AesGcmProtection extends PacketProtection {

    /** Bytes of the tag. */
    public static final int TAG_BYTES = 16;

    private static final int NONCE_BYTES = 12;
    private static final byte[] NOTHING = {};

    private final Direction sending;
    private final Direction receiving;
    private byte[] input = NOTHING;
    private byte[] output = NOTHING;
    private ByteBuf opened = Unpooled.EMPTY_BUFFER;

    AesGcmProtection(Direction sending, Direction receiving) {
        this.sending = sending;
        this.receiving = receiving;
    }

    @Override
    public int overheadBytes() {
        return TAG_BYTES;
    }

    @Override
    void protect(ByteBuf out, int start, long packetNumber) {
        int frames = start + Wire.HEADER_BYTES;
        int bytes = out.writerIndex() - frames;
        ensureScratch(bytes + TAG_BYTES);
        out.getBytes(frames, input, 0, bytes);
        try {
            Cipher cipher = sending.begin(Cipher.ENCRYPT_MODE, packetNumber, header(out, start));
            int sealed = cipher.doFinal(input, 0, bytes, output, 0);
            out.writerIndex(frames);
            out.writeBytes(output, 0, sealed);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("AES-GCM refused to encrypt " + bytes + " bytes", e);
        }
    }

    @Override
    @Nullable
    ByteBuf unprotect(ByteBuf datagram, long packetNumber) {
        int start = datagram.readerIndex();
        int bytes = datagram.readableBytes() - Wire.HEADER_BYTES;
        ensureScratch(bytes);
        datagram.getBytes(start + Wire.HEADER_BYTES, input, 0, bytes);
        try {
            Cipher cipher = receiving.begin(Cipher.DECRYPT_MODE, packetNumber, header(datagram, start));
            int length = cipher.doFinal(input, 0, bytes, output, 0);
            return opened.setIndex(0, length);
        } catch (GeneralSecurityException forged) {
            return null;
        }
    }

    private byte[] header(ByteBuf packet, int start) {
        packet.getBytes(start, sending.header);
        return sending.header;
    }

    private void ensureScratch(int bytes) {
        if (input.length < bytes) {
            int size = Math.max(2048, Integer.highestOneBit(bytes) * 2);
            input = new byte[size];
            output = new byte[size];
            opened = Unpooled.wrappedBuffer(output);
        }
    }

    /** One direction's key. */
    static final class Direction {
        private final SecretKeySpec key;
        private final byte[] iv;
        private final byte[] nonce = new byte[NONCE_BYTES];
        private final byte[] header = new byte[Wire.HEADER_BYTES];
        private final Cipher cipher;

        Direction(byte[] key, byte[] iv) {
            this.key = new SecretKeySpec(key, "AES");
            this.iv = Arrays.copyOf(iv, NONCE_BYTES);
            try {
                cipher = Cipher.getInstance("AES/GCM/NoPadding");
            } catch (GeneralSecurityException e) {
                throw new IllegalStateException("this runtime has no AES/GCM/NoPadding", e);
            }
        }

        private Cipher begin(int mode, long packetNumber, byte[] header) throws GeneralSecurityException {
            ByteBuffer.wrap(nonce).put(iv).putLong(4, ByteBuffer.wrap(iv).getLong(4) ^ packetNumber);
            cipher.init(mode, key, new GCMParameterSpec(TAG_BYTES * 8, nonce));
            cipher.updateAAD(header);
            return cipher;
        }
    }
}
