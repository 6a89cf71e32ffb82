package io.nettoolkit.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nettoolkit.testkit.FakeDnsServer.Reply;
import io.netty.channel.nio.NioIoHandler;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What the fake says on the wire, read byte by byte. */
@ExtendWith(LeakCheck.class)
class FakeDnsServerIT {

    /** Query with id 0x1234 for {@code a.example A}, and OPT of 1232 bytes. */
    private static final byte[] QUERY = {
        0x12,
        0x34,
        1,
        0,
        0,
        1,
        0,
        0,
        0,
        0,
        0,
        1,
        1,
        'a',
        7,
        'e',
        'x',
        'a',
        'm',
        'p',
        'l',
        'e',
        0,
        0,
        1,
        0,
        1,
        0,
        0,
        41,
        4,
        (byte) 0xd0,
        0,
        0,
        0,
        0,
        0,
        0
    };

    private final FakeDnsServer dns = FakeDnsServer.start().records("a.example. 300 A 192.0.2.1");

    @AfterEach
    void stop() {
        dns.close();
    }

    private byte[] askUdp(int timeoutMillis) throws IOException {
        try (DatagramSocket socket = new DatagramSocket()) {
            socket.setSoTimeout(timeoutMillis);
            socket.send(new DatagramPacket(QUERY, QUERY.length, dns.address()));
            DatagramPacket answer = new DatagramPacket(new byte[2000], 2000);
            socket.receive(answer);
            return Arrays.copyOf(answer.getData(), answer.getLength());
        }
    }

    private byte[] askTcp() throws IOException {
        try (Socket socket =
                new Socket(dns.address().getAddress(), dns.address().getPort())) {
            DataOutputStream out = new DataOutputStream(socket.getOutputStream());
            out.writeShort(QUERY.length);
            out.write(QUERY);
            out.flush();
            DataInputStream in = new DataInputStream(socket.getInputStream());
            byte[] answer = new byte[in.readUnsignedShort()];
            in.readFully(answer);
            return answer;
        }
    }

    @Test
    void answersFromItsRecordsOverUdpAndTcp() throws IOException {
        for (byte[] answer : new byte[][] {askUdp(10_000), askTcp()}) {
            assertThat(Arrays.copyOf(answer, 12)).containsExactly(0x12, 0x34, 0x85, 0x80, 0, 1, 0, 1, 0, 0, 0, 1);
            assertThat(Arrays.copyOfRange(answer, 27, 43))
                    .containsExactly(0xc0, 12, 0, 1, 0, 1, 0, 0, 1, 44, 0, 4, 192, 0, 2, 1);
        }
        assertThat(dns.queries()).hasSize(2).allSatisfy(query -> {
            assertThat(query.name()).isEqualTo("a.example.");
            assertThat(query.payload()).isEqualTo(1232);
        });
    }

    @Test
    void saysNoSuchNameWithTheSoaAboveIt() throws IOException {
        dns.clear().records("example. 300 SOA ns.example. h.example. 1 2 3 4 5");
        byte[] answer = askUdp(10_000);
        assertThat(answer[3] & 15).isEqualTo(3);
        assertThat(answer[9]).as("records of the authority").isEqualTo((byte) 1);
    }

    @Test
    void repliesInTheOrderOfTheScript() throws IOException {
        dns.on("A.EXAMPLE", "A").reply(Reply.rcode(2), Reply.zone().withWrongId(), Reply.nothing());
        assertThat(askUdp(10_000)[3] & 15).isEqualTo(2);
        assertThat(askUdp(10_000)[0]).isNotEqualTo((byte) 0x12);
        assertThatThrownBy(() -> askUdp(50)).isInstanceOf(SocketTimeoutException.class);
    }

    @Test
    void cutsOffAnswersOnlyInDatagrams() throws IOException {
        dns.on("a.example").reply(Reply.zone().truncated());
        assertThat(askUdp(10_000)[2] & 2).isEqualTo(2);
        assertThat(askTcp()[2] & 2).isZero();
    }

    @Test
    void endsAStreamInTheMiddle() {
        dns.on("a.example").reply(Reply.zone().cutOffAfter(9));
        assertThatThrownBy(this::askTcp).isInstanceOf(EOFException.class);
        assertThat(dns.connections()).isOne();
    }

    @Test
    void saysNothingMoreOverAStreamThatStalls() throws IOException {
        dns.on("a.example").reply(Reply.zone().stalledAfter(9), Reply.zone());
        try (Socket socket =
                new Socket(dns.address().getAddress(), dns.address().getPort())) {
            DataOutputStream out = new DataOutputStream(socket.getOutputStream());
            for (int i = 0; i < 2; i++) {
                out.writeShort(QUERY.length);
                out.write(QUERY);
            }
            while (dns.queries().size() < 2) {
                Thread.onSpinWait();
            }
            dns.closeConnections();
            assertThat(socket.getInputStream().readAllBytes()).hasSize(9);
        }
        assertThat(askTcp()).as("over another one").isNotEmpty();
    }

    @Test
    void repliesInVirtualTimeOnManualLoops() throws Exception {
        try (ManualTime time = ManualTime.create();
                FakeDnsServer slow = FakeDnsServer.start(time.newEventLoopGroup(1, NioIoHandler.newFactory()));
                DatagramSocket socket = new DatagramSocket()) {
            slow.onAny().reply(Reply.rcode(0).after(Duration.ofHours(1)));
            socket.setSoTimeout(10_000);
            socket.send(new DatagramPacket(QUERY, QUERY.length, slow.address()));
            while (slow.queries().isEmpty()) {
                Thread.onSpinWait();
            }
            time.advance(Duration.ofHours(1));
            socket.receive(new DatagramPacket(new byte[100], 100));
        }
    }

    @Test
    void refusesLinesThatAreNoRecords() {
        for (String line : new String[] {"", "a. 1 A", "a 1 A 1.2.3.4", "a. x A 1.2.3.4", "a. 1 A ::1", "a. 1 XYZ 1"}) {
            assertThatThrownBy(() -> dns.records(line))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("line: \"" + line + "\"");
        }
    }
}
