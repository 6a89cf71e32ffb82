package io.nettoolkit.udp.internal.connection;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.udp.DeliveryMode;
import io.nettoolkit.udp.RudpConfig;
import io.nettoolkit.udp.RudpSecurity;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.lang.management.ManagementFactory;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import javax.management.JMException;
import javax.management.ObjectName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The heap of a connection that carried a message in each direction and then said nothing for some seconds: what is
 * reachable from it, as the JVM's own histogram counts it. This is the core alone; what a channel adds to it, see
 * IdleChannelAllocationTest.
 */
class IdleMemoryAllocationTest {

    private static final int PAIRS = 500;

    private final InetSocketAddress serverAddress = new InetSocketAddress("127.0.0.1", 1);
    private final InetSocketAddress clientAddress = new InetSocketAddress("127.0.0.1", 2);
    private final ByteBuf out = Unpooled.buffer(2048);
    private final ByteBuf answer = Unpooled.buffer(2048);
    private long nowNanos;

    private static Map<String, Long> bytesByClass() {
        try {
            String text = (String) ManagementFactory.getPlatformMBeanServer()
                    .invoke(
                            new ObjectName("com.sun.management:type=DiagnosticCommand"),
                            "gcClassHistogram",
                            new Object[] {null},
                            new String[] {String[].class.getName()});
            Map<String, Long> bytes = new TreeMap<>();
            for (String line : text.split("\\n", -1)) {
                String[] fields = line.trim().split("\\s+", -1);
                if (fields.length >= 4 && fields[0].endsWith(":") && isCounted(fields[3])) {
                    bytes.merge(fields[3], Long.parseLong(fields[2]), Long::sum);
                }
            }
            return bytes;
        } catch (JMException e) {
            throw new AssertionError(e);
        }
    }

    /** Everything a connection is made of; others (strings, collections) come and go with the test itself. */
    private static boolean isCounted(String name) {
        return (name.contains("nettoolkit.udp") && !name.contains("CorePair"))
                || name.contains("io.netty.")
                || name.contains("crypto")
                || name.startsWith("[J")
                || name.startsWith("[B")
                || name.startsWith("[Ljava.lang.Object");
    }

    private void pass(RudpConnection from, RudpConnection to, InetSocketAddress address) {
        while (from.poll(nowNanos, out.clear()) > 0) {
            to.onDatagram(nowNanos, address, out);
        }
        boolean more = true;
        while (more) {
            more = to.receive((channel, mode, content) -> content.release());
        }
        if (from.nextTimeoutNanos(nowNanos) == 0) {
            from.onTimeout(nowNanos);
        }
    }

    private void connect(ConnectionSetup setup, ServerGate gate, RudpConnection[] kept, int at) {
        RudpConnection client = RudpConnection.dial(setup, new CorePair.Silent(), serverAddress, nowNanos);
        while (client.poll(nowNanos, out.clear()) > 0
                && gate.onDatagram(nowNanos, clientAddress, out, answer.clear()) == ServerGate.Outcome.ANSWERED) {
            client.onDatagram(nowNanos, serverAddress, answer);
        }
        RudpConnection server = gate.accepted();
        for (int i = 0; i < 100; i++) {
            nowNanos += 50_000_000;
            if (i == 10) {
                client.write(nowNanos, client.message(Unpooled.wrappedBuffer(new byte[5000])));
                server.write(
                        nowNanos,
                        server.message(Unpooled.wrappedBuffer(new byte[100])).mode(DeliveryMode.RELIABLE_UNORDERED));
            }
            pass(server, client, serverAddress);
            pass(client, server, clientAddress);
        }
        assertThat(client.stats().sent().acknowledged()).isEqualTo(1);
        assertThat(server.stats().sent().acknowledged()).isEqualTo(1);
        kept[at] = client;
        kept[at + 1] = server;
    }

    @ParameterizedTest
    @CsvSource({"plaintext, 1280", "psk, 1536"})
    void isAtMostOneAndAQuarterKibibytesAndSomeMoreForAKey(String security, long most) {
        RudpConfig config =
                RudpConfig.wan(security.equals("psk") ? RudpSecurity.psk(new byte[16]) : RudpSecurity.plaintext());
        ConnectionSetup setup = ConnectionSetup.of(config, UnpooledByteBufAllocator.DEFAULT, new Random(1), 0);
        ServerGate gate = new ServerGate(setup, from -> new CorePair.Silent(), nowNanos);
        RudpConnection[] kept = new RudpConnection[2 * PAIRS];
        connect(setup, gate, kept, 0);
        Map<String, Long> before = bytesByClass();
        for (int i = 0; i < PAIRS; i++) {
            connect(setup, gate, kept, 2 * i);
        }
        Map<String, Long> after = bytesByClass();
        StringBuilder table = new StringBuilder();
        long total = 0;
        for (Map.Entry<String, Long> entry : after.entrySet()) {
            long bytes = entry.getValue() - before.getOrDefault(entry.getKey(), 0L);
            total += bytes;
            if (bytes < PAIRS) {
                continue;
            }
            table.append(String.format("%n%7.1f %s", bytes / 2.0 / PAIRS, entry.getKey()));
        }
        assertThat(total / (2 * PAIRS))
                .as("bytes of a connection, of which%s", table)
                .isLessThanOrEqualTo(most);
        assertThat(kept).doesNotContainNull();
    }
}
