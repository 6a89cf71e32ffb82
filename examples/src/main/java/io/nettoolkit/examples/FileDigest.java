package io.nettoolkit.examples;

import io.netty.buffer.ByteBuf;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** Size and SHA-256 of one file after the other, fed piece by piece. For one thread. */
final class FileDigest {

    private static final int SHA256_BYTES = 32;

    private final MessageDigest sha256;
    private long bytes;

    FileDigest() {
        try {
            sha256 = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    /** Adds the readable bytes of a buffer and leaves its indexes as they are. */
    void update(ByteBuf piece) {
        bytes += piece.readableBytes();
        sha256.update(piece.nioBuffer());
    }

    /** The result for the file; the next one begins. */
    Result finish() {
        Result result = new Result(bytes, HexFormat.of().formatHex(sha256.digest()));
        bytes = 0;
        return result;
    }

    /** What there is to say about a file; equal for equal contents. */
    record Result(long bytes, String sha256) {

        static Result readFrom(ByteBuf answer) {
            long bytes = answer.readLong();
            byte[] sha256 = new byte[SHA256_BYTES];
            answer.readBytes(sha256);
            return new Result(bytes, HexFormat.of().formatHex(sha256));
        }

        void writeTo(ByteBuf answer) {
            answer.writeLong(bytes).writeBytes(HexFormat.of().parseHex(sha256));
        }

        @Override
        public String toString() {
            return bytes + " bytes, SHA-256 " + sha256;
        }
    }
}
