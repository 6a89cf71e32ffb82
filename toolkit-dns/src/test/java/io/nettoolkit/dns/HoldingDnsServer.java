package io.nettoolkit.dns;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.BindException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A name server for UDP and TCP that keeps queries until it is told to answer them. The address of {@code nN.example} is
 * 10.0.0.0 + N.
 */
final class HoldingDnsServer implements AutoCloseable {

    private static final int HEADER_BYTES = 12;
    private static final int RECORD_BYTES = 16;
    private static final int PORT_ATTEMPTS = 20;

    private final DatagramSocket datagrams;
    private final ServerSocket streams;
    /** Answers, not given yet. */
    private final List<Work> held = Collections.synchronizedList(new ArrayList<>());

    private final Set<SocketAddress> ports = ConcurrentHashMap.newKeySet();
    private final Map<Socket, CompletableFuture<Void>> connections = new ConcurrentHashMap<>();

    private interface Work {
        void run() throws IOException;
    }

    private HoldingDnsServer(ServerSocket streams, DatagramSocket datagrams) throws IOException {
        this.streams = streams;
        this.datagrams = datagrams;
        datagrams.setReceiveBufferSize(1 << 20);
        begin(this::receive);
        begin(this::accept);
    }

    /** On one port for both. */
    static HoldingDnsServer start() throws IOException {
        InetAddress loopback = InetAddress.getLoopbackAddress();
        for (int attempt = 1; ; attempt++) {
            ServerSocket streams = new ServerSocket(0, 50, loopback);
            try {
                return new HoldingDnsServer(streams, new DatagramSocket(streams.getLocalPort(), loopback));
            } catch (BindException portIsTaken) {
                streams.close();
                if (attempt == PORT_ATTEMPTS) {
                    throw portIsTaken;
                }
            }
        }
    }

    private static void begin(Work work) {
        Thread thread = new Thread(
                () -> {
                    try {
                        work.run();
                    } catch (IOException closed) {
                        // That is how it ends.
                    }
                },
                "holding-dns");
        thread.setDaemon(true);
        thread.start();
    }

    private void receive() throws IOException {
        while (true) {
            DatagramPacket packet = new DatagramPacket(new byte[512], 512);
            datagrams.receive(packet);
            byte[] query = new byte[packet.getLength()];
            System.arraycopy(packet.getData(), 0, query, 0, query.length);
            ports.add(packet.getSocketAddress());
            held.add(() -> {
                byte[] answer = answer(query, 10 << 24 | number(query));
                datagrams.send(new DatagramPacket(answer, answer.length, packet.getSocketAddress()));
            });
        }
    }

    private void accept() throws IOException {
        while (true) {
            Socket connection = streams.accept();
            ports.add(connection.getRemoteSocketAddress());
            CompletableFuture<Void> end = new CompletableFuture<>();
            connections.put(connection, end);
            begin(() -> {
                try {
                    read(connection);
                } finally {
                    end.complete(null);
                }
            });
        }
    }

    private void read(Socket connection) throws IOException {
        OutputStream out = connection.getOutputStream();
        DataInputStream in = new DataInputStream(connection.getInputStream());
        while (true) {
            byte[] query = new byte[in.readUnsignedShort()];
            in.readFully(query);
            held.add(() -> {
                byte[] answer = answer(query, 10 << 24 | number(query));
                out.write(ByteBuffer.allocate(2 + answer.length)
                        .putShort((short) answer.length)
                        .put(answer)
                        .array());
            });
        }
    }

    InetSocketAddress address() {
        return (InetSocketAddress) streams.getLocalSocketAddress();
    }

    /** How many queries came so far. */
    int received() {
        return held.size();
    }

    /** From how many ports they came. */
    int ports() {
        return ports.size();
    }

    /** When the other side has closed all connections there are. */
    CompletableFuture<Void> connectionsClosed() {
        return CompletableFuture.allOf(connections.values().toArray(CompletableFuture[]::new));
    }

    /** Answers the queries from one number on, the last one first. */
    void answer(int from, int to) throws IOException {
        for (int i = to - 1; i >= from; i--) {
            held.get(i).run();
        }
    }

    private static int number(byte[] query) {
        int number = 0;
        for (int i = 2; i <= query[HEADER_BYTES]; i++) {
            number = number * 10 + query[HEADER_BYTES + i] - '0';
        }
        return number;
    }

    /** The answer to a query, which may have more after it: one address. */
    static byte[] answer(byte[] query, int address) {
        int end = HEADER_BYTES;
        while (query[end] != 0) {
            end += 1 + query[end];
        }
        end += 5;
        return ByteBuffer.allocate(end + RECORD_BYTES)
                .put(query, 0, end)
                .putShort(2, (short) 0x8180)
                .putShort(6, (short) 1)
                .putInt(8, 0)
                .putShort((short) 0xc00c)
                .putShort((short) 1)
                .putShort((short) 1)
                .putInt(60)
                .putShort((short) 4)
                .putInt(address)
                .array();
    }

    @Override
    public void close() throws IOException {
        datagrams.close();
        streams.close();
        for (Socket connection : connections.keySet()) {
            connection.close();
        }
    }
}
