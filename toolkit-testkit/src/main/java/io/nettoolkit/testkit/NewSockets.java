package io.nettoolkit.testkit;

import io.netty.util.concurrent.Ticker;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.DatagramChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * The sockets of this process that were opened after this object was made, known by their inodes in
 * {@code /proc/self/fd}; always none where there is no such directory.
 */
final class NewSockets {

    private static final Path DESCRIPTORS = Path.of("/proc/self/fd");
    private static final String SOCKET_LINK = "socket:[";
    private static final long POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

    static {
        // The JDK opens a socket pair at its first use of sockets and keeps it.
        try {
            SocketChannel.open().close();
            ServerSocketChannel.open().close();
            DatagramChannel.open().close();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot open a socket", e);
        }
    }

    private final Set<Long> before = openInodes();

    /** Waits until the new sockets are closed, and describes those that are not at the deadline. */
    List<String> awaitClose(Ticker clock, long deadline) throws InterruptedException {
        Set<Long> left = newInodes();
        while (!left.isEmpty() && clock.nanoTime() - deadline < 0) {
            LockSupport.parkNanos(POLL_NANOS);
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
            left = newInodes();
        }
        return left.isEmpty() ? List.of() : SocketTable.describe(left);
    }

    private Set<Long> newInodes() {
        Set<Long> inodes = openInodes();
        inodes.removeAll(before);
        return inodes;
    }

    private static Set<Long> openInodes() {
        Set<Long> inodes = new HashSet<>();
        if (!Files.isDirectory(DESCRIPTORS)) {
            return inodes;
        }
        try (DirectoryStream<Path> descriptors = Files.newDirectoryStream(DESCRIPTORS)) {
            for (Path descriptor : descriptors) {
                String link = linkOf(descriptor);
                if (link.startsWith(SOCKET_LINK)) {
                    inodes.add(Long.valueOf(link.substring(SOCKET_LINK.length(), link.length() - 1)));
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot list " + DESCRIPTORS, e);
        }
        return inodes;
    }

    private static String linkOf(Path descriptor) throws IOException {
        try {
            return Files.readSymbolicLink(descriptor).toString();
        } catch (NoSuchFileException closedMeanwhile) {
            return "";
        }
    }
}
