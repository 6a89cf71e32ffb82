package io.nettoolkit.examples;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.nettoolkit.core.CloseReason;
import io.nettoolkit.udp.RudpChannel;
import io.nettoolkit.udp.RudpHandler;
import io.nettoolkit.udp.RudpMessage;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.util.AttributeKey;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.HexFormat;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * The receiving half of {@link RudpFile}. Files are written on another thread, because that blocks; while much waits for it,
 * the connection does not read, and so the client does not send.
 */
final class RudpFileServer implements RudpHandler {

    /** Client: size (8), SHA-256 (32), name. */
    static final byte OFFER = 1;
    /** Server: how many bytes it has (8). */
    static final byte HAVE = 2;
    /** Client: bytes. */
    static final byte DATA = 3;
    /** Server: everything came, and its sum is right. */
    static final byte RIGHT = 4;
    /** Server: everything came, and its sum is not right. */
    static final byte WRONG = 5;

    private static final int SHA256_BYTES = 32;
    private static final int MOST_WAITING = 2 << 20;
    private static final AttributeKey<Reception> RECEPTION = AttributeKey.valueOf(RudpFileServer.class, "RECEPTION");

    private final Path directory;
    private final Executor disk;

    /** The executor runs its tasks one after the other. */
    RudpFileServer(Path directory, Executor disk) {
        this.directory = directory.toAbsolutePath().normalize();
        this.disk = disk;
    }

    @Override
    public void onOpen(RudpChannel channel) {
        channel.attr(RECEPTION).set(new Reception(channel));
    }

    @Override
    public void onMessage(RudpChannel channel, RudpMessage message) {
        channel.attr(RECEPTION).get().take(message.content().retain());
    }

    @Override
    public void onClose(RudpChannel channel, CloseReason reason) {
        channel.attr(RECEPTION).get().end();
    }

    /** One file on its way in. Everything but {@link #take} and {@link #end} runs on the executor. */
    private final class Reception {

        private final RudpChannel channel;
        private final AtomicInteger waiting = new AtomicInteger();
        private @Nullable FileChannel out;
        private Path part = directory;
        private Path whole = directory;
        private String sha256 = "";
        private long size;

        Reception(RudpChannel channel) {
            this.channel = channel;
        }

        void take(ByteBuf message) {
            int bytes = message.readableBytes();
            if (waiting.addAndGet(bytes) > MOST_WAITING) {
                channel.config().setAutoRead(false);
            }
            try {
                disk.execute(() -> {
                    try {
                        handle(message);
                    } catch (IOException failure) {
                        channel.abort();
                        throw new UncheckedIOException(failure);
                    } finally {
                        message.release();
                        if (waiting.addAndGet(-bytes) <= MOST_WAITING / 2) {
                            channel.config().setAutoRead(true);
                        }
                    }
                });
            } catch (RejectedExecutionException stopped) {
                message.release();
            }
        }

        private void handle(ByteBuf message) throws IOException {
            byte kind = message.readByte();
            if (kind == OFFER && out == null) {
                begin(message);
            } else if (kind == DATA && out != null) {
                message.readBytes(out, message.readableBytes());
                finishIfWhole(out);
            } else {
                throw new IOException("message " + kind + " out of turn");
            }
        }

        private void begin(ByteBuf offer) throws IOException {
            size = offer.readLong();
            byte[] sum = new byte[SHA256_BYTES];
            offer.readBytes(sum);
            sha256 = HexFormat.of().formatHex(sum);
            String name = offer.toString(UTF_8);
            whole = directory.resolve(name).normalize();
            // A name is one step down, whatever the client says.
            if (name.isEmpty() || !directory.equals(whole.getParent())) {
                throw new IOException("\"" + name + "\" is no file name");
            }
            part = directory.resolve(name + "." + sha256 + ".part");
            FileChannel file = FileChannel.open(
                    part, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
            out = file;
            if (file.size() > size) {
                file.truncate(0);
            }
            file.position(file.size());
            answer(Unpooled.buffer().writeByte(HAVE).writeLong(file.size()));
            finishIfWhole(file);
        }

        private void finishIfWhole(FileChannel file) throws IOException {
            if (file.position() < size) {
                return;
            }
            boolean right = sha256.equals(sum(file));
            file.close();
            out = null;
            if (right) {
                Files.move(part, whole, StandardCopyOption.REPLACE_EXISTING);
            } else {
                Files.delete(part);
            }
            answer(Unpooled.buffer().writeByte(right ? RIGHT : WRONG));
        }

        private String sum(FileChannel file) throws IOException {
            FileDigest digest = new FileDigest();
            ByteBuf buffer = Unpooled.buffer(1 << 16);
            file.position(0);
            while (buffer.clear().writeBytes(file, 1 << 16) > 0) {
                digest.update(buffer);
            }
            return digest.finish().sha256();
        }

        private void answer(ByteBuf content) {
            channel.send(RudpMessage.of(content));
        }

        /** What came is kept for the next attempt. */
        void end() {
            try {
                disk.execute(() -> {
                    try {
                        if (out != null) {
                            out.close();
                        }
                    } catch (IOException failure) {
                        throw new UncheckedIOException(failure);
                    }
                });
            } catch (RejectedExecutionException stopped) {
                // The program ends, and its files are closed with it.
            }
        }
    }
}
