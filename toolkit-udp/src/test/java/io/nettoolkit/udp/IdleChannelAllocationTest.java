package io.nettoolkit.udp;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.core.Endpoint;
import io.nettoolkit.core.EventLoops;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.core.Transport;
import io.nettoolkit.udp.internal.connection.ConnectionSetup;
import io.nettoolkit.udp.internal.connection.Nobody;
import io.nettoolkit.udp.internal.connection.RudpConnection;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import javax.management.ObjectName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The heap of a connection as a server's user has it, at rest after a message in each direction: the core, which
 * IdleMemoryAllocationTest counts alone, and what Netty and we need besides to make a channel of it: pipeline, configuration,
 * the peer's address, and the entries in the tables of the socket. Clients are bare cores that are dropped once they are
 * answered, so all that stays on the heap is the server's, and all of it is counted; with it some 55 bytes by which the
 * server knows a HELLO again for ten seconds.
 */
class IdleChannelAllocationTest {

    private static final int CONNECTIONS = 1000;
    private static final int MOST_BYTES = 2304;
    /** A class of which a connection at rest has none. */
    private static final String LAST_TO_GO = "io.nettoolkit.udp.internal.channel.PendingWrites";

    @TempDir
    private Path directory;

    private final StringBuilder table = new StringBuilder();
    private final RudpConfig config = RudpConfig.lan(RudpSecurity.plaintext()).toBuilder()
            .idleTimeout(Duration.ofMinutes(10))
            .keepAlive(Duration.ZERO)
            .build();
    private final ConnectionSetup setup =
            ConnectionSetup.of(config, UnpooledByteBufAllocator.DEFAULT, new Random(1), 0);
    private final TimeSource time = TimeSource.system();
    private final ByteBuf in = Unpooled.wrappedBuffer(new byte[2048]);
    private final ByteBuf out = Unpooled.wrappedBuffer(new byte[2048]);
    private final Queue<RudpChannel> accepted = new ConcurrentLinkedQueue<>();

    @Test
    void isAtMostTwoAndAQuarterKibibytes() throws Exception {
        RudpHandler echo = new RudpHandler() {
            @Override
            public void onMessage(RudpChannel channel, RudpMessage message) {
                channel.send(message.retain());
                accepted.add(channel);
            }
        };
        try (EventLoops loops = TransportMatrix.loops(Transport.NIO, 1);
                RudpServer server =
                        RudpServer.builder(config, echo).eventLoops(loops).build()) {
            InetSocketAddress address = server.bind(Endpoint.of("127.0.0.1", 0)).join();
            connect(address, CONNECTIONS / 2);
            Path before = histogramAtRest("before");
            connect(address, CONNECTIONS);
            Path after = histogramAtRest("after");
            assertThat(server.stats().connections()).isEqualTo(CONNECTIONS + CONNECTIONS / 2);
            long bytes = bytesOfOne(before, after);
            System.out.printf("an idle accepted connection: %d bytes of heap%n", bytes);
            assertThat(bytes)
                    .as("bytes of an idle accepted connection, of which%s", table)
                    .isLessThanOrEqualTo(MOST_BYTES);
        }
    }

    private long bytesOfOne(Path before, Path after) throws IOException {
        Map<String, Long> had = bytesByClass(before);
        long total = 0;
        for (Map.Entry<String, Long> entry : bytesByClass(after).entrySet()) {
            if (entry.getKey().contains("jdk.internal.vm.Filler")) {
                continue; // what the collector pads the ends of regions with (JDK 19 and later), nobody's objects
            }
            long bytes = entry.getValue() - had.getOrDefault(entry.getKey(), 0L);
            total += bytes;
            if (bytes >= CONNECTIONS) {
                table.append(String.format("%n%7.1f %s", (double) bytes / CONNECTIONS, entry.getKey()));
            }
        }
        return total / CONNECTIONS;
    }

    /** Each from a port of its own, so that the server has an address of each. */
    private void connect(InetSocketAddress server, int count) throws IOException {
        for (int i = 0; i < count; i++) {
            try (DatagramSocket socket = new DatagramSocket()) {
                socket.connect(server);
                socket.setSoTimeout(1);
                connect(socket, server);
            }
        }
    }

    /** One that says a thing, hears it back, and of which the server knows that it has heard. */
    private void connect(DatagramSocket socket, InetSocketAddress server) throws IOException {
        RudpConnection client = RudpConnection.dial(setup, new Nobody(), server, time.nanoTime());
        client.write(time.nanoTime(), client.message(Unpooled.wrappedBuffer(new byte[100])));
        long giveUpNanos = time.nanoTime() + TimeUnit.SECONDS.toNanos(Rig.PATIENCE_SECONDS);
        boolean settled = false;
        while (!settled) {
            assertThat(time.nanoTime()).as("the time of waiting").isLessThan(giveUpNanos);
            exchange(socket, client, server);
            RudpChannel channel = accepted.peek();
            settled = channel != null
                    && channel.stats().sent().acknowledged() == 1
                    && channel.stats().path().bytesInFlight() == 0
                    && client.stats().sent().acknowledged() == 1;
        }
        accepted.clear();
        client.discard();
    }

    private void exchange(DatagramSocket socket, RudpConnection client, InetSocketAddress server) throws IOException {
        while (client.poll(time.nanoTime(), out.clear()) > 0) {
            socket.send(new DatagramPacket(out.array(), out.readableBytes()));
        }
        try {
            DatagramPacket packet = new DatagramPacket(in.array(), in.capacity());
            socket.receive(packet);
            client.onDatagram(time.nanoTime(), server, in.setIndex(0, packet.getLength()));
        } catch (SocketTimeoutException nothingCame) {
            // A timer of the client's may be due.
        }
        boolean more = true;
        while (more) {
            more = client.receive((channel, mode, content) -> content.release());
        }
        if (client.nextTimeoutNanos(time.nanoTime()) == 0) {
            client.onTimeout(time.nanoTime());
        }
    }

    /** What is alive when every connection has been quiet for so long that it has let go of what it does not need. */
    private Path histogramAtRest(String name) throws Exception {
        long giveUpNanos = time.nanoTime() + TimeUnit.SECONDS.toNanos(Rig.PATIENCE_SECONDS);
        Path histogram = histogram(name);
        while (Files.readString(histogram).contains(LAST_TO_GO)) {
            assertThat(time.nanoTime()).as("the time of waiting").isLessThan(giveUpNanos);
            histogram = histogram(name);
        }
        return histogram;
    }

    /** What is alive, in a file: a table of it on the heap would be alive at the next count. */
    private Path histogram(String name) throws Exception {
        String text = (String) ManagementFactory.getPlatformMBeanServer()
                .invoke(
                        new ObjectName("com.sun.management:type=DiagnosticCommand"),
                        "gcClassHistogram",
                        new Object[] {null},
                        new String[] {String[].class.getName()});
        return Files.writeString(directory.resolve(name), text);
    }

    private static Map<String, Long> bytesByClass(Path histogram) throws IOException {
        Map<String, Long> bytes = new TreeMap<>();
        for (String line : Files.readAllLines(histogram)) {
            String[] fields = line.trim().split("\\s+", -1);
            if (fields.length >= 4 && fields[0].endsWith(":")) {
                bytes.merge(fields[3], Long.parseLong(fields[2]), Long::sum);
            }
        }
        return bytes;
    }
}
