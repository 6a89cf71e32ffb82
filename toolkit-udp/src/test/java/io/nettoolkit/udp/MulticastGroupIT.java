package io.nettoolkit.udp;

import static io.nettoolkit.udp.DatagramRig.bytes;
import static io.nettoolkit.udp.DatagramRig.failureOf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.nettoolkit.core.NetFailure;
import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.core.Transport;
import io.nettoolkit.testkit.LeakCheck;
import io.netty.channel.ChannelConfig;
import io.netty.channel.ChannelOption;
import io.netty.channel.socket.DatagramChannelConfig;
import io.netty.channel.unix.IntegerUnixChannelOption;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** Groups on the loopback interface, on every transport. A last datagram stands for "nothing else came". */
@ExtendWith(LeakCheck.class)
@ParameterizedClass
@MethodSource("io.nettoolkit.udp.TransportMatrix#available")
class MulticastGroupIT {

    private static final String LAST = "the last one";
    private static String loopback;

    private final Transport transport;

    MulticastGroupIT(Transport transport) {
        this.transport = transport;
    }

    @BeforeAll
    static void findLoopback() throws Exception {
        loopback = NetworkInterface.getByInetAddress(address("127.0.0.1")).getName();
    }

    private static InetAddress address(String text) throws Exception {
        return InetAddress.getByName(text);
    }

    private DatagramRig member(String any, int port) throws Exception {
        DatagramRig rig = new DatagramRig(transport, it -> it.reuseAddress(true));
        rig.endpoint.bind(new InetSocketAddress(address(any), port)).join();
        return rig;
    }

    private DatagramRig sender(String from) throws Exception {
        DatagramRig rig = new DatagramRig(transport, it -> it.multicastInterface(loopback));
        rig.endpoint.bind(new InetSocketAddress(address(from), 0)).join();
        return rig;
    }

    private static MulticastGroup group(DatagramRig rig, String group, int port) throws Exception {
        return MulticastGroup.of(rig.endpoint, new InetSocketAddress(address(group), port));
    }

    @Test
    void everyMemberOnThePortHearsTheGroupAndOneThatLeftDoesNot() throws Exception {
        try (DatagramRig one = member("0.0.0.0", 0);
                DatagramRig two = member("0.0.0.0", one.address().getPort());
                DatagramRig from = sender("127.0.0.1")) {
            int port = one.address().getPort();
            MulticastGroup first = group(one, "239.255.42.1", port);
            MulticastGroup second = group(two, "239.255.42.1", port);
            MulticastGroup out = group(from, "239.255.42.1", port);
            first.join(loopback).join();
            second.join(loopback).join();
            second.join(loopback).join();
            assertThat(second.memberships()).containsExactly(new MulticastGroup.Membership(loopback, null));
            out.send(bytes("both")).join();
            assertThat(one.next()).isEqualTo(new DatagramRig.Received("both", from.address()));
            assertThat(two.next().text()).isEqualTo("both");

            second.leave(loopback).join();
            assertThat(second.memberships()).isEmpty();
            assertThat(out.trySend(bytes("one"))).isTrue();
            assertThat(one.next().text()).isEqualTo("one");
            from.endpoint
                    .send(bytes(LAST), new InetSocketAddress("127.0.0.1", port))
                    .join();
            DatagramRig.awaitTrue(() -> one.received.size() + two.received.size() > 0);
            assertThat(two.received).extracting(DatagramRig.Received::text).doesNotContain("one");
        }
    }

