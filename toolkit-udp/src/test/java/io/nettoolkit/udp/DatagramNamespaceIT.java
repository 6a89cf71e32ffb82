package io.nettoolkit.udp;

import static io.nettoolkit.udp.DatagramRig.bytes;
import static io.nettoolkit.udp.DatagramRig.failureOf;
import static io.nettoolkit.udp.DatagramRig.taken;
import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.core.NetException;
import io.nettoolkit.core.NetFailure;
import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.core.NetFailure.Operation;
import io.nettoolkit.core.Transport;
import io.nettoolkit.testkit.LeakCheck;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Two hosts and a real cable, as far as one machine can have them. */
@ExtendWith(LeakCheck.class)
class DatagramNamespaceIT {

    private static final String GROUP = "239.255.77.9";
    private static final int DATAGRAMS = 300;
    /** Of IPv4 and UDP. */
    private static final int HEADER_BYTES = 28;

    @ParameterizedTest
    @MethodSource("io.nettoolkit.udp.TransportMatrix#available")
    void reachesAnotherHostAndIsToldWhatItsNetworkSays(Transport transport) throws Exception {
        try (NetworkNamespace host = NetworkNamespace.create()) {
            Process echo = host.start(NamespaceEcho.class, host.itsInterface, GROUP);
            try (BufferedReader out =
                    new BufferedReader(new InputStreamReader(echo.getInputStream(), StandardCharsets.UTF_8))) {
                String ready = out.readLine();
                assertThat(ready).startsWith("ready ");
                int port = Integer.parseInt(ready.substring("ready ".length()));
                talks(transport, port);
                hearsTheGroup(transport, host, port);
                hearsAGroupOfIpv6(transport, host);
                isToldOfAClosedPort(transport);
                isToldOfAHostThatIsNotThere(transport);
                outlivesLosses(transport, host, port);
                isToldOfAnUnpluggedCable(transport, host, port);
            } finally {
                echo.getOutputStream().close();
                assertThat(echo.waitFor(DatagramRig.PATIENCE_SECONDS, TimeUnit.SECONDS))
                        .isTrue();
            }
        }
    }

    @ParameterizedTest
    @MethodSource("io.nettoolkit.udp.TransportMatrix#available")
    void saysWhatAPathCarriesWholeAndHearsOfNarrowerLinksBeyond(Transport transport) throws Exception {
        try (NetworkNamespace host = NetworkNamespace.create();
                DatagramRig near = new DatagramRig(transport, it -> it.dontFragment(true));
                DatagramRig far = new DatagramRig(transport, it -> it.dontFragment(true));
                DatagramRig cut = new DatagramRig(transport, it -> it)) {
            host.mtu(1400);
            near.endpoint.connect(its(9)).join();
            if (DatagramRig.cannotForbidFragments(near)) {
                return;
            }
            near.endpoint.send(bytes("x".repeat(1400 - HEADER_BYTES))).join();
            assertIsTooLong(failureOf(near.endpoint.send(bytes("x".repeat(1401 - HEADER_BYTES)))), near, 1400);
            cut.endpoint.connect(its(9)).join();
            cut.endpoint.send(bytes("x".repeat(2000))).join();

            host.addNarrowNetwork(1300);
            far.endpoint
                    .connect(new InetSocketAddress(NetworkNamespace.BEHIND_ADDRESS, 9))
                    .join();
            far.endpoint.send(bytes("x".repeat(1400 - HEADER_BYTES))).join();
            NetException told = taken(far.failures, "what the router says");
            assertThat(told.operation()).isEqualTo(Operation.READ);
            assertIsTooLong(told, far, 1300);
            assertIsTooLong(failureOf(far.endpoint.send(bytes("x".repeat(1301 - HEADER_BYTES)))), far, 1300);
            far.endpoint.send(bytes("x".repeat(1300 - HEADER_BYTES))).join();
        }
    }

    private static void assertIsTooLong(NetFailure failure, DatagramRig rig, int mtu) {
        assertThat(failure.kind()).isEqualTo(Kind.FRAME_TOO_LARGE);
        if (rig.loops.transport() == Transport.NIO) {
            assertThat(rig.endpoint.pathMtu()).isEmpty();
            assertThat((Throwable) failure).hasMessageContaining("MTU is less");
        } else {
            assertThat(rig.endpoint.pathMtu()).hasValue(mtu);
            assertThat((Throwable) failure)
                    .hasMessageContaining("MTU is " + mtu + ", send at most " + (mtu - HEADER_BYTES) + " bytes");
        }
    }

    private static InetSocketAddress its(int port) {
        return new InetSocketAddress(NetworkNamespace.ITS_ADDRESS, port);
    }

    private static void talks(Transport transport, int port) throws Exception {
        try (DatagramRig rig = DatagramRig.connected(transport, its(port))) {
            assertThat(rig.address().getHostString()).isEqualTo(NetworkNamespace.OUR_ADDRESS);
            // In two fragments: an Ethernet carries 1,472 bytes of a datagram.
            rig.endpoint.send(bytes("x".repeat(1900))).join();
            assertThat(rig.next().text()).hasSize(1900);
        }
    }

