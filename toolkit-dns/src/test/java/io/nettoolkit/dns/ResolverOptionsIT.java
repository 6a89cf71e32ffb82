package io.nettoolkit.dns;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.core.TlsConfig;
import io.nettoolkit.dns.internal.name.NameFiles;
import io.nettoolkit.testkit.FakeDnsServer;
import io.nettoolkit.testkit.FakeDnsServer.Query;
import io.nettoolkit.testkit.FakeDnsServer.Reply;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a caller sets, and what is sent then, over sockets. */
class ResolverOptionsIT extends AttackedResolver {

    @ParameterizedTest
    @CsvSource({
        "192.0.2.25, 25.2.0.192.in-addr.arpa.",
        "2001:db8::1, 1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa."
    })
    void findsTheNamesOfAnAddress(String address, String name) throws Exception {
        dns.records(name + " 300 PTR mail.example.");

        DnsAnswer<DnsRecord.Ptr> answer =
                resolver.reverse(InetAddress.getByName(address)).get(10, TimeUnit.SECONDS);

        assertThat(answer.records()).hasToString("[" + name + " 300 PTR mail.example.]");
    }

    /** Because it reads files. */
    @Test
    void isNotBuiltOnAnEventLoop() {
        Throwable refusal = loops.next()
                .submit(() -> builder().build())
                .awaitUninterruptibly()
                .cause();
        assertThat(refusal).isInstanceOf(IllegalStateException.class).hasMessageContaining("DnsResolver.build");
    }

    /** Who wants to forge an answer has to guess both. */
    @Test
    void askFromManyPortsWithIdsInNoOrder() throws Exception {
        int lookups = 200;
        dns.onAny().reply(Reply.answer(RIGHT));
        for (int i = 0; i < lookups; i++) {
            resolver.query("n" + i + ".example", DnsType.AAAA)
                    .handle((answer, failure) -> 0)
                    .get(10, TimeUnit.SECONDS);
        }

        List<Query> queries = dns.queries();
        Set<Integer> ports = new HashSet<>();
        Set<Integer> ids = new HashSet<>();
        Set<Integer> steps = new HashSet<>();
        for (int i = 0; i < queries.size(); i++) {
            ports.add(queries.get(i).from().getPort());
            ids.add(queries.get(i).id());
            steps.add(i == 0 ? 0 : queries.get(i).id() - queries.get(i - 1).id());
        }
        assertThat(queries).hasSizeGreaterThanOrEqualTo(lookups);
        assertThat(ports).as("ports").hasSizeBetween(4, 16);
        // 200 of 65,536: two are equal here and there, never many.
        assertThat(ids).as("ids").hasSizeGreaterThan(lookups - 20);
        assertThat(steps).as("steps from id to id").hasSizeGreaterThan(lookups - 20);
    }

    @Test
    void whatTheBuilderSaysGoesBeforeTheFile(@TempDir Path directory) throws Exception {
        Path resolvConf = Files.writeString(
                directory.resolve("resolv.conf"),
                "nameserver 127.0.0.1:" + dns.address().getPort()
                        + "\nsearch wrong.example\noptions ndots:5 timeout:30 attempts:1\n");
        Path hosts = Files.writeString(directory.resolve("hosts"), "");
        dns.records("web.svc.example. 300 A 192.0.2.7");
        dns.on("slow.example").reply(Reply.nothing(), Reply.answer("slow.example. 300 A 192.0.2.8"));
        rebuild(DnsResolver.builder()
                .loops(loops)
                .files(new NameFiles.Sources(resolvConf, hosts, Duration.ofSeconds(10)))
                .search(List.of("svc.example"), 1)
                .tryTimeout(Duration.ofMillis(100))
                .attempts(3));

        assertThat(resolver.resolve("web").get(10, TimeUnit.SECONDS))
                .containsExactly(InetAddress.getByName("192.0.2.7"));
        assertThat(dns.queries()).noneMatch(query -> query.name().contains("wrong"));
        // One try of 30 s by the file; the first one is lost.
        assertThat(resolver.query("slow.example", DnsType.A)
                        .get(10, TimeUnit.SECONDS)
                        .records())
                .hasSize(1);
    }

    @Test
    void aLookupEndsWithTheQueryTimeWhateverTheTriesTake() {
        dns.on("never.example").reply(Reply.nothing());
        rebuild(builder().tryTimeout(Duration.ofSeconds(60)).queryTimeout(Duration.ofMillis(200)));

        assertThat(failure(resolver.query("never.example", DnsType.A)).kind()).isEqualTo(Kind.DNS_TIMEOUT);
    }

    @Test
    void tellsOfTriesThatWereLost() throws Exception {
        ConcurrentLinkedQueue<String> retries = new ConcurrentLinkedQueue<>();
        dns.on("slow.example").reply(Reply.nothing(), Reply.nothing(), Reply.answer("slow.example. 300 A 192.0.2.8"));
        rebuild(builder().tryTimeout(Duration.ofMillis(100)).attempts(4).listener(new DnsResolver.Listener() {
            @Override
            public void onRetry(String name, DnsType<?> type, DnsException cause) {
                retries.add(name + " " + type + " " + cause.kind());
            }
        }));

        assertThat(resolver.query("slow.example", DnsType.A)
                        .get(10, TimeUnit.SECONDS)
                        .records())
                .hasSize(1);
        assertThat(retries).isNotEmpty().allMatch("slow.example. A DNS_TIMEOUT"::equals);
    }

    @Test
    void asksOverTlsAndGoesToAnotherConnectionWhereOneIsReset() throws Exception {
        X509Bundle certificate = new CertificateBuilder()
                .subject("CN=localhost")
                .addSanIpAddress("127.0.0.1")
                .ecp256()
                .setIsCertificateAuthority(true)
                .buildSelfSigned();
        SslContext context =
                SslContextBuilder.forServer(certificate.toKeyManagerFactory()).build();
        try (FakeDnsServer secure = FakeDnsServer.start(context)) {
            secure.records(RIGHT, "b.example. 300 A 192.0.2.2");
            secure.on("b.example")
                    .reply(Reply.answer("b.example. 300 A 192.0.2.2").resetAfter(5), Reply.zone());
            rebuild(DnsResolver.builder()
                    .loops(loops)
                    .nameServers(List.of(secure.tlsAddress()))
                    .tls(TlsConfig.client()
                            .trust(Arrays.asList(certificate.getCertificatePath()))
                            .build()));

            assertThat(resolver.query("a.example", DnsType.A)
                            .get(10, TimeUnit.SECONDS)
                            .records())
                    .hasSize(1);
            assertThat(resolver.query("b.example", DnsType.A)
                            .get(10, TimeUnit.SECONDS)
                            .records())
                    .hasSize(1);
            assertThat(secure.queries()).extracting(Query::transport).containsOnly(FakeDnsServer.Transport.TLS);
        }
    }
}
