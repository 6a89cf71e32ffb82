package io.nettoolkit.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.netty.channel.unix.DomainSocketAddress;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketAddress;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class EndpointTest {

    @ParameterizedTest
    @CsvSource({
        "example.com:443, example.com, 443",
        "localhost:0, localhost, 0",
        "my_service.default.svc.cluster.local.:65535, my_service.default.svc.cluster.local., 65535",
        "10.0.0.1:80, 10.0.0.1, 80",
        "255.255.255.255:1, 255.255.255.255, 1",
        "0.0.0.0:00080, 0.0.0.0, 80",
        "[::1]:53, ::1, 53",
        "[::]:53, ::, 53",
        "[2001:DB8::a]:53, 2001:DB8::a, 53",
        "[::ffff:192.0.2.1]:53, ::ffff:192.0.2.1, 53",
        "[fe80::1%eth0.100]:53, fe80::1%eth0.100, 53",
        "[fe80::1%25]:53, fe80::1%25, 53",
        "bücher.example:80, bücher.example, 80",
        "xn--bcher-kva.example:80, xn--bcher-kva.example, 80",
        "пример.рф:80, пример.рф, 80",
        "3com.com:80, 3com.com, 80",
        "1.2.3.4.example:80, 1.2.3.4.example, 80",
        "unix:80, unix, 80",
    })
    void parsesHostAndPort(String text, String host, int port) {
        Endpoint endpoint = Endpoint.parse(text);

        assertThat(endpoint).isEqualTo(Endpoint.of(host, port));
        assertThat(endpoint.host()).isEqualTo(host);
        assertThat(endpoint.port()).isEqualTo(port);
        assertThat(endpoint.isUnix()).isFalse();
        assertThat(Endpoint.parse(endpoint.toString())).isEqualTo(endpoint);
    }

    @ParameterizedTest
    @ValueSource(strings = {"unix:/run/app.sock", "unix:///run/app.sock", "unix:/80", "unix:/a b:[c]", "unix:/ü"})
    void parsesUnixPaths(String text) {
        Endpoint endpoint = Endpoint.parse(text);

        assertThat(endpoint.isUnix()).isTrue();
        assertThat(endpoint.path()).isEqualTo(text.substring("unix:".length()));
        assertThat(endpoint.port()).isEqualTo(Endpoint.NO_PORT);
        assertThat(endpoint).isEqualTo(Endpoint.unix(endpoint.path())).hasToString(text);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            ignoreLeadingAndTrailingWhitespace = false,
            value = {
                "~~|port is missing",
                "example.com|port is missing",
                "example.com:|port is missing",
                "[::1]|port is missing",
                ":80|host is missing",
                "[]:80|brackets are for IPv6",
                "[::1:80|not closed",
                "[::1]80|after the closing bracket",
                "[::1]]:80|after the closing bracket",
                "[10.0.0.1]:80|brackets are for IPv6",
                "[example.com]:80|brackets are for IPv6",
                "::|goes in brackets",
                "::1:80|goes in brackets",
                "a:b:80|goes in brackets",
                "2001:db8::1|goes in brackets",
                "host:65536|0 to 65535",
                "host:99999999999999999999|0 to 65535",
                "host:-1|0 to 65535",
                "host:+80|0 to 65535",
                "host:8 0|0 to 65535",
                "host:80 |0 to 65535",
                "host:٨٠|0 to 65535",
                "host:0x50|0 to 65535",
                "host:http|0 to 65535",
                "http://host:80|brackets",
                "user@host:80|must not contain U+0040",
                " host:80|must not contain U+0020",
                "ho st:80|must not contain U+0020",
                "host/path:80|must not contain U+002F",
                "host%eth0:80|must not contain U+0025",
                "*:80|must not contain U+002A",
                "a,b:80|must not contain U+002C",
                "a..b:80|labels",
                ".a:80|labels",
                ".:80|labels",
                "256.1.1.1:80|four decimal numbers",
                "1.2.3:80|four decimal numbers",
                "127.1:80|four decimal numbers",
                "2130706433:80|four decimal numbers",
                "010.0.0.1:80|four decimal numbers",
                "0x7f.0.0.1:80|four decimal numbers",
                "127.0.0.0x1:80|four decimal numbers",
                "1.2.3.4.5:80|four decimal numbers",
                "1.2.3.4.:80|four decimal numbers",
                "[:::1]:80|must be an IPv6 address",
                "[1::2::3]:80|must be an IPv6 address",
                "[::g]:80|must be an IPv6 address",
                "[::1.2.3.256]:80|must be an IPv6 address",
                "[1:2:3:4:5:6:7:8:9]:80|must be an IPv6 address",
                "[fe80::1%]:80|must have an interface name",
                "[fe80::1%a%b]:80|must have an interface name",
                "[fe80::1%eth 0]:80|must have an interface name",
                "[[::1]]:80|after the closing bracket",
                "unix:|port is missing",
                "[::1]:|port is missing",
                "unix:run/app.sock|0 to 65535",
            })
    void refusesMalformedTextAndSaysWhy(String text, String rule) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Endpoint.parse(text))
                .withMessageContaining(rule)
                .withMessageContaining("\"");
    }

    @Test
    void refusesCharactersThatHideWhatAHostIs() {
        for (String hidden :
                new String[] {"\0", "\n", "\r", "\t", "\u007f", "\u00a0", "\u202e", "\u2066", "\u3002", "\uff0e"}) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> Endpoint.of("exa" + hidden + "mple.com", 80))
                    .withMessageContaining(String.format("U+%04X", (int) hidden.charAt(0)));
        }
    }

    @Test
    void refusesNamesThatNoResolverTakes() {
        String label = "a".repeat(63);
        String longest = String.join(".", label, label, label, "a".repeat(61));

        assertThat(Endpoint.of(longest, 1).host()).hasSize(253);
        assertThat(Endpoint.of(longest + ".", 1).host()).hasSize(254);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Endpoint.of(longest + "a", 1))
                .withMessageContaining("253");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Endpoint.of(label + "a", 1))
                .withMessageContaining("63");
    }

    @Test
    void refusesBadPartsNamingThem() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Endpoint.of("host", -1))
                .withMessage("port: -1 (must be 0 to 65535)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Endpoint.of("host", 65536))
                .withMessage("port: 65536 (must be 0 to 65535)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Endpoint.of("", 80))
                .withMessage("host: \"\" (must not be empty)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Endpoint.of("[::1]", 80))
                .withMessage("host: \"[::1]\" (must be without brackets)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Endpoint.unix("run/app.sock"))
                .withMessage("path: \"run/app.sock\" (must be absolute)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Endpoint.unix("/a\0b"))
                .withMessageContaining("NUL");
        assertThatNullPointerException().isThrownBy(() -> new Endpoint(null, 1)).withMessageContaining("host");
    }

    @Test
    void refusesPathsThatDoNotFitASocketAddress() {
        assertThat(Endpoint.unix("/" + "a".repeat(106)).path()).hasSize(107);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Endpoint.unix("/" + "a".repeat(107)))
                .withMessageContaining("108 bytes (must be at most 107");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Endpoint.unix("/" + "ü".repeat(54)))
                .withMessageContaining("109 bytes");
    }

    @Test
    void leavesNamesToTheResolver() {
        InetSocketAddress address =
                (InetSocketAddress) Endpoint.of("Example.COM", 80).toSocketAddress();

        assertThat(address.isUnresolved()).isTrue();
        assertThat(address.getHostString()).isEqualTo("Example.COM");
        assertThat(address.getPort()).isEqualTo(80);
    }

    @Test
    void resolvesLiteralsWithoutAskingAnybody() {
        assertThat(resolved("192.0.2.1").getAddress().getHostAddress()).isEqualTo("192.0.2.1");
        assertThat(resolved("::1").getAddress().isLoopbackAddress()).isTrue();
        assertThat(resolved("::ffff:192.0.2.1").getAddress().getHostAddress()).isEqualTo("192.0.2.1");
    }

    @Test
    void keepsTheZoneOfALiteral() throws Exception {
        NetworkInterface loopback = NetworkInterface.getByIndex(1);

        Inet6Address byNumber = (Inet6Address) resolved("fe80::1%1").getAddress();
        Inet6Address byName =
                (Inet6Address) resolved("::1%" + loopback.getName()).getAddress();

        assertThat(byNumber.getScopeId()).isEqualTo(1);
        assertThat(byName.getScopeId()).isEqualTo(1);
    }

    @Test
    void leavesALiteralOfAnUnknownInterfaceUnresolved() {
        InetSocketAddress address =
                (InetSocketAddress) Endpoint.of("fe80::1%nosuch0", 80).toSocketAddress();

        assertThat(address.isUnresolved()).isTrue();
    }

    @Test
    void makesUnixPathsDomainSocketAddresses() {
        SocketAddress address = Endpoint.unix("/run/app.sock").toSocketAddress();

        assertThat(address).isEqualTo(new DomainSocketAddress("/run/app.sock"));
    }

    @Test
    void changesThePortOfAHostOnly() {
        assertThat(Endpoint.parse("[::1]:0").withPort(8080)).isEqualTo(Endpoint.of("::1", 8080));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Endpoint.of("a", 1).withPort(Endpoint.NO_PORT));
        assertThatIllegalStateException()
                .isThrownBy(() -> Endpoint.unix("/a").withPort(1))
                .withMessageContaining("unix:/a has no port");
        assertThatIllegalStateException()
                .isThrownBy(() -> Endpoint.of("a", 1).path())
                .withMessageContaining("a:1 has no path");
    }

    /** Whatever comes in: it is refused with the documented exception, or prints a text that means the same. */
    @Test
    void refusesOrRoundTripsRandomText() {
        long seed = 20261121;
        Random random = new Random(seed);
        String[] pieces = {
            "[",
            "]",
            ":",
            "::",
            ".",
            "%",
            "/",
            "unix:",
            "unix:/",
            "1",
            "255",
            "256",
            "0",
            "f",
            "fe80",
            "a",
            "-",
            "_",
            "example",
            "com",
            "80",
            "65535",
            " ",
            "\0",
            "ü",
            "@",
            "127.0.0.1",
            "::1",
            "ffff:",
            "eth0",
            "0x1",
            "\u202e"
        };
        int accepted = 0;
        for (int i = 0; i < 50_000; i++) {
            StringBuilder text = new StringBuilder();
            for (int n = random.nextInt(8); n >= 0; n--) {
                text.append(pieces[random.nextInt(pieces.length)]);
            }
            Endpoint endpoint;
            try {
                endpoint = Endpoint.parse(text.toString());
            } catch (IllegalArgumentException refused) {
                continue;
            }
            accepted++;
            assertThat(Endpoint.parse(endpoint.toString()))
                    .as("\"%s\" in round %d of seed %d", text, i, seed)
                    .isEqualTo(endpoint);
            assertThat(endpoint.toSocketAddress()).isNotNull();
        }
        assertThat(accepted).isGreaterThan(500);
    }

    private static InetSocketAddress resolved(String host) {
        InetSocketAddress address = (InetSocketAddress) Endpoint.of(host, 80).toSocketAddress();
        assertThat(address.isUnresolved()).as(host).isFalse();
        return address;
    }
}
