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
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
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
    /** Server: everything came, and its sum is not right; nothing of it is kept. */
    static final byte WRONG = 5;
    /** Server: why it does not take the file, in words; the end of the connection follows. */
    static final byte REFUSED = 6;

    private static final int SHA256_BYTES = 32;
    private static final int OFFER_BYTES = Long.BYTES + SHA256_BYTES;
    private static final String PART = ".part";
    /** Without the name: it goes to a terminal, and may hold anything. */
    private static final String NO_NAME = "that is no file name here";

    private static final int MOST_WAITING = 2 << 20;
    private static final AttributeKey<Reception> RECEPTION = AttributeKey.valueOf(RudpFileServer.class, "RECEPTION");

    private final Path directory;
    private final Executor disk;
    /** By their incomplete files. On the executor. */
    private final Map<Path, Reception> receptions = new HashMap<>();

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

    /** What went wrong, in words that also help a client. */
    private static String reason(Exception failure) {
        if (failure instanceof NoSuchFileException) {
            return "the directory is gone";
        }
        if (failure instanceof FileSystemException system && system.getReason() != null) {
            return system.getReason();
        }
        return failure instanceof AccessDeniedException ? "permission denied" : String.valueOf(failure.getMessage());
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
        private boolean isOver;

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
                        if (!isOver) {
                            handle(message);
                        }
                    } catch (IOException | RuntimeException failure) {
                        refuse(reason(failure));
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
            byte kind = message.isReadable() ? message.readByte() : 0;
            if (kind == OFFER && out == null && message.readableBytes() > OFFER_BYTES) {
                begin(message);
            } else if (kind == DATA && out != null) {
                message.readBytes(out, message.readableBytes());
                finishIfWhole(out);
            } else {
                throw new IOException("message " + kind + " is malformed or out of turn");
            }
        }

        private void begin(ByteBuf offer) throws IOException {
            size = offer.readLong();
            if (size < 0) {
                throw new IOException("a file of " + size + " bytes");
            }
            byte[] sum = new byte[SHA256_BYTES];
            offer.readBytes(sum);
            sha256 = HexFormat.of().formatHex(sum);
            whole = named(offer.toString(UTF_8));
            part = directory.resolve(whole.getFileName() + "." + sha256 + PART);
            // Two that write one file would spoil what was checked; the later one is a client that comes back after a
            // break.
            Reception earlier = receptions.put(part, this);
            if (earlier != null) {
                earlier.refuse("another connection sends the same file");
            }
            FileChannel file = FileChannel.open(
                    part,
                    StandardOpenOption.CREATE,
                    StandardOpenOption.READ,
                    StandardOpenOption.WRITE,
                    LinkOption.NOFOLLOW_LINKS);
            out = file;
            if (file.size() > size) {
                file.truncate(0);
            }
            file.position(file.size());
            answer(Unpooled.buffer().writeByte(HAVE).writeLong(file.size()));
            finishIfWhole(file);
        }

        /** A name is one step down, whatever the client says, and does not pass for somebody's incomplete file. */
        private Path named(String name) throws IOException {
            Path path;
            try {
                path = directory.resolve(name);
            } catch (InvalidPathException wrong) {
                throw new IOException(NO_NAME, wrong);
            }
            boolean isOneStep =
                    directory.equals(path.normalize().getParent()) && name.equals(String.valueOf(path.getFileName()));
            if (!isOneStep || name.endsWith(PART) || name.chars().anyMatch(Character::isISOControl)) {
                throw new IOException(NO_NAME);
            }
            if (Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
                throw new IOException("a directory has that name here");
            }
            return path;
        }

        private void finishIfWhole(FileChannel file) throws IOException {
            if (file.position() < size) {
                return;
            }
            boolean right = sha256.equals(sum(file));
            close();
            if (right) {
                Files.move(part, whole, StandardCopyOption.REPLACE_EXISTING);
            } else {
                Files.delete(part);
            }
            answer(Unpooled.buffer().writeByte(right ? RIGHT : WRONG));
        }

        /** What came is kept for the next attempt, at which the reason may be gone. */
        private void refuse(String why) {
            if (isOver) {
                return;
            }
            System.err.println("rudp-file: refused what " + channel.remoteAddress() + " sends: " + why);
            answer(Unpooled.buffer().writeByte(REFUSED).writeBytes(why.getBytes(UTF_8)));
            channel.close();
            closeQuietly();
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
                disk.execute(this::closeQuietly);
            } catch (RejectedExecutionException stopped) {
                // The program ends, and its files are closed with it.
            }
        }

        private void closeQuietly() {
            isOver = true;
            try {
                close();
            } catch (IOException failure) {
                System.err.println("rudp-file: cannot close " + part + ": " + reason(failure));
            }
        }

        private void close() throws IOException {
            receptions.remove(part, this);
            FileChannel open = out;
            if (open != null) {
                out = null;
                open.close();
            }
        }
    }
}
