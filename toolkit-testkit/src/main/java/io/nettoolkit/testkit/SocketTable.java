package io.nettoolkit.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Linux's tables of sockets, {@code /proc/self/net/*}, read to tell a person which socket an inode is (proc(5)). */
final class SocketTable {

    private static final Path TABLES = Path.of("/proc/self/net");
    private static final List<String> TCP_STATES = List.of(
            "?",
            "ESTABLISHED",
            "SYN_SENT",
            "SYN_RECV",
            "FIN_WAIT1",
            "FIN_WAIT2",
            "TIME_WAIT",
            "CLOSE",
            "CLOSE_WAIT",
            "LAST_ACK",
            "LISTEN",
            "CLOSING");
    private static final int LOCAL = 1;
    private static final int REMOTE = 2;
    private static final int STATE = 3;
    private static final int INODE = 9;
    private static final int UNIX_INODE = 6;
    private static final int UNIX_PATH = 7;

    private SocketTable() {}

    static List<String> describe(Set<Long> inodes) {
        Map<Long, String> known = new HashMap<>();
        for (String protocol : List.of("tcp", "tcp6", "udp", "udp6")) {
            for (String[] row : rows(protocol)) {
                known.put(Long.valueOf(row[INODE]), describeInternet(protocol, row));
            }
        }
        for (String[] row : rows("unix")) {
            String path = row.length > UNIX_PATH ? row[UNIX_PATH] : "(unnamed)";
            known.put(Long.valueOf(row[UNIX_INODE]), "unix " + path);
        }
        return inodes.stream()
                .sorted()
                .map(inode -> "a socket is still open: " + known.getOrDefault(inode, "neither bound nor connected"))
                .toList();
    }

    private static List<String[]> rows(String table) {
        Path file = TABLES.resolve(table);
        if (!Files.isReadable(file)) {
            return List.of();
        }
        try {
            List<String> lines = Files.readAllLines(file);
            return lines.subList(1, lines.size()).stream()
                    .map(line -> line.strip().split("\\s+"))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + file, e);
        }
    }

    private static String describeInternet(String protocol, String[] row) {
        String text = protocol + " " + address(row[LOCAL]);
        if (!row[REMOTE].endsWith(":0000")) {
            text += " -> " + address(row[REMOTE]);
        }
        int state = Integer.parseInt(row[STATE], 16);
        return protocol.startsWith("tcp") && state < TCP_STATES.size() ? text + " " + TCP_STATES.get(state) : text;
    }

    /** {@code 0100007F:1F90} is 127.0.0.1:8080: 32-bit words in the machine's order, the port in ours. */
    static String address(String hex) {
        int colon = hex.indexOf(':');
        byte[] bytes = new byte[colon / 2];
        for (int i = 0; i < bytes.length; i++) {
            int at = littleEndian() ? i ^ 3 : i;
            bytes[at] = (byte) Integer.parseInt(hex.substring(2 * i, 2 * i + 2), 16);
        }
        try {
            String host = InetAddress.getByAddress(bytes).getHostAddress();
            int port = Integer.parseInt(hex.substring(colon + 1), 16);
            return (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":" + port;
        } catch (IOException e) {
            throw new UncheckedIOException("not an address: " + hex, e);
        }
    }

    private static boolean littleEndian() {
        return ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN;
    }
}