    @Test
    void aSourceSpecificMemberHearsItsSendersAlone() throws Exception {
        try (DatagramRig member = member("0.0.0.0", 0);
                DatagramRig wanted = sender("127.0.0.1");
                DatagramRig other = sender("127.0.0.2")) {
            int port = member.address().getPort();
            MulticastGroup group = group(member, "232.42.42.1", port);
            group.join(loopback, address("127.0.0.1")).join();
            group(other, "232.42.42.1", port).send(bytes("unwanted")).join();
            group(wanted, "232.42.42.1", port).send(bytes("wanted")).join();
            assertThat(member.next()).isEqualTo(new DatagramRig.Received("wanted", wanted.address()));

            group.join(loopback, address("127.0.0.2")).join();
            group.leave(loopback, address("127.0.0.1")).join();
            group(wanted, "232.42.42.1", port).send(bytes("unwanted")).join();
            group(other, "232.42.42.1", port).send(bytes("now wanted")).join();
            assertThat(member.next().text()).isEqualTo("now wanted");
            assertThat(group.memberships())
                    .containsExactly(new MulticastGroup.Membership(loopback, address("127.0.0.2")));
        }
    }

    @Test
    void joinsGroupsOfIpv6() throws Exception {
        String unreachable = whyTheJdkCannotSendToIpv6();
        if (unreachable != null) {
            System.err.println("not tested with groups of IPv6: the JDK cannot send to one on " + loopback + " either: "
                    + unreachable);
        }
        assumeTrue(unreachable == null, unreachable);
        try (DatagramRig member = member("::", 0);
                DatagramRig from = sender("::1")) {
            int port = member.address().getPort();
            MulticastGroup group = group(member, "ff15::42", port);
            group.join(loopback).join();
            group(from, "ff15::42", port).send(bytes("six")).join();
            assertThat(member.next().text()).isEqualTo("six");
            group.leave(loopback).join();
            group(from, "ff15::42", port).send(bytes("unheard")).join();
            from.endpoint.send(bytes(LAST), new InetSocketAddress("::1", port)).join();
            assertThat(member.next().text()).isEqualTo(LAST);
        }
    }

    /** Null where it can: Linux routes no multicast of IPv6 to its loopback interface unless told to. */
    private static @Nullable String whyTheJdkCannotSendToIpv6() throws Exception {
        try (DatagramChannel jdk = DatagramChannel.open(StandardProtocolFamily.INET6)) {
            jdk.setOption(StandardSocketOptions.IP_MULTICAST_IF, NetworkInterface.getByName(loopback));
            jdk.bind(new InetSocketAddress(address("::1"), 0));
            jdk.send(ByteBuffer.allocate(1), new InetSocketAddress(address("ff15::42"), 9));
            return null;
        } catch (SocketException failure) {
            return failure.toString();
        }
    }

    @Test
    void aSenderThatDoesNotLoopIsNotHeardOnItsHost() throws Exception {
        try (DatagramRig member = member("0.0.0.0", 0);
                DatagramRig mute = new DatagramRig(
                        transport, it -> it.multicastInterface(loopback).multicastLoopback(false));
                DatagramRig loud = new DatagramRig(
                        transport,
                        it -> it.multicastInterface(loopback)
                                .multicastLoopback(true)
                                .multicastTimeToLive(0))) {
            mute.endpoint.bind(DatagramRig.ANY_PORT).join();
            loud.endpoint.bind(DatagramRig.ANY_PORT).join();
            int port = member.address().getPort();
            group(member, "239.255.42.2", port).join(loopback).join();
            group(loud, "239.255.42.2", port).send(bytes("loud")).join();
            assertThat(member.next().text()).isEqualTo("loud");
            assertThat(loopsBack(mute)).isFalse();
            assertThat(loopsBack(loud)).isTrue();
        }
    }

    @Test
    void whatGoesToAGroupMayTravelAsFarAsWasAskedFor() throws Exception {
        assertThat(hops("127.0.0.1", new IntegerUnixChannelOption("IP_MULTICAST_TTL", 0, 33)))
                .isEqualTo(7);
        assertThat(hops("::1", new IntegerUnixChannelOption("IPV6_MULTICAST_HOPS", 41, 18)))
                .isEqualTo(7);
    }

