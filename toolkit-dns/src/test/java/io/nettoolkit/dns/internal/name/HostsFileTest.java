package io.nettoolkit.dns.internal.name;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.dns.internal.wire.DnsName;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class HostsFileTest {

    private static HostsFile parse(String content) {
        return HostsFile.parse(content.getBytes(StandardCharsets.UTF_8));
    }

    private static List<String> addresses(HostsFile hosts, String name) throws UnknownHostException {
        return hosts.addresses(GivenName.parse(name)).stream()
                .map(InetAddress::getHostAddress)
                .toList();
    }

    @Test
    void readsNamesAndAliasesInTheOrderOfTheFile() throws UnknownHostException {
        HostsFile hosts = parse("""
                127.0.0.1   localhost
                ::1         localhost ip6-localhost   # a comment
                192.0.2.1   Web.Example  web # another alias
                #192.0.2.7  web
                192.0.2.2   web#not-an-alias
                192.0.2.1   web
                """);

        assertThat(addresses(hosts, "localhost")).containsExactly("127.0.0.1", "0:0:0:0:0:0:0:1");
        assertThat(addresses(hosts, "WEB.example.")).containsExactly("192.0.2.1");
        assertThat(addresses(hosts, "web")).containsExactly("192.0.2.1", "192.0.2.2");
        assertThat(addresses(hosts, "not-an-alias")).isEmpty();
        assertThat(hosts.size()).isEqualTo(4);
        assertThat(hosts.ignoredLines()).isZero();
    }

    @Test
    void readsInternationalNames() throws UnknownHostException {
        HostsFile hosts = parse("192.0.2.1 b\u00fccher.example\n");

        assertThat(addresses(hosts, "xn--bcher-kva.example")).containsExactly("192.0.2.1");
        assertThat(addresses(hosts, "B\u00dcCHER.example")).containsExactly("192.0.2.1");
    }

    @Test
    void countsWhatItDoesNotUnderstandAndGoesOn() throws UnknownHostException {
        HostsFile hosts = parse("""
                web 192.0.2.1
                1.2.3 a
                192.0.2.1#2 a
                fe80::1%no-such-interface a
                192.0.2.1 a..b c
                192.0.2.3 d
                """);

        assertThat(addresses(hosts, "a")).isEmpty();
        assertThat(addresses(hosts, "c")).containsExactly("192.0.2.1");
        assertThat(addresses(hosts, "d")).containsExactly("192.0.2.3");
        assertThat(hosts.ignoredLines()).isEqualTo(5);
    }

    @Test
    void keepsABoundedNumberOfAddressesOfOneName() throws UnknownHostException {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < 200; i++) {
            text.append("192.0.2.").append(i).append(" web\n");
        }
        assertThat(addresses(parse(text.toString()), "web")).hasSize(64).startsWith("192.0.2.0");
    }

    @Test
    void badInput57ReadsNulsCarriageReturnsAndAByteOrderMark() throws UnknownHostException {
        HostsFile hosts = parse("\ufeff192.0.2.1 a\r\n192.0.2.2 b\0c\r192.0.2.3 d\n\0192.0.2.4 e\n");

        assertThat(addresses(hosts, "a")).containsExactly("192.0.2.1");
        assertThat(addresses(hosts, "b")).isEmpty();
        assertThat(addresses(hosts, "d")).containsExactly("192.0.2.3");
        assertThat(hosts.ignoredLines()).isEqualTo(2);
    }

    @Test
    void badInput57ReadsAFileOfTenMegabytes() throws UnknownHostException {
        StringBuilder text = new StringBuilder(11 << 20);
        int names = 0;
        while (text.length() < 10 << 20) {
            text.append("0.0.0.0 advertisement-").append(names++).append(".example\n");
        }
        HostsFile hosts = parse(text.toString());

        assertThat(hosts.size()).isEqualTo(names);
        assertThat(addresses(hosts, "advertisement-" + (names - 1) + ".example"))
                .containsExactly("0.0.0.0");
        // One address object for all of them.
        assertThat(hosts.addresses(DnsName.of("advertisement-0.example")).get(0))
                .isSameAs(hosts.addresses(DnsName.of("advertisement-1.example")).get(0));
    }

    @Test
    void badInput57ReadsNothingFromNothing() {
        for (String content : new String[] {"", "\n\n", "\ufeff", "   ", "#"}) {
            assertThat(parse(content).size()).as("content \"%s\"", content).isZero();
        }
    }
}
