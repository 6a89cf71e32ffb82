package io.nettoolkit.dns.internal.name;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.dns.internal.wire.DnsName;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class ResolvConfTest {

    private static InetSocketAddress server(String address, int port) {
        try {
            return new InetSocketAddress(InetAddress.getByName(address), port);
        } catch (UnknownHostException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void readsWhatResolvConfMeans() {
        ResolvConf conf = ResolvConf.parse("""
                # made by hand
                ; another comment
                nameserver 192.0.2.1
                nameserver\t2001:db8::1   # the other one
                search one.example  Two.EXAMPLE. # not-a-domain
                options ndots:5 timeout:3 attempts:4 rotate edns0
                """);

        assertThat(conf.nameServers()).containsExactly(server("192.0.2.1", 53), server("2001:db8::1", 53));
        assertThat(conf.search()).extracting(DnsName::key).containsExactly("one.example", "two.example");
        assertThat(conf.ndots()).isEqualTo(5);
        assertThat(conf.timeout()).isEqualTo(Duration.ofSeconds(3));
        assertThat(conf.attempts()).isEqualTo(4);
        assertThat(conf.rotate()).isTrue();
        assertThat(conf.ignoredLines()).isZero();
    }

    @Test
    void hasTheDefaultsOfTheCLibraryWithoutAFile() {
        ResolvConf conf = ResolvConf.DEFAULT;

        assertThat(conf.nameServers()).containsExactly(server("127.0.0.1", 53));
        assertThat(conf.search()).isEmpty();
        assertThat(conf.ndots()).isEqualTo(1);
        assertThat(conf.timeout()).isNull();
        assertThat(conf.attempts()).isZero();
        assertThat(conf.rotate()).isFalse();
    }

    @Test
    void believesTheLastOfDomainAndSearch() {
        assertThat(ResolvConf.parse("search a.example b.example\ndomain c.example d.example\n")
                        .search())
                .extracting(DnsName::key)
                .containsExactly("c.example");
        assertThat(ResolvConf.parse("domain c.example\nsearch a.example b.example\n")
                        .search())
                .extracting(DnsName::key)
                .containsExactly("a.example", "b.example");
        assertThat(ResolvConf.parse("search a.example\nsearch .\n").search()).isEmpty();
    }

    @Test
    void keepsNumbersWithinTheirBounds() {
        ResolvConf high = ResolvConf.parse("options ndots:99 timeout:999999999 attempts:100\n");
        ResolvConf low = ResolvConf.parse("options ndots:0 timeout:0 attempts:0\n");

        assertThat(high.ndots()).isEqualTo(15);
        assertThat(high.timeout()).isEqualTo(Duration.ofSeconds(30));
        assertThat(high.attempts()).isEqualTo(5);
        assertThat(low.ndots()).isZero();
        assertThat(low.timeout()).isEqualTo(Duration.ofSeconds(1));
        assertThat(low.attempts()).isEqualTo(1);
    }

    @Test
    void countsWhatItDoesNotUnderstandAndGoesOn() {
        ResolvConf conf = ResolvConf.parse("""
                nameserver
                nameserver example.com
                nameserver 1.2.3
                nameserver 010.0.0.1
                gibberish
                options ndots:many
                options ndots:-1
                nameserver 192.0.2.9
                """);

        assertThat(conf.nameServers()).containsExactly(server("192.0.2.9", 53));
        assertThat(conf.ndots()).isEqualTo(1);
        assertThat(conf.ignoredLines()).isEqualTo(7);
    }

    @Test
    void badInput57ReadsPortsOfNameServers() {
        ResolvConf conf = ResolvConf.parse("""
                nameserver 192.0.2.1:5353
                nameserver [2001:db8::1]:5354
                nameserver [2001:db8::2]
                nameserver 192.0.2.1:0
                nameserver 192.0.2.1:65536
                nameserver [2001:db8::1]:
                nameserver [2001:db8::1
                """);

        assertThat(conf.nameServers())
                .containsExactly(server("192.0.2.1", 5353), server("2001:db8::1", 5354), server("2001:db8::2", 53));
        assertThat(conf.ignoredLines()).isEqualTo(4);
    }

    @Test
    void badInput57ReadsZoneIds() {
        ResolvConf conf =
                ResolvConf.parse("nameserver fe80::1%1\nnameserver fe80::1%no-such-interface\nnameserver fe80::1%\n");

        assertThat(conf.nameServers()).hasSize(1);
        assertThat(conf.nameServers().get(0).getAddress().getHostAddress()).isEqualTo("fe80:0:0:0:0:0:0:1%1");
        assertThat(conf.ignoredLines()).isEqualTo(2);
    }

    @Test
    void badInput57ReadsCarriageReturnsAndAByteOrderMark() {
        byte[] content = "\ufeffnameserver 192.0.2.1\r\nsearch a.example\r\rnameserver 192.0.2.2\r"
                .getBytes(StandardCharsets.UTF_8);
        ResolvConf conf = ResolvConf.parse(content);

        assertThat(conf.nameServers()).containsExactly(server("192.0.2.1", 53), server("192.0.2.2", 53));
        assertThat(conf.search()).extracting(DnsName::key).containsExactly("a.example");
        assertThat(conf.ignoredLines()).isZero();
    }

    @Test
    void badInput57BelievesNoLineWithANul() {
        ResolvConf conf = ResolvConf.parse(
                "nameserver 192.0.2.1\0\nnameserver 192.0.2.2\nsearch a.example\0b.example\n\0\n\0nameserver 192.0.2.3\n");

        assertThat(conf.nameServers()).containsExactly(server("192.0.2.2", 53));
        assertThat(conf.search()).isEmpty();
        assertThat(conf.ignoredLines()).isEqualTo(4);
    }

    @Test
    void badInput57AsksTheServerOfThisHostWhereTheFileIsEmpty() {
        for (String content : new String[] {"", "\n", "# nothing\n", "\ufeff", "search a.example\n"}) {
            assertThat(ResolvConf.parse(content).nameServers())
                    .as("content \"%s\"", content)
                    .containsExactly(server("127.0.0.1", 53));
        }
    }

    @Test
    void badInput57IsBoundedByItsRulesNotByTheFile() {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < 300_000; i++) {
            text.append("nameserver 10.")
                    .append(i >> 16)
                    .append('.')
                    .append(i >> 8 & 255)
                    .append('.')
                    .append(i & 255)
                    .append('\n');
        }
        text.append("search");
        for (int i = 0; i < 300_000; i++) {
            text.append(" d").append(i).append(".example");
        }
        ResolvConf conf = ResolvConf.parse(
                text.append("\nnameserver").append("x".repeat(1 << 20)).toString());

        assertThat(text.length()).isGreaterThan(10_000_000);
        assertThat(conf.nameServers()).hasSize(ResolvConf.MAX_SERVERS);
        assertThat(conf.search()).hasSize(ResolvConf.MAX_SEARCH);
    }
}