    private static void hearsTheGroup(Transport transport, NetworkNamespace host, int port) throws Exception {
        try (DatagramRig rig = new DatagramRig(transport, it -> it.multicastInterface(host.ourInterface))) {
            rig.endpoint.bind(new InetSocketAddress("0.0.0.0", 0)).join();
            MulticastGroup.of(rig.endpoint, new InetSocketAddress(GROUP, port))
                    .send(bytes("to all"))
                    .join();
            assertThat(rig.next()).isEqualTo(new DatagramRig.Received("to all", its(port)));
        }
    }

    private static void hearsAGroupOfIpv6(Transport transport, NetworkNamespace host) throws Exception {
        if (!host.addIpv6()) {
            return;
        }
        InetSocketAddress any = new InetSocketAddress("::", 0);
        try (DatagramRig member = new DatagramRig(transport, it -> it.reuseAddress(true));
                DatagramRig sender = new DatagramRig(transport, it -> it.multicastInterface(host.ourInterface))) {
            member.endpoint.bind(any).join();
            sender.endpoint.bind(any).join();
            InetSocketAddress group =
                    new InetSocketAddress("ff15::42", member.address().getPort());
            MulticastGroup.of(member.endpoint, group).join(host.ourInterface).join();
            MulticastGroup.of(sender.endpoint, group).send(bytes("to six")).join();
            assertThat(member.next().text()).isEqualTo("to six");
            hearsSingleSendersOfIpv6(member, sender, host);
        }
    }

    private static void hearsSingleSendersOfIpv6(DatagramRig member, DatagramRig sender, NetworkNamespace host)
            throws Exception {
        InetSocketAddress address =
                new InetSocketAddress("ff35::42", member.address().getPort());
        MulticastGroup in = MulticastGroup.of(member.endpoint, address);
        MulticastGroup out = MulticastGroup.of(sender.endpoint, address);
        in.join(host.ourInterface, InetAddress.getByName(NetworkNamespace.NO_IPV6))
                .join();
        out.send(bytes("unwanted")).join();
        in.join(host.ourInterface, InetAddress.getByName(NetworkNamespace.OUR_IPV6))
                .join();
        out.send(bytes("wanted")).join();
        DatagramRig.Received heard = member.next();
        assertThat(heard.text()).isEqualTo("wanted");
        assertThat(heard.sender().getAddress()).isEqualTo(InetAddress.getByName(NetworkNamespace.OUR_IPV6));
    }

    private static void isToldOfAClosedPort(Transport transport) throws Exception {
        try (DatagramRig rig = DatagramRig.connected(transport, its(9))) {
            rig.endpoint.trySend(bytes("anybody?"));
            assertThat(taken(rig.failures, "ICMP").kind()).isEqualTo(Kind.CONNECT_REFUSED);
        }
    }

    private static void isToldOfAHostThatIsNotThere(Transport transport) throws Exception {
        try (DatagramRig rig =
                DatagramRig.connected(transport, new InetSocketAddress(NetworkNamespace.NO_ADDRESS, 9))) {
            rig.endpoint.trySend(bytes("anybody?"));
            if (!tellsTheJdk()) {
                System.err.println(
                        "not tested that ARP's silence is heard of: this kernel does not tell the JDK either");
                return;
            }
            assertThat(taken(rig.failures, "ARP's silence").kind()).isEqualTo(Kind.UNREACHABLE);
        }
    }

    /** Linux tells a connected socket of a host that is unreachable only if it asks with IP_RECVERR. */
    private static boolean tellsTheJdk() throws Exception {
        try (DatagramSocket jdk = new DatagramSocket()) {
            jdk.connect(new InetSocketAddress(NetworkNamespace.NO_ADDRESS, 9));
            // ARP asks three times, a second apart.
            jdk.setSoTimeout(6000);
            jdk.send(new DatagramPacket(new byte[1], 1));
            jdk.receive(new DatagramPacket(new byte[1], 1));
            return false;
        } catch (SocketTimeoutException silence) {
            return false;
        } catch (SocketException told) {
            return true;
        }
    }

    private static void outlivesLosses(Transport transport, NetworkNamespace host, int port) throws Exception {
        if (!host.lose(30)) {
            return;
        }
        try (DatagramRig rig = DatagramRig.connected(transport, its(port))) {
            for (int i = 0; i < DATAGRAMS; i++) {
                rig.endpoint.send(bytes("n" + i)).join();
            }
            assertThat(rig.endpoint.stats().sent()).isEqualTo(DATAGRAMS);
            rig.next();
            host.lose(0);
            do {
                rig.endpoint.send(bytes("last")).join();
            } while (!rig.next().text().equals("last"));
            assertThat(rig.endpoint.stats().received()).isLessThan(DATAGRAMS);
        }
    }

    private static void isToldOfAnUnpluggedCable(Transport transport, NetworkNamespace host, int port)
            throws Exception {
        try (DatagramRig rig = new DatagramRig(transport, it -> it)) {
            rig.endpoint.bind(new InetSocketAddress("0.0.0.0", 0)).join();
            MulticastGroup group = MulticastGroup.of(rig.endpoint, new InetSocketAddress(GROUP, port));
            group.join(host.ourInterface).join();
            host.unplug();
            assertThat(failureOf(MulticastGroup.of(rig.endpoint, new InetSocketAddress("239.255.77.8", port))
                                    .join(host.ourInterface))
                            .kind())
                    .isEqualTo(Kind.UNREACHABLE);
            assertThat(rig.endpoint.channel().isOpen()).isTrue();
        }
    }
}
