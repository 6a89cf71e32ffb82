package io.nettoolkit.examples;

import static java.util.Objects.requireNonNull;

import io.nettoolkit.core.CloseReason;
import io.nettoolkit.examples.FileDigest.Result;
import io.nettoolkit.tcp.Connection;
import io.nettoolkit.tcp.FrameHandler;
import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedTransferQueue;
import java.util.concurrent.TimeUnit;

/**
 * The demo's client: each connection sends the next file of the queue, checks the answer, and goes on.
 *
 * <p>Files are read on the executor's threads, one for each connection, because reading a file blocks and an event loop
 * must not. Such a thread holds one piece of a file at a time; when the connection's write queue is full it waits for
 * {@link #onWritable}, so a slow network slows the reading down instead of filling the memory.
 */
final class FileClient implements FrameHandler {

    /** Bytes of a file in one frame. */
    static final int PIECE_BYTES = 64 << 10;

    /** How long the server may do nothing. */
    private static final int PATIENCE_SECONDS = 30;

    private final Queue<Path> files;
    private final Executor readers;
    private final FileReport report;

    FileClient(Queue<Path> files, Executor readers, FileReport report) {
        this.files = files;
        this.readers = readers;
        this.report = report;
    }

    @Override
    public void onOpen(Connection connection) {
        Sender sender = new Sender(connection);
        connection.attach(sender);
        readers.execute(sender);
    }

    @Override
    public void onFrame(Connection connection, ByteBuf frame) {
        tell(connection, new Answered(Result.readFrom(frame)));
    }

    @Override
    public void onWritable(Connection connection) {
        tell(connection, new Writable());
    }

    @Override
    public void onClose(Connection connection, CloseReason reason) {
        tell(connection, new Closed(reason));
    }

    private static void tell(Connection connection, Event event) {
        ((Sender) requireNonNull(connection.attachment(), "set in onOpen")).events.add(event);
    }

    /** What the event loop tells the thread that reads files. */
    private sealed interface Event {}

    private record Answered(Result result) implements Event {}

    private record Writable() implements Event {}

    private record Closed(CloseReason reason) implements Event {}

    /** Sends files over one connection, until there are no more. */
    private final class Sender implements Runnable {

        private final Connection connection;
        private final BlockingQueue<Event> events = new LinkedTransferQueue<>();

        Sender(Connection connection) {
            this.connection = connection;
        }

        @Override
        public void run() {
            Path file;
            while ((file = files.poll()) != null) {
                try {
                    send(file);
                } catch (ConnectionLost lost) {
                    report.failed(file, lost.why);
                    connection.abort();
                    return;
                } catch (InterruptedException stopped) {
                    report.failed(file, "interrupted");
                    return;
                }
            }
        }

        private void send(Path file) throws ConnectionLost, InterruptedException {
            long start = report.nanoTime();
            FileDigest digest = new FileDigest();
            boolean changed;
            try (FileChannel in = FileChannel.open(file, StandardOpenOption.READ)) {
                BasicFileAttributes before = Files.readAttributes(file, BasicFileAttributes.class);
                sendPieces(in, digest);
                changed = !isUnchanged(file, before);
            } catch (NoSuchFileException gone) {
                put(frame(FileServer.DISCARD, 0));
                report.changed(file, "deleted before it could be sent");
                return;
            } catch (IOException unreadable) {
                put(frame(FileServer.DISCARD, 0));
                report.failed(file, FileReport.reason(unreadable));
                return;
            }
            put(frame(FileServer.END, 0));
            Result sent = digest.finish();
            report.answered(file, start, sent, awaitAnswer());
            if (changed) {
                report.changed(file, "changed while it was sent; what was sent is what was checked");
            }
        }

        private void sendPieces(FileChannel in, FileDigest digest)
                throws IOException, ConnectionLost, InterruptedException {
            while (true) {
                ByteBuf piece = frame(FileServer.DATA, PIECE_BYTES);
                int read;
                try {
                    read = piece.writeBytes(in, PIECE_BYTES);
                    if (read > 0) {
                        digest.update(piece.slice(1, read));
                    }
                } catch (IOException | RuntimeException e) {
                    piece.release();
                    throw e;
                }
                if (read <= 0) {
                    piece.release();
                    return;
                }
                put(piece);
                report.sent(read);
            }
        }

        private ByteBuf frame(byte kind, int room) {
            return connection.channel().alloc().directBuffer(1 + room).writeByte(kind);
        }

        /** Hands a frame over, as soon as the write queue has room for it. */
        private void put(ByteBuf frame) throws ConnectionLost, InterruptedException {
            boolean taken = false;
            try {
                taken = connection.trySend(frame);
                while (!taken) {
                    if (next("the server took nothing") instanceof Answered) {
                        throw new ConnectionLost("an answer came before the end of the file was sent");
                    }
                    taken = connection.trySend(frame);
                }
            } finally {
                if (!taken) {
                    frame.release();
                }
            }
        }

        private Result awaitAnswer() throws ConnectionLost, InterruptedException {
            while (true) {
                if (next("no answer") instanceof Answered answer) {
                    return answer.result();
                }
            }
        }

        private Event next(String failure) throws ConnectionLost, InterruptedException {
            Event event = events.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
            if (event == null) {
                throw new ConnectionLost(failure + " for " + PATIENCE_SECONDS + " s");
            }
            if (event instanceof Closed closed) {
                throw new ConnectionLost("the connection was lost: " + closed.reason());
            }
            return event;
        }
    }

    private static boolean isUnchanged(Path file, BasicFileAttributes before) {
        try {
            BasicFileAttributes after = Files.readAttributes(file, BasicFileAttributes.class);
            return after.size() == before.size() && after.lastModifiedTime().equals(before.lastModifiedTime());
        } catch (IOException gone) {
            return false;
        }
    }

    /** No file can be sent over this connection any more. */
    private static final class ConnectionLost extends Exception {
        private static final long serialVersionUID = 1;

        private final String why;

        ConnectionLost(String why) {
            super(why);
            this.why = why;
        }
    }
}
