package io.nettoolkit.dns;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nettoolkit.core.EventLoops;
import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.core.TlsConfig;
import io.nettoolkit.testkit.LeakCheck;
import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Against nsd and unbound, and with dig as a second opinion. */
@ExtendWith(LeakCheck.class)
class RealServersIT {

    private static final String ZONE = """
            $ORIGIN example.test.
            $TTL 300
            @ SOA ns.example.test. hostmaster.example.test. 2026 7200 3600 86400 60
            @ NS ns.example.test.
            ns A 127.0.0.1
            @ MX 10 mail.example.test.
            @ MX 20 backup.example.test.
            @ CAA 128 issue "ca.example.net; policy=ev"
            @ TXT "v=spf1 -all" "second \\"string\\""
            host A 192.0.2.1
            host A 192.0.2.2
            host AAAA 2001:db8::1
            host AAAA ::ffff:192.0.2.9
            alias CNAME chain
            chain CNAME host
            outside CNAME www.other.test.
            *.wild A 192.0.2.77
            _sip._tcp SRV 10 60 5060 host.example.test.
            _sip._tcp SRV 10 40 5061 host.example.test.
            _sip._tcp SRV 20 0 5062 backup.example.test.
            svc SVCB 1 host.example.test. alpn="h2,h3" port=8443 ipv4hint=192.0.2.1
            web HTTPS 1 . alpn=h3 ipv6hint=2001:db8::1
            web2 HTTPS 0 web.example.test.
            odd TYPE65280 \\# 4 cafebabe
            we\\.ird\\032name A 192.0.2.3
            1.2.0.192.in-addr PTR host.example.test.
            """ + "big TXT " + ("\"" + "x".repeat(250) + "\" ").repeat(20) + "\n";

    @TempDir
    static Path directory;

    private static EventLoops loops;
    private static NameServerProcess nsd;
    private static int tlsPort;
    private static X509Bundle certificate;

    @BeforeAll
    static void start() throws Exception {
        NameServerProcess.need("nsd");
        certificate = new CertificateBuilder()
                .subject("CN=localhost")
                .addSanIpAddress("127.0.0.1")
                .ecp256()
                .setIsCertificateAuthority(true)
                .buildSelfSigned();
        Path key = Files.writeString(directory.resolve("key.pem"), certificate.getPrivateKeyPEM());
        Path chain = Files.writeString(directory.resolve("chain.pem"), certificate.getCertificatePathPEM());
        int port = NameServerProcess.freePort();
        tlsPort = NameServerProcess.freePort();
        nsd = NameServerProcess.nsd(
                directory,
                port,
                List.of(
                        "ip-address: 127.0.0.1@" + tlsPort,
                        "tls-port: " + tlsPort,
                        "tls-service-key: \"" + key + "\"",
                        "tls-service-pem: \"" + chain + "\""),
                List.of(
                        new NameServerProcess.Zone("example.test.", ZONE),
                        new NameServerProcess.Zone("other.test.", """
                                $ORIGIN other.test.
                                @ 300 SOA ns h 1 2 3 4 5
                                @ 300 NS ns
                                ns 300 A 127.0.0.1
                                www 300 A 198.51.100.1
                                """)));
        loops = EventLoops.builder().threads(1).build();
    }

    @AfterAll
    static void stop() {
        if (loops != null) {
            loops.close();
            nsd.close();
        }
    }

    private static DnsResolver.Builder to(InetSocketAddress server) {
        return DnsResolver.builder().loops(loops).nameServers(List.of(server));
    }

    private static List<String> ask(DnsResolver.Builder builder, String name, String type) throws Exception {
        try (DnsResolver resolver = builder.build()) {
            return lines(resolver.query(name, DnsType.parse(type)).get(10, TimeUnit.SECONDS));
        }
    }

