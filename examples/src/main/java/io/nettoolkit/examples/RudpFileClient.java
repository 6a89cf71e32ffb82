package io.nettoolkit.examples;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.nettoolkit.core.CloseReason;
import io.nettoolkit.examples.FileDigest.Result;
import io.nettoolkit.udp.RudpChannel;
import io.nettoolkit.udp.RudpHandler;
import io.nettoolkit.udp.RudpMessage;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HexFormat;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedTransferQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.LongConsumer;

/**
 * The sending half of {@link RudpFile}, for one file. The calling thread reads the file and waits where the connection
 * takes no more; the event loop only tells it that it does again.
 */
final class RudpFileClient implements RudpHandler, AutoCloseable {

    private static final int PIECE_BYTES = 32 << 10;
    private static final int PATIENCE_SECONDS = 60;

    private final FileChannel in;
    private final String name;
    private final Result sum;
    /** A message of the server's, a wake-up, or the end: whatever the loop has to say. */
    private final BlockingQueue<Object> events = new LinkedTransferQueue<>();

    private enum Event {
        WRITABILITY
    }

    private record Refusal(String reason) {}

    private RudpFileClient(FileChannel in, String name, Result sum) {
        this.in = in;
        this.name = name;
        this.sum = sum;
    }

    /** Reads the file once, for its sum. */
    static RudpFileClient offer(Path file) throws IOException {
        if (!Files.isRegularFile(file)) {
            throw new IOException(file + (Files.exists(file) ? " is not a file" : " does not exist"));
        }
        String name = String.valueOf(file.getFileName());
        FileChannel in;
        try {
            in = FileChannel.open(file, StandardOpenOption.READ);
        } catch (AccessDeniedException refused) {
            throw new IOException(file + " cannot be read: permission denied", refused);
        }
        FileDigest digest = new FileDigest();
        ByteBuf buffer = Unpooled.buffer(PIECE_BYTES);
        while (buffer.clear().writeBytes(in, PIECE_BYTES) > 0) {
            digest.update(buffer);
        }
        return new RudpFileClient(in, name, digest.finish());
    }

    long size() {
        return sum.bytes();
    }

    @Override
    public void onMessage(RudpChannel channel, RudpMessage message) {
        ByteBuf content = message.content();
        byte kind = content.readByte();
        Object event = switch (kind) {
            case RudpFileServer.HAVE -> content.readLong();
            case RudpFileServer.RIGHT -> true;
            case RudpFileServer.WRONG -> false;
            case RudpFileServer.REFUSED -> new Refusal(content.toString(UTF_8));
            default -> new Refusal("an answer of a kind that is not known here: " + kind);
        };
        events.add(event);
    }

    @Override
    public void onWritabilityChanged(RudpChannel channel) {
        events.add(Event.WRITABILITY);
    }

    @Override
    public void onClose(RudpChannel channel, CloseReason reason) {
        events.add(reason);
    }

    /** Offers the file; answers how much of it the server has. */
    long awaitOffset(RudpChannel channel) throws IOException, InterruptedException {
        ByteBuf offer = Unpooled.buffer();
        offer.writeByte(RudpFileServer.OFFER).writeLong(sum.bytes());
        offer.writeBytes(HexFormat.of().parseHex(sum.sha256())).writeCharSequence(name, UTF_8);
        channel.send(RudpMessage.of(offer));
        long offset = await(Long.class);
        if (offset < 0 || offset > sum.bytes()) {
            throw new IOException("the server claims to have " + offset + " of " + sum.bytes() + " bytes");
        }
        return offset;
    }

    /** Sends from there on, or until so many bytes are sent; answers where it stopped. */
    long sendFrom(RudpChannel channel, long offset, long end, LongConsumer progress)
            throws IOException, InterruptedException {
        in.position(offset);
        long sent = offset;
        while (sent < Math.min(end, sum.bytes())) {
            ByteBuf piece =
                    ByteBufAllocator.DEFAULT.directBuffer(1 + PIECE_BYTES).writeByte(RudpFileServer.DATA);
            int read = piece.writeBytes(in, (int) Math.min(PIECE_BYTES, sum.bytes() - sent));
            if (read <= 0) {
                piece.release();
                throw new IOException(name + " became shorter while it was sent");
            }
            put(channel, RudpMessage.of(piece));
            sent += read;
            progress.accept(sent);
        }
        return sent;
    }

    private void put(RudpChannel channel, RudpMessage piece) throws IOException, InterruptedException {
        boolean taken = channel.trySend(piece);
        try {
            while (!taken) {
                await(Event.class);
                taken = channel.trySend(piece);
            }
        } finally {
            if (!taken) {
                piece.release();
            }
        }
    }

    /** The server has all of it and says whether the sum is right. */
    void awaitVerdict() throws IOException, InterruptedException {
        if (!await(Boolean.class)) {
            throw new IOException("the server computed another SHA-256 for " + name
                    + " and dropped what it had of it; run it again to send all of it");
        }
    }

    private <T> T await(Class<T> kind) throws IOException, InterruptedException {
        while (true) {
            Object event = events.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
            if (event == null) {
                throw new IOException("the server said nothing for " + PATIENCE_SECONDS + " s");
            }
            if (event instanceof Refusal refusal) {
                throw new IOException("the server refused " + name + ": " + refusal.reason());
            }
            if (event instanceof CloseReason reason) {
                throw new IOException("the connection ended: " + reason + "; run it again to resume");
            }
            if (kind.isInstance(event)) {
                return kind.cast(event);
            }
        }
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
