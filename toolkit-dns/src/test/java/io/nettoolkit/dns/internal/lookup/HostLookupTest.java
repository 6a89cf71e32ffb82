package io.nettoolkit.dns.internal.lookup;

import static io.nettoolkit.dns.internal.lookup.LookupRig.get;
import static io.nettoolkit.dns.internal.lookup.LookupRig.kind;
import static io.nettoolkit.dns.internal.lookup.LookupRig.text;
import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.dns.DnsAnswer;
import io.nettoolkit.dns.DnsType;
import io.nettoolkit.dns.internal.cache.Responses;
import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class HostLookupTest {

    private LookupRig rig = new LookupRig();

    @AfterEach
    void close() {
        rig.close();
    }

    private void ipv4(String name, String... addresses) {
        rig.upstream.asked(name, DnsType.A).answer(Responses.addresses(name, 300, addresses));
    }

    private void ipv6(String name, String... addresses) {
        rig.upstream.asked(name, DnsType.AAAA).answer(Responses.addresses(name, 300, addresses));
    }

    private void nothing(String name, DnsType<?> type, DnsAnswer.Kind kind) {
        rig.upstream.asked(name, type).answer(Responses.nothing(name, type, kind, 300, 300));
    }

    /** Servers that know these names alone, each by one IPv4 address. */
    private void servers(String... names) {
        Set<String> known = Set.of(names);
        rig.upstream.answers(question -> {
            String name = question.key();
            if (!known.contains(name)) {
                return Responses.nothing(name, question.type(), DnsAnswer.Kind.NXDOMAIN, 300, 300);
            }
            return question.type().equals(DnsType.A)
                    ? Responses.addresses(name, 300, "192.0.2.1")
                    : Responses.nothing(name, question.type(), DnsAnswer.Kind.NODATA, 300, 300);
        });
    }

    @Test
    void asksForBothFamiliesAtOnce() {
        CompletableFuture<List<InetAddress>> host = rig.resolve("web.example");
        assertThat(rig.upstream.names()).containsExactly("web.example A", "web.example AAAA");
        ipv6("web.example", "2001:db8::1");
        assertThat(host).isNotDone();
        ipv4("web.example", "192.0.2.1", "192.0.2.2");

        List<InetAddress> addresses = get(host);
        assertThat(text(addresses)).containsExactly("192.0.2.1", "192.0.2.2", "2001:db8:0:0:0:0:0:1");
        // They know their name: printing or verifying one looks nothing up.
        assertThat(addresses).allMatch(address -> address.getHostName().equals("web.example"));
    }

    @Test
    void givesTheSecondFamilyFiftyMilliseconds() {
        CompletableFuture<List<InetAddress>> host = rig.resolve("web.example");
        ipv4("web.example", "192.0.2.1");
        rig.advance(Duration.ofMillis(49));
        assertThat(host).isNotDone();
        rig.advance(Duration.ofMillis(1));
        assertThat(text(get(host))).containsExactly("192.0.2.1");

        // The late answer goes to the cache, and the next caller has it.
        assertThat(rig.upstream.asked("web.example", DnsType.AAAA).cancelled).isFalse();
        ipv6("web.example", "2001:db8::1");
        assertThat(text(get(rig.resolve("web.example")))).containsExactly("192.0.2.1", "2001:db8:0:0:0:0:0:1");
        assertThat(rig.upstream.asked()).hasSize(2);
    }

    @Test
    void waitsLongerForTheFamilyThisHostCanReach() {
        CompletableFuture<List<InetAddress>> host = rig.resolve("web.example");
        ipv6("web.example", "2001:db8::1");
        rig.advance(Duration.ofSeconds(1));
        assertThat(host).isNotDone();
        ipv4("web.example", "192.0.2.1");
        assertThat(text(get(host))).hasSize(2);
    }

    @Test
    void takesWhatThereIsWhereOneFamilyFails() {
        CompletableFuture<List<InetAddress>> host = rig.resolve("web.example");
        rig.upstream.asked("web.example", DnsType.AAAA).answer(Kind.DNS_SERVER_FAILURE);
        assertThat(host).isNotDone();
        ipv4("web.example", "192.0.2.1");
        assertThat(text(get(host))).containsExactly("192.0.2.1");
    }

    @Test
    void tellsNoSuchNameFromNoAddress() {
        servers();
        assertThat(kind(rig.resolve("gone.example"))).isEqualTo(Kind.DNS_NO_SUCH_NAME);
        rig.upstream.answers(q -> Responses.nothing(q.key(), q.type(), DnsAnswer.Kind.NODATA, 300, 300));
        assertThat(kind(rig.resolve("mail.example"))).isEqualTo(Kind.DNS_NO_DATA);
    }

    @Test
    void waitsForNoSecondFamilyOfANameThatDoesNotExist() {
        CompletableFuture<List<InetAddress>> host = rig.resolve("gone.example");
        nothing("gone.example", DnsType.A, DnsAnswer.Kind.NXDOMAIN);
        assertThat(kind(host)).isEqualTo(Kind.DNS_NO_SUCH_NAME);
        assertThat(rig.upstream.asked("gone.example", DnsType.AAAA).cancelled).isTrue();
    }

    @Test
    void triesTheSearchListInItsOrder() {
        rig.search(2, "a.example", "b.example");
        servers("web.b.example");
        assertThat(text(get(rig.resolve("web")))).containsExactly("192.0.2.1");
        assertThat(rig.upstream.names()).startsWith("web.a.example A").contains("web.b.example A");
        assertThat(rig.upstream.names()).noneMatch(name -> name.startsWith("web A"));
    }

    @Test
    void asksNobodyForAShortNameThatIsWarm() {
        rig.search(5, "ns.svc.cluster.local", "svc.cluster.local", "cluster.local");
        servers("example.com");
        assertThat(text(get(rig.resolve("example.com")))).containsExactly("192.0.2.1");
        int cold = rig.upstream.asked().size();
        assertThat(cold).isLessThanOrEqualTo(8);
        for (int i = 0; i < 10; i++) {
            assertThat(rig.resolve("example.com")).isDone();
        }
        assertThat(kind(rig.resolve("gone.example"))).isEqualTo(Kind.DNS_NO_SUCH_NAME);
        int withMiss = rig.upstream.asked().size();
        assertThat(kind(rig.resolve("gone.example"))).isEqualTo(Kind.DNS_NO_SUCH_NAME);
        assertThat(rig.upstream.asked()).hasSize(withMiss);
    }

    @Test
    void goesOnAfterACandidateThatFailsAndTellsOfItInTheEnd() {
        rig.search(2, "broken.example", "b.example");
        rig.upstream.answers(question -> question.key().endsWith("broken.example")
                ? Kind.DNS_SERVER_FAILURE
                : question.key().startsWith("web")
                        ? Responses.addresses(
                                question.key(), 300, question.type().equals(DnsType.A) ? "192.0.2.1" : "2001:db8::1")
                        : Responses.nothing(question.key(), question.type(), DnsAnswer.Kind.NXDOMAIN, 300, 300));
        assertThat(text(get(rig.resolve("web")))).hasSize(2);
        // "No such host" would be more than is known.
        assertThat(kind(rig.resolve("gone"))).isEqualTo(Kind.DNS_SERVER_FAILURE);
    }

    @Test
    void hasOneDeadlineForAllCandidates() {
        rig.search(2, "a.example", "b.example");
        CompletableFuture<List<InetAddress>> host =
                rig.lookups.resolve("web", Deadline.after(Duration.ofSeconds(2), rig.clock), rig.loop);
        rig.advance(Duration.ofMillis(1900));
        nothing("web.a.example", DnsType.A, DnsAnswer.Kind.NXDOMAIN);
        assertThat(host).isNotDone();
        rig.advance(Duration.ofMillis(100));
        assertThat(kind(host)).isEqualTo(Kind.DNS_TIMEOUT);
    }

    @Test
    void endsBothQuestionsWhenTheCallerLeaves() {
        CompletableFuture<List<InetAddress>> host = rig.resolve("web.example");
        rig.upstream.asked();
        host.cancel(false);
        assertThat(rig.upstream.asked()).hasSize(2).allMatch(each -> each.cancelled);
    }

    @Test
    void answersLiteralsLocalhostAndHostsWithoutAsking() {
        rig.hosts("192.0.2.9 web.example\n2001:db8::9 web.example\n");
        assertThat(text(get(rig.resolve("192.0.2.7")))).containsExactly("192.0.2.7");
        assertThat(text(get(rig.resolve("[::1]")))).containsExactly("0:0:0:0:0:0:0:1");
        assertThat(text(get(rig.resolve("localhost")))).containsExactly("127.0.0.1", "0:0:0:0:0:0:0:1");
        assertThat(text(get(rig.resolve("a.localhost.")))).contains("127.0.0.1");
        assertThat(text(get(rig.resolve("WEB.example")))).containsExactly("192.0.2.9", "2001:db8:0:0:0:0:0:9");
        assertThat(kind(rig.resolve("0x7f.1"))).isEqualTo(Kind.DNS_BAD_NAME);
        assertThat(kind(rig.resolve("x.onion"))).isEqualTo(Kind.DNS_NO_SUCH_NAME);
        assertThat(rig.upstream.asked()).isEmpty();
    }

    @Test
    void badInput54AnswersEveryLookupThroughADayWithoutServers() {
        servers("web.example");
        get(rig.resolve("web.example"));
        rig.upstream.answers(question -> Kind.DNS_TIMEOUT);
        for (int minute = 0; minute < 24 * 60; minute++) {
            assertThat(text(get(rig.resolve("web.example"))))
                    .as("minute %d", minute)
                    .containsExactly("192.0.2.1");
            rig.advance(Duration.ofMinutes(1));
        }
        // 5 minutes of its own, and a day.
        rig.advance(Duration.ofMinutes(6));
        assertThat(kind(rig.resolve("web.example"))).isEqualTo(Kind.DNS_TIMEOUT);
        assertThat(rig.upstream.asked().size()).as("questions in a day").isLessThan(2 * 24 * 60 + 10);
    }

    @Test
    void forgetsTheAddressesOfAHostWithItsAnswers() {
        servers("web.example");
        get(rig.resolve("web.example"));
        rig.cache.invalidate(Responses.name("web.example"));
        get(rig.resolve("web.example"));
        assertThat(rig.upstream.asked()).hasSize(4);
    }

    @Test
    void seesAChangeOfTheHostsFile() {
        servers("web.example");
        get(rig.resolve("web.example"));
        rig.hosts("192.0.2.9 web.example\n");
        assertThat(text(get(rig.resolve("web.example")))).containsExactly("192.0.2.9");
    }

    @Test
    void refreshesBothFamiliesOfAHostInUse() {
        servers("web.example");
        get(rig.resolve("web.example"));
        rig.advance(Duration.ofSeconds(290));
        get(rig.resolve("web.example"));
        get(rig.resolve("web.example"));
        assertThat(rig.upstream.asked()).hasSize(4);
        rig.advance(Duration.ofSeconds(20));
        assertThat(rig.resolve("web.example")).isNotNull();
        get(rig.resolve("web.example"));
        assertThat(rig.upstream.asked()).hasSize(4);
    }
}