    /** What the system has been told of an endpoint at this address; the option is as Linux numbers it. */
    private int hops(String address, ChannelOption<Integer> option) throws Exception {
        try (DatagramRig rig = new DatagramRig(transport, it -> it.multicastTimeToLive(7))) {
            rig.endpoint.bind(new InetSocketAddress(address(address), 0)).join();
            ChannelConfig config = rig.endpoint.channel().config();
            boolean isLinux = transport == Transport.EPOLL || transport == Transport.IO_URING;
            return isLinux ? config.getOption(option) : ((DatagramChannelConfig) config).getTimeToLive();
        }
    }

    /** A loopback interface brings everything back, whatever the socket says: here the option itself is asked. */
    private boolean loopsBack(DatagramRig rig) {
        boolean flag = ((io.netty.channel.socket.DatagramChannel) rig.endpoint.channel())
                .config()
                .isLoopbackModeDisabled();
        // Netty passes the flag of nio through as it is.
        return (transport == Transport.NIO) == flag;
    }

    @Test
    void refusesWhatIsNoGroupOrOfTheOtherVersion() throws Exception {
        try (DatagramRig rig = member("0.0.0.0", 0)) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> group(rig, "10.0.0.1", 5000))
                    .withMessageContaining("must be a multicast address");
            assertThatIllegalArgumentException().isThrownBy(() -> group(rig, "239.1.1.1", 0));
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> group(rig, "ff15::1", 5000).join(loopback))
                    .withMessageContaining("IP version");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> group(rig, "239.1.1.1", 5000).join(loopback, address("::1")))
                    .withMessageContaining("source");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> group(rig, "239.1.1.1", 5000).join(loopback, address("239.1.1.2")));
        }
        try (DatagramRig unopened = new DatagramRig(transport, it -> it)) {
            assertThatIllegalStateException()
                    .isThrownBy(() -> group(unopened, "239.1.1.1", 5000).join(loopback))
                    .withMessageContaining("not open");
        }
    }

    @Test
    void anInterfaceThatDoesNotExistIsTypedAndNamed() throws Exception {
        try (DatagramRig rig = member("0.0.0.0", 0)) {
            NetFailure failure = failureOf(group(rig, "239.1.1.1", 5000).join("none0"));
            assertThat(failure.kind()).isEqualTo(Kind.UNREACHABLE);
            assertThat((Throwable) failure).hasMessageContaining("\"none0\"").hasMessageContaining(loopback);
        }
    }

    @Test
    void saysWhatTheSystemAllowsNoMoreOf() throws Exception {
        try (DatagramRig rig = member("0.0.0.0", 0)) {
            // net.ipv4.igmp_max_memberships, 20 where nobody has changed it; a machine that allows more joins them all.
            for (int i = 0; i < 1000; i++) {
                MulticastGroup group = group(rig, "239.255." + (i / 250) + "." + (1 + i % 250), 5000);
                try {
                    group.join(loopback).get();
                } catch (ExecutionException full) {
                    assertThat(Kind.of(full)).isEqualTo(Kind.RESOURCE_EXHAUSTED);
                    return;
                }
            }
        }
    }

    @Test
    void memberOfAllAndOfSomeExcludeEachOtherAndLeavingNeedsAMembership() throws Exception {
        try (DatagramRig rig = member("0.0.0.0", 0)) {
            MulticastGroup group = group(rig, "239.255.42.3", 5000);
            assertThatThrownBy(() -> group.leave(loopback).get()).cause().isInstanceOf(IllegalStateException.class);
            group.join(loopback).join();
            assertThatThrownBy(() -> group.join(loopback, address("127.0.0.1")).get())
                    .cause()
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("leave it there first");
            rig.endpoint.close();
            assertThat(group.memberships()).isEmpty();
            assertThat(failureOf(group.join(loopback, address("127.0.0.1"))).kind())
                    .isEqualTo(Kind.LOCAL_CLOSED);
        }
    }
}
