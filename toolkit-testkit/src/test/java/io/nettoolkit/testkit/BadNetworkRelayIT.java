package io.nettoolkit.testkit;

import static io.nettoolkit.testkit.ProxyPair.awaitTrue;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.local.LocalIoHandler;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(LeakCheck.class)
class BadNetworkRelayIT {

    private static final int PATIENCE_MILLIS = 10_000;
    private static final BadNetwork PERFECT = BadNetwork.builder().build();

    private final DatagramSocket server = socket("127.0.0.1");
    private final DatagramSocket client = socket("127.0.0.1");

    @AfterEach
    void close() {
        client.close();
        server.close();
    }

    private static DatagramSocket socket(String host) {
        try {
            DatagramSocket socket = new DatagramSocket(new InetSocketAddress(InetAddress.getByName(host), 0));
            socket.setSoTimeout(PATIENCE_MILLIS);
            return socket;
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static void send(DatagramSocket from, SocketAddress to, int... bytes) throws IOException {
        byte[] datagram = new byte[bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            datagram[i] = (byte) bytes[i];
        }
        from.send(new DatagramPacket(datagram, datagram.length, to));
    }

    private static SocketAddress receive(DatagramSocket at, int... bytes) throws IOException {
        DatagramPacket packet = new DatagramPacket(new byte[100], 100);
        at.receive(packet);
        int[] received = new int[packet.getLength()];
        for (int i = 0; i < received.length; i++) {
            received[i] = packet.getData()[i];
        }
        assertThat(received).isEqualTo(bytes);
        return packet.getSocketAddress();
    }

    private static void receiveNothing(DatagramSocket at) throws IOException {
        at.setSoTimeout(50);
        assertThatExceptionOfType(SocketTimeoutException.class)
                .isThrownBy(() -> at.receive(new DatagramPacket(new byte[100], 100)));
        at.setSoTimeout(PATIENCE_MILLIS);
    }

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1", "::1"})
    void relaysBothWaysAndKeepsClientsApart(String host) throws Exception {
        try (DatagramSocket target = socket(host);
                DatagramSocket one = socket(host);
                DatagramSocket two = socket(host);
                BadNetworkRelay relay = BadNetworkRelay.to(target.getLocalSocketAddress(), PERFECT)) {
            send(one, relay.address(), 1);
            SocketAddress oneAtTarget = receive(target, 1);
            send(two, relay.address(), 2);
            SocketAddress twoAtTarget = receive(target, 2);
            assertThat(twoAtTarget).isNotEqualTo(oneAtTarget);
            send(target, twoAtTarget, 3);
            send(target, oneAtTarget, 4);
            assertThat(receive(two, 3)).isEqualTo(relay.address());
            assertThat(receive(one, 4)).isEqualTo(relay.address());
            send(one, relay.address(), 5);
            assertThat(receive(target, 5)).isEqualTo(oneAtTarget);
            assertThat(relay.toTarget().stats().forwarded()).isEqualTo(3);
            assertThat(relay.toClient().stats().forwarded()).isEqualTo(2);
            assertThat(relay.toString()).contains(relay.address().toString());
        }
    }

    @Test
    void carriesTheLargestDatagramAndCountsEmptyOnesAsRefused() throws Exception {
        try (BadNetworkRelay relay = BadNetworkRelay.to(server.getLocalSocketAddress(), PERFECT)) {
            byte[] large = new byte[65_507];
            Arrays.fill(large, (byte) 7);
            server.setReceiveBufferSize(1 << 20);
            client.setSendBufferSize(1 << 20);
            client.send(new DatagramPacket(large, large.length, relay.address()));
            client.send(new DatagramPacket(new byte[0], 0, relay.address()));
            DatagramPacket received = new DatagramPacket(new byte[70_000], 70_000);
            server.receive(received);
            assertThat(Arrays.copyOf(received.getData(), received.getLength())).isEqualTo(large);
            awaitTrue(() -> relay.refusedDatagrams() == 1);
        }
    }

    @Test
    void changesOneDirectionWhileItRuns() throws Exception {
        try (BadNetworkRelay relay = BadNetworkRelay.to(server.getLocalSocketAddress(), PERFECT)) {
            send(client, relay.address(), 1);
            SocketAddress clientAtServer = receive(server, 1);
            relay.toClient().interrupt();
            send(server, clientAtServer, 2);
            awaitTrue(() -> relay.toClient().stats().blackedOut() == 1);
            relay.toClient().restore();
            relay.toTarget().change(faults -> faults.duplicate(1));
            send(client, relay.address(), 3);
            receive(server, 3);
            receive(server, 3);
            send(server, clientAtServer, 4);
            receive(client, 4);
        }
    }

    @Test
    void rebindingGivesClientsNewPortsAndLosesWhatIsSentToTheOldOnes() throws Exception {
        try (BadNetworkRelay relay = BadNetworkRelay.to(server.getLocalSocketAddress(), PERFECT)) {
            send(client, relay.address(), 1);
            SocketAddress before = receive(server, 1);
            relay.rebind();
            send(server, before, 2);
            receiveNothing(client);
            send(client, relay.address(), 3);
            SocketAddress after = receive(server, 3);
            assertThat(after).isNotEqualTo(before);
            send(server, after, 4);
            receive(client, 4);
        }
    }

    @Test
    void passesOnOnlyWhatTheTargetSends() throws Exception {
        try (BadNetworkRelay relay = BadNetworkRelay.to(server.getLocalSocketAddress(), PERFECT);
                DatagramSocket stranger = socket("127.0.0.1")) {
            send(client, relay.address(), 1);
            SocketAddress clientAtServer = receive(server, 1);
            send(stranger, clientAtServer, 2);
            send(server, clientAtServer, 3);
            receive(client, 3);
            assertThat(relay.toClient().stats().sent()).isEqualTo(1);
        }
    }

    @Test
    void goesOnWhenTheTargetIsGoneAndComesBack() throws Exception {
        int port = server.getLocalPort();
        try (BadNetworkRelay relay = BadNetworkRelay.to(server.getLocalSocketAddress(), PERFECT)) {
            server.close();
            send(client, relay.address(), 1);
            awaitTrue(() -> relay.toTarget().stats().forwarded() == 1);
            try (DatagramSocket back = new DatagramSocket(new InetSocketAddress("127.0.0.1", port))) {
                back.setSoTimeout(PATIENCE_MILLIS);
                send(client, relay.address(), 2);
                DatagramPacket received = new DatagramPacket(new byte[10], 10);
                do {
                    // The first one may still have been waiting for the relay's socket.
                    back.receive(received);
                } while (received.getData()[0] != 2);
            }
        }
    }

    @Test
    void delaysInVirtualTimeOnALoopOfThatTime() throws Exception {
        try (ManualTime time = ManualTime.create();
                BadNetworkRelay relay = BadNetworkRelay.to(
                        server.getLocalSocketAddress(),
                        PERFECT.toBuilder().delay(Duration.ofHours(1)).build(),
                        time.newEventLoopGroup())) {
            send(client, relay.address(), 1);
            awaitTrue(() -> relay.toTarget().stats().forwarded() == 1);
            time.advance(Duration.ofMinutes(59));
            receiveNothing(server);
            time.advance(Duration.ofMinutes(1));
            receive(server, 1);
        }
    }

    @Test
    void reachesATargetThatIsBoundToAllAddresses() throws Exception {
        try (DatagramSocket all = new DatagramSocket();
                BadNetworkRelay relay =
                        BadNetworkRelay.to(new InetSocketAddress("0.0.0.0", all.getLocalPort()), PERFECT)) {
            all.setSoTimeout(PATIENCE_MILLIS);
            send(client, relay.address(), 1);
            send(all, receive(all, 1), 2);
            receive(client, 2);
        }
    }

    @Test
    void countsWhatItCannotSendOn() throws Exception {
        InetSocketAddress nowhere = new InetSocketAddress("255.255.255.255", 9);
        try (BadNetworkRelay relay = BadNetworkRelay.to(nowhere, PERFECT)) {
            send(client, relay.address(), 1);
            awaitTrue(() -> relay.refusedDatagrams() == 1);
        }
    }

    @Test
    void refusesTargetsAndLoopsItCannotUse() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> BadNetworkRelay.to(InetSocketAddress.createUnresolved("host", 1), PERFECT));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> BadNetworkRelay.to(new InetSocketAddress("127.0.0.1", 0), PERFECT));
        MultiThreadIoEventLoopGroup local = new MultiThreadIoEventLoopGroup(1, LocalIoHandler.newFactory());
        try {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> BadNetworkRelay.to(server.getLocalSocketAddress(), PERFECT, local))
                    .withMessageContaining("NIO");
        } finally {
            local.shutdownGracefully(0, 0, TimeUnit.SECONDS).awaitUninterruptibly(10, TimeUnit.SECONDS);
        }
    }
}
