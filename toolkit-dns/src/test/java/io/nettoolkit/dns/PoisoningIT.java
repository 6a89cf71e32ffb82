package io.nettoolkit.dns;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.testkit.FakeDnsServer.Reply;
import io.nettoolkit.testkit.FakeDnsServer.Transport;
import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What is in the cache after an attack: the right answer or nothing, and never a name that was not asked for. The numbers are
 * those of the list of attacks on DNS.
 */
class PoisoningIT extends AttackedResolver {

    private DnsAnswer<DnsRecord.A> ask(String name) throws Exception {
        return resolver.query(name, DnsType.A).get(10, TimeUnit.SECONDS);
    }

    /** Names in the cache with what they are said to be. */
    private List<String> kept() {
        return resolver.cache().snapshot().stream()
                .map(entry -> entry.name() + " " + entry.answer().kind() + " "
                        + entry.answer().records().stream()
                                .map(DnsRecord::rdata)
                                .toList())
                .sorted()
                .toList();
    }

    private void keepsTheRightAnswerAfter(Reply forged) throws Exception {
        dns.on("a.example").reply(forged.then(Reply.answer(RIGHT).after(Duration.ofMillis(20))));
        ask("a.example");
        assertThat(kept()).containsExactly("a.example ANSWER [192.0.2.1]");
    }

    @Test
    void n31WrongIdIsNotKept() throws Exception {
        keepsTheRightAnswerAfter(Reply.answer(FORGED).withWrongId());
    }

    @Test
    void n32AnswerFromAnotherPortIsNotKept() throws Exception {
        keepsTheRightAnswerAfter(Reply.answer(FORGED).fromOtherPort());
    }

    @Test
    void n33AnswerFromAnotherAddressIsNotKept() throws Exception {
        keepsTheRightAnswerAfter(Reply.answer(FORGED).fromOtherAddress());
    }

    @Test
    void n34AnswerToAnotherQuestionIsNotKeptForEither() throws Exception {
        keepsTheRightAnswerAfter(Reply.answer(FORGED)
                .withWrongName()
                .then(Reply.answer(FORGED).withWrongType())
                .then(Reply.answer(FORGED).withWrongClass())
                .then(Reply.answer(FORGED).withoutQuestion()));
    }

    @Test
    void n35AnswerInOtherCaseIsNotKeptButThatOfTcp() throws Exception {
        String name = "abcdefghijklmnopqrst.example";
        dns.onAny()
                .reply(query -> query.transport() == Transport.UDP
                        ? Reply.answer(name + ". 300 A 203.0.113.66").inLowerCase()
                        : Reply.answer(name + ". 300 A 192.0.2.7"));
        ask(name);
        assertThat(kept()).containsExactly(name + " ANSWER [192.0.2.7]");
    }

    @Test
    void n36ManyForgedAnswersAreNotKept() throws Exception {
        dns.on("a.example")
                .reply(query -> query.transport() == Transport.TCP
                        ? Reply.answer(RIGHT)
                        : Reply.answer(FORGED).withWrongId().copies(10_000));
        ask("a.example");
        assertThat(kept()).containsExactly("a.example ANSWER [192.0.2.1]");
    }

    @Test
    void n38AnswerThatComesAfterEverybodyLeftIsNotKept() throws Exception {
        dns.on("a.example").reply(Reply.answer(FORGED).after(Duration.ofMillis(50)));
        CompletableFuture<?> given = resolver.query("a.example", DnsType.A);
        while (dns.queries().isEmpty()) {
            Thread.onSpinWait();
        }
        given.cancel(false);
        dns.on("b.example").reply(Reply.zone().after(Duration.ofMillis(150)));
        ask("b.example");
        assertThat(kept()).containsExactly("b.example ANSWER [192.0.2.2]");
    }

    @Test
    void n43WhatIsBesideAChainIsNotKept() throws Exception {
        dns.on("a.example")
                .reply(Reply.answer(
                        "d.example. 300 A 192.0.2.4",
                        "victim.example. 300 A 203.0.113.66",
                        "example. 300 TYPE39 \\# 6 0474657374 00",
                        "a.example. 120 CNAME d.example."));
        ask("a.example");
        assertThat(kept()).containsExactly("a.example ANSWER [192.0.2.4]");
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void n44CirclesOfAliasesAreNotKept(int length) throws Exception {
        for (int i = 0; i < length; i++) {
            dns.records("l" + i + ".example. 300 CNAME l" + (i + 1) % length + ".example.");
        }
        assertThat(failure(resolver.query("l0.example", DnsType.A)).kind()).isEqualTo(Kind.DNS_LOOP);
        assertThat(kept()).isEmpty();
    }

    @Test
    void n45AuthorityAndGlueAreNotKept() throws Exception {
        dns.on("a.example")
                .reply(Reply.answer(RIGHT)
                        .withAuthority("example. 300 NS ns.evil.test.", "test. 300 NS ns.evil.test.")
                        .withAdditional("ns.evil.test. 300 A 203.0.113.66", "b.example. 300 A 203.0.113.66"));
        ask("a.example");
        assertThat(kept()).containsExactly("a.example ANSWER [192.0.2.1]");
        assertThat(resolver.cached("b.example", DnsType.A)).isNull();
        assertThat(resolver.cached("example", DnsType.NS)).isNull();
    }

    @Test
    void n48AnswerThatIsCutOffOverTcpIsNotKept() throws Exception {
        dns.on("a.example").reply(Reply.zone().truncatedEverywhere());
        assertThat(failure(resolver.query("a.example", DnsType.A)).kind()).isEqualTo(Kind.PROTOCOL);
        assertThat(kept()).isEmpty();
    }

    @Test
    void n49AddressesOfThisNetworkAreRefusedToNamesOfStrangers() throws Exception {
        rebuild(builder().refusePrivateAddresses(List.of("corp.example")));
        dns.records("evil.test. 300 A 10.0.0.1", "evil.test. 300 AAAA 2001:db8::1", "nas.corp.example. 300 A 10.0.0.2");
        assertThat(failure(resolver.query("evil.test", DnsType.A)).kind()).isEqualTo(Kind.DNS_BOGUS);
        assertThat(failure(resolver.resolve("evil.test")).kind()).isEqualTo(Kind.DNS_BOGUS);
        assertThat(kept()).isEmpty();
        assertThat(resolver.resolve("nas.corp.example").get(10, TimeUnit.SECONDS))
                .extracting(InetAddress::getHostAddress)
                .containsExactly("10.0.0.2");
        assertThat(resolver.resolve("localhost").get(10, TimeUnit.SECONDS)).isNotEmpty();
    }
}
