package io.nettoolkit.dns.internal.name;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.dns.DnsException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.List;
import org.junit.jupiter.api.Test;

class HostNameTest {

    private static String literal(String host) throws DnsException {
        InetAddress address = HostName.literal(host);
        return address == null ? "a name" : address.getHostAddress();
    }

    @Test
    void badInput58ReadsAddresses() throws DnsException {
        assertThat(literal("192.0.2.1")).isEqualTo("192.0.2.1");
        assertThat(literal("0.0.0.0")).isEqualTo("0.0.0.0");
        assertThat(literal("::1")).isEqualTo("0:0:0:0:0:0:0:1");
        assertThat(literal("[::1]")).isEqualTo("0:0:0:0:0:0:0:1");
        assertThat(HostName.literal("::ffff:192.0.2.1")).isInstanceOf(Inet4Address.class);
        for (String name : List.of("example.com", "1.2.3.4.com", "1e100.net", "com.", "a1", "1a", "-1", "0x.example")) {
            assertThat(literal(name)).isEqualTo("a name");
        }
    }

    @Test
    void badInput58RefusesWhatIsAnAddressToSomeOnly() {
        for (String host : List.of(
                "1",
                "0x7f.1",
                "0x7f000001",
                "127.1",
                "010.0.0.1",
                "1.2.3.04",
                "1.2.3.4.",
                "256.1.1.1",
                "1.2.3.4.5",
                "a.1",
                "a.0x",
                "2130706433",
                ":",
                "::1%",
                "::g",
                "1:2",
                "[::1",
                "::1%no-such-interface",
                "::1]")) {
            assertThatExceptionOfType(DnsException.class)
                    .as("host \"%s\"", host)
                    .isThrownBy(() -> HostName.literal(host))
                    .satisfies(e -> assertThat(e.kind()).isEqualTo(Kind.DNS_BAD_NAME));
        }
    }

    @Test
    void badInput58KnowsLocalhostAndTheNamesBelowIt() throws DnsException {
        for (String name : List.of("localhost", "LOCALHOST.", "a.localhost", "b.a.LocalHost")) {
            assertThat(HostName.isLocalhost(GivenName.parse(name))).as(name).isTrue();
        }
        for (String name : List.of("localhost.example", "alocalhost", "a\\.localhost", "local")) {
            assertThat(HostName.isLocalhost(GivenName.parse(name))).as(name).isFalse();
        }
        assertThat(HostName.loopback())
                .allMatch(InetAddress::isLoopbackAddress)
                .extracting(InetAddress::getHostAddress)
                .containsExactly("127.0.0.1", "0:0:0:0:0:0:0:1");
    }

    @Test
    void badInput58NeverAsksForOnionsAndInvalids() throws DnsException {
        for (String name : List.of("x.onion", "onion", "a.b.ONION.", "invalid", "x.invalid")) {
            assertThat(HostName.isNeverAsked(GivenName.parse(name))).as(name).isTrue();
        }
        for (String name : List.of("onion.example", "myonion", "x.test")) {
            assertThat(HostName.isNeverAsked(GivenName.parse(name))).as(name).isFalse();
        }
    }
}
