package io.nettoolkit.udp.internal.wire;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.util.concurrent.FastThreadLocal;
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
    /** Where packets are while they are worked on; none is for longer than a call, or until its frames are read. */
    private static final FastThreadLocal<Scratch> SCRATCH = new FastThreadLocal<>() {
        @Override
        protected Scratch initialValue() {
            return new Scratch();
        }
    };

    private static final class Scratch {
        byte[] input = new byte[2048];
        byte[] output = new byte[2048];
        ByteBuf opened = Unpooled.wrappedBuffer(output);
        final byte[] header = new byte[Wire.HEADER_BYTES];
        final byte[] nonce = new byte[NONCE_BYTES];

        byte[] header(ByteBuf packet, int start) {
            packet.getBytes(start, header);
            return header;
        }

        void ensure(int bytes) {
            if (input.length < bytes) {
                int size = Integer.highestOneBit(bytes) * 2;
                input = new byte[size];
                output = new byte[size];
                opened = Unpooled.wrappedBuffer(output);
            }
        }
    }

    private final Direction sending;
    private final Direction receiving;

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
        Scratch scratch = SCRATCH.get();
        scratch.ensure(bytes + TAG_BYTES);
        out.getBytes(frames, scratch.input, 0, bytes);
        try {
            Cipher cipher = sending.begin(Cipher.ENCRYPT_MODE, packetNumber, scratch, out, start);
            int sealed = cipher.doFinal(scratch.input, 0, bytes, scratch.output, 0);
            out.writerIndex(frames);
            out.writeBytes(scratch.output, 0, sealed);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("AES-GCM refused to encrypt " + bytes + " bytes", e);
        }
    }

    @Override
    @Nullable
    ByteBuf unprotect(ByteBuf datagram, long packetNumber) {
        int start = datagram.readerIndex();
        int bytes = datagram.readableBytes() - Wire.HEADER_BYTES;
        Scratch scratch = SCRATCH.get();
        scratch.ensure(bytes);
        datagram.getBytes(start + Wire.HEADER_BYTES, scratch.input, 0, bytes);
        try {
            Cipher cipher = receiving.begin(Cipher.DECRYPT_MODE, packetNumber, scratch, datagram, start);
            int length = cipher.doFinal(scratch.input, 0, bytes, scratch.output, 0);
            return scratch.opened.setIndex(0, length);
        } catch (GeneralSecurityException forged) {
            return null;
        }
    }

    @Override
    public void trim() {
        sending.cipher = null;
        receiving.cipher = null;
    }

    /** One direction's key. */
    static final class Direction {
        private final SecretKeySpec key;
        private final byte[] iv;
        private @Nullable Cipher cipher;

        Direction(byte[] key, byte[] iv) {
            this.key = new SecretKeySpec(key, "AES");
            this.iv = Arrays.copyOf(iv, NONCE_BYTES);
        }

        private Cipher begin(int mode, long packetNumber, Scratch scratch, ByteBuf packet, int start)
                throws GeneralSecurityException {
            Cipher begun = cipher;
            if (begun == null) {
                begun = Cipher.getInstance("AES/GCM/NoPadding");
                cipher = begun;
            }
            byte[] nonce = scratch.nonce;
            ByteBuffer.wrap(nonce).put(iv).putLong(4, ByteBuffer.wrap(iv).getLong(4) ^ packetNumber);
            begun.init(mode, key, new GCMParameterSpec(TAG_BYTES * 8, nonce));
            begun.updateAAD(scratch.header(packet, start));
            return begun;
        }
    }
}