    private static List<String> lines(DnsAnswer<?> answer) {
        return answer.records().stream().map(Object::toString).toList();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "host.example.test|A|host.example.test. 300 A 192.0.2.1;host.example.test. 300 A 192.0.2.2",
                "host.example.test|AAAA|host.example.test. 300 AAAA 2001:db8::1;host.example.test. 300 AAAA ::ffff:192.0.2.9",
                "example.test|NS|example.test. 300 NS ns.example.test.",
                "example.test|SOA|example.test. 300 SOA ns.example.test. hostmaster.example.test. 2026 7200 3600 86400 60",
                "example.test|MX|example.test. 300 MX 10 mail.example.test.;example.test. 300 MX 20 backup.example.test.",
                "example.test|CAA|example.test. 300 CAA 128 issue \"ca.example.net; policy=ev\"",
                "example.test|TXT|example.test. 300 TXT \"v=spf1 -all\" \"second \\\"string\\\"\"",
                "alias.example.test|CNAME|alias.example.test. 300 CNAME chain.example.test.",
                "alias.example.test|A|host.example.test. 300 A 192.0.2.1;host.example.test. 300 A 192.0.2.2",
                "1.2.0.192.in-addr.example.test|PTR|1.2.0.192.in-addr.example.test. 300 PTR host.example.test.",
                "odd.example.test|TYPE65280|odd.example.test. 300 TYPE65280 \\# 4 cafebabe",
                "we\\.ird\\032name.example.test|A|we\\.ird\\032name.example.test. 300 A 192.0.2.3",
                "any.thing.wild.example.test|A|any.thing.wild.example.test. 300 A 192.0.2.77",
                "svc.example.test|SVCB|svc.example.test. 300 SVCB 1 host.example.test. alpn=\"h2,h3\" port=8443 ipv4hint=192.0.2.1",
                "web.example.test|HTTPS|web.example.test. 300 HTTPS 1 . alpn=\"h3\" ipv6hint=2001:db8::1",
                "web2.example.test|HTTPS|web2.example.test. 300 HTTPS 0 web.example.test."
            })
    void readsRecordsOfEveryType(String name, String type, String expected) throws Exception {
        assertThat(ask(to(nsd.address()), name, type)).containsExactlyInAnyOrder(expected.split(";(?! )"));
    }

    @Test
    void readsTheServersOfAService() throws Exception {
        try (DnsResolver resolver = to(nsd.address()).build()) {
            assertThat(resolver.query("_sip._tcp.example.test", DnsType.SRV)
                            .get()
                            .records())
                    .extracting(DnsRecord.Srv::priority, DnsRecord.Srv::weight, DnsRecord.Srv::port)
                    .containsExactlyInAnyOrder(
                            org.assertj.core.groups.Tuple.tuple(10, 60, 5060),
                            org.assertj.core.groups.Tuple.tuple(10, 40, 5061),
                            org.assertj.core.groups.Tuple.tuple(20, 0, 5062));
        }
    }

    @Test
    void tellsNoSuchNameFromNoSuchData() throws Exception {
        try (DnsResolver resolver = to(nsd.address()).build()) {
            DnsAnswer<DnsRecord.A> noName =
                    resolver.query("gone.example.test", DnsType.A).get();
            DnsAnswer<DnsRecord.Mx> noData =
                    resolver.query("host.example.test", DnsType.MX).get();
            assertThat(noName.kind()).isEqualTo(DnsAnswer.Kind.NXDOMAIN);
            assertThat(noData.kind()).isEqualTo(DnsAnswer.Kind.NODATA);
            // By the SOA: its minimum, which is less than its TTL.
            assertThat(noName.ttl()).isBetween(Duration.ofSeconds(50), Duration.ofSeconds(60));
            assertThat(noData.ttl()).isBetween(Duration.ofSeconds(50), Duration.ofSeconds(60));
            assertThatThrownBy(() -> resolver.resolve("gone.example.test").get())
                    .cause()
                    .isInstanceOfSatisfying(
                            DnsException.class, e -> assertThat(e.kind()).isEqualTo(Kind.DNS_NO_SUCH_NAME));
        }
    }

    @Test
    void followsAliasesIntoOtherZones() throws Exception {
        try (DnsResolver resolver = to(nsd.address()).build()) {
            DnsAnswer<DnsRecord.A> answer =
                    resolver.query("outside.example.test", DnsType.A).get();
            assertThat(lines(answer)).containsExactly("www.other.test. 300 A 198.51.100.1");
            assertThat(answer.aliases()).hasSize(1);
        }
    }

    @Test
    void fetchesLongAnswersOverTcp() throws Exception {
        try (DnsResolver resolver = to(nsd.address()).build()) {
            DnsAnswer<DnsRecord.Txt> answer =
                    resolver.query("big.example.test", DnsType.TXT).get();
            assertThat(answer.records().get(0).text()).hasSize(5000);
            assertThat(resolver.stats().tcpFallbacks()).isOne();
        }
    }

    @Test
    void asksOverTcpAlone() throws Exception {
        DnsResolver.Builder builder = to(nsd.address()).protocol(DnsResolver.Protocol.TCP);
        assertThat(ask(builder, "host.example.test", "A")).hasSize(2);
    }

    @Test
    void asksOverTls() throws Exception {
        TlsConfig tls = TlsConfig.client()
                .trust(Arrays.asList(certificate.getCertificatePath()))
                .build();
        DnsResolver.Builder builder = to(new InetSocketAddress(InetAddress.getLoopbackAddress(), tlsPort))
                .tls(tls);
        assertThat(ask(builder, "big.example.test", "TXT")).hasSize(1);
    }

    @Test
    void doesNotAskOverTlsAServerItDoesNotTrust() throws Exception {
        try (DnsResolver resolver = to(new InetSocketAddress(InetAddress.getLoopbackAddress(), tlsPort))
                .tls(TlsConfig.client().build())
                .build()) {
            assertThatThrownBy(
                            () -> resolver.query("host.example.test", DnsType.A).get())
                    .cause()
                    .isInstanceOfSatisfying(
                            DnsException.class, e -> assertThat(e.kind()).isEqualTo(Kind.TLS_CERTIFICATE));
        }
    }

    @Test
    void unboundAnswersFromTheZoneOfNsd(@TempDir Path own) throws Exception {
        NameServerProcess.need("unbound");
        String forward = "  local-zone: \"test.\" nodefault\n  domain-insecure: \"test.\"\n"
                + "forward-zone:\n  name: \".\"\n  forward-addr: 127.0.0.1@"
                + nsd.address().getPort() + "\n";
        try (NameServerProcess unbound = NameServerProcess.unbound(own, NameServerProcess.freePort(), forward);
                DnsResolver resolver = to(unbound.address()).build()) {
            assertThat(lines(resolver.query("outside.example.test", DnsType.A).get(10, TimeUnit.SECONDS)))
                    .containsExactly("www.other.test. 300 A 198.51.100.1");
            assertThat(resolver.query("gone.example.test", DnsType.A).get().kind())
                    .isEqualTo(DnsAnswer.Kind.NXDOMAIN);
            assertThat(resolver.resolve("host.example.test").get()).hasSize(4);
        }
    }

    @Test
    void comesBackWithTheServer(@TempDir Path own) throws Exception {
        NameServerProcess.Zone zone = new NameServerProcess.Zone("example.test.", ZONE);
        try (NameServerProcess server =
                        NameServerProcess.nsd(own, NameServerProcess.freePort(), List.of(), List.of(zone));
                DnsResolver resolver = to(server.address()).build()) {
            assertThat(resolver.query("host.example.test", DnsType.A).get().records())
                    .hasSize(2);
            server.stop();
            assertThatThrownBy(() ->
                            resolver.query("alias.example.test", DnsType.A).get())
                    .isInstanceOf(ExecutionException.class)
                    .hasCauseInstanceOf(DnsException.class);
            server.restart();
            DnsAnswer<DnsRecord.Mx> answer = null;
            while (answer == null) {
                try {
                    answer = resolver.query("example.test", DnsType.MX).get();
                } catch (ExecutionException notYet) {
                    assertThat(notYet.getCause()).isInstanceOf(DnsException.class);
                    LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
                }
            }
            assertThat(answer.records()).hasSize(2);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "host.example.test,A",
        "host.example.test,AAAA",
        "example.test,MX",
        "example.test,SOA",
        "example.test,TXT",
        "example.test,CAA",
        "_sip._tcp.example.test,SRV",
        "svc.example.test,SVCB",
        "web.example.test,HTTPS",
        "odd.example.test,TYPE65280",
        "we\\.ird\\032name.example.test,A",
        "big.example.test,TXT"
    })
    void writesRecordsAsDigDoes(String name, String type) throws Exception {
        NameServerProcess.need("dig");
        assertThat(ask(to(nsd.address()), name, type)).containsExactlyInAnyOrderElementsOf(dig(name, type));
    }

    /** The answer section, in the words of {@code NAME TTL TYPE RDATA}. */
    private static List<String> dig(String name, String type) throws Exception {
        Process dig = new ProcessBuilder(
                        "dig",
                        "@127.0.0.1",
                        "-p",
                        Integer.toString(nsd.address().getPort()),
                        "+noall",
                        "+answer",
                        "+nosplit",
                        name,
                        type)
                .redirectErrorStream(true)
                .start();
        List<String> lines = new ArrayList<>();
        try (BufferedReader reader =
                new BufferedReader(new InputStreamReader(dig.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line : reader.lines().collect(Collectors.toList())) {
                if (!line.isBlank() && !line.startsWith(";")) {
                    lines.add(line.replaceFirst("^(\\S+)\\s+(\\d+)\\s+IN\\s+(\\S+)\\s+", "$1 $2 $3 ")
                            .replace("\\# 4 CAFEBABE", "\\# 4 cafebabe"));
                }
            }
        }
        assertThat(dig.waitFor()).isZero();
        return lines;
    }
}
