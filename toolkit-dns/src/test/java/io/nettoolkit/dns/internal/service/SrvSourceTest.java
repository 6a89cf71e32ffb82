package io.nettoolkit.dns.internal.service;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.dns.DnsAnswer;
import io.nettoolkit.dns.DnsException;
import io.nettoolkit.dns.DnsRecord;
import io.nettoolkit.dns.ServiceEndpoint;
import io.nettoolkit.dns.internal.cache.Responses;
import io.nettoolkit.dns.internal.service.EndpointSource.Found;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;

class SrvSourceTest {

    private final List<DnsRecord.Srv> records = new ArrayList<>();
    private DnsAnswer.Kind kind = DnsAnswer.Kind.ANSWER;
    private final Map<String, CompletableFuture<List<InetAddress>>> addresses = new HashMap<>();
    private final List<String> asked = new ArrayList<>();
    private Duration addressTtl = Duration.ofHours(1);

    private final Names names = new Names() {
        @Override
        public CompletableFuture<DnsAnswer<DnsRecord.Srv>> servers(String service) {
            return CompletableFuture.completedFuture(new DnsAnswer<>(
                    kind,
                    records,
                    List.of(),
                    DnsAnswer.Source.NETWORK,
                    null,
                    Duration.ZERO,
                    false,
                    Deadline.after(Duration.ofSeconds(60))));
        }

        @Override
        public CompletableFuture<List<InetAddress>> addresses(String host) {
            asked.add(host);
            return addresses.computeIfAbsent(
                    host, key -> CompletableFuture.completedFuture(List.of(Responses.address("192.0.2.1"))));
        }

        @Override
        public Duration addressTtl(String host) {
            return addressTtl;
        }
    };

    private final SrvSource source = new SrvSource(names, "_x._tcp.example");

    private void srv(int priority, int weight, int port, String target) {
        records.add(new DnsRecord.Srv("_x._tcp.example.", 60, priority, weight, port, target));
    }

    private Found find(ServiceEndpoint... known) {
        return source.find(List.of(known)).join();
    }

    @Test
    void makesEndpointsOfTargetsAndTheirAddresses() {
        srv(1, 2, 443, "A.example.");
        srv(3, 4, 8443, "b.example.");
        addressTtl = Duration.ofSeconds(20);
        Found found = find();

        List<InetAddress> address = List.of(Responses.address("192.0.2.1"));
        assertThat(found.endpoints())
                .containsExactly(
                        new ServiceEndpoint("a.example", 443, 1, 2, address),
                        new ServiceEndpoint("b.example", 8443, 3, 4, address));
        assertThat(found.ttl()).isEqualTo(Duration.ofSeconds(20));
        assertThat(asked).containsExactly("A.example.", "b.example.");
    }

    @Test
    void hasTheTtlOfTheRecordsWhereThatIsShorter() {
        srv(1, 2, 443, "a.example.");
        assertThat(find().ttl()).isBetween(Duration.ofSeconds(50), Duration.ofSeconds(60));
    }

    @Test
    void takesADotForDecidedlyNotThere() {
        srv(0, 0, 0, ".");
        assertThat(find().endpoints()).isEmpty();
        assertThat(asked).isEmpty();
    }

    @Test
    void failsWhereThereIsNoService() {
        kind = DnsAnswer.Kind.NXDOMAIN;
        assertFails(Kind.DNS_NO_SUCH_NAME);
        kind = DnsAnswer.Kind.NODATA;
        assertFails(Kind.DNS_NO_DATA);
    }

    private void assertFails(Kind expected) {
        assertThatExceptionOfType(CompletionException.class)
                .isThrownBy(this::find)
                .withCauseInstanceOf(DnsException.class)
                .satisfies(e -> assertThat(((DnsException) e.getCause()).kind()).isEqualTo(expected));
    }

    @Test
    void keepsTheAddressesOfATargetThatCannotBeLookedUp() {
        srv(1, 1, 443, "a.example.");
        srv(1, 1, 443, "b.example.");
        srv(1, 1, 443, "c.example.");
        CompletableFuture<List<InetAddress>> broken = CompletableFuture.failedFuture(
                DnsException.builder(Kind.DNS_TIMEOUT, "x").build());
        addresses.put("a.example.", broken);
        addresses.put("b.example.", broken);
        List<InetAddress> old = List.of(Responses.address("192.0.2.77"));

        Found found = find(new ServiceEndpoint("a.example", 443, 9, 9, old));
        assertThat(found.endpoints()).hasSize(2);
        assertThat(found.endpoints().get(0)).isEqualTo(new ServiceEndpoint("a.example", 443, 1, 1, old));
        assertThat(found.endpoints().get(1).host()).isEqualTo("c.example");

        addresses.put("c.example.", broken);
        assertFails(Kind.DNS_TIMEOUT);
    }

    @Test
    void looksUpSixteenAtOnceAndAThousandInTheEnd() {
        for (int i = 0; i < 1000; i++) {
            srv(1, 1, 443, "h" + i + ".example.");
        }
        assertThat(find().endpoints()).hasSize(1000);

        asked.clear();
        CompletableFuture<List<InetAddress>> pending = new CompletableFuture<>();
        records.forEach(record -> addresses.put(record.target(), pending));
        CompletableFuture<Found> found = source.find(List.of());
        assertThat(asked).hasSize(16);
        pending.complete(List.of(Responses.address("192.0.2.1")));
        assertThat(found.join().endpoints()).hasSize(1000);
    }

    @Test
    void takesOneEndpointOfRecordsThatAreTheSame() {
        srv(1, 1, 443, "a.example.");
        srv(1, 9, 443, "A.EXAMPLE.");
        assertThat(find().endpoints()).hasSize(1);
    }
}
