package io.nettoolkit.examples;

import static java.util.Objects.requireNonNull;

import io.nettoolkit.examples.FileDigest.Result;
import io.nettoolkit.tcp.Connection;
import io.nettoolkit.tcp.FrameHandler;
import io.netty.buffer.ByteBuf;

/**
 * The demo's server: answers every file with its size and SHA-256.
 *
 * <p>The first byte of a frame says what it is. Files follow one another on a connection, so none needs a name.
 *
 * <pre>{@code
 * client                                     server
 *   DATA, up to 64 KiB of the file   ------->
 *   DATA, ...                        ------->
 *   END                              ------->
 *                                    <-------  size (8 bytes), SHA-256 (32 bytes)
 *   DISCARD (instead of END: the file could not be read to its end; no answer)
 * }</pre>
 */
class FileServer implements FrameHandler {

    static final byte DATA = 1;
    static final byte END = 2;
    static final byte DISCARD = 3;

    private static final int ANSWER_BYTES = Long.BYTES + 32;

    @Override
    public void onOpen(Connection connection) {
        connection.attach(new FileDigest());
    }

    @Override
    public void onFrame(Connection connection, ByteBuf frame) {
        FileDigest file = (FileDigest) requireNonNull(connection.attachment(), "set in onOpen");
        byte kind = frame.readByte();
        switch (kind) {
            case DATA -> file.update(frame);
            case END -> answer(connection, file.finish());
            case DISCARD -> file.finish();
            // Ends this connection with the exception as its reason, and no other.
            default -> throw new IllegalArgumentException("kind: " + kind + " (must be DATA, END or DISCARD)");
        }
    }

    void answer(Connection connection, Result result) {
        ByteBuf answer = connection.channel().alloc().buffer(ANSWER_BYTES);
        result.writeTo(answer);
        // Always released, and bounded by the write queue: a client that reads no answers is not read from either.
        connection.send(answer);
    }
}
