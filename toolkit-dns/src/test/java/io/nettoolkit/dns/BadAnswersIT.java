package io.nettoolkit.dns;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.core.RejectedException;
import io.nettoolkit.testkit.FakeDnsServer;
import io.nettoolkit.testkit.FakeDnsServer.Reply;
import io.nettoolkit.testkit.FakeDnsServer.Transport;
import io.nettoolkit.testkit.FaultProxy;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Servers and forgers that do what they must not; the numbers are those of the list of attacks on DNS. */
class BadAnswersIT extends AttackedResolver {

    private String ask(String name) throws Exception {
        return ask(resolver, name);
    }

    private static String ask(DnsResolver resolver, String name) throws Exception {
        resolver.cache().clear();
        return resolver.query(name, DnsType.A).get(10, TimeUnit.SECONDS).records().stream()
                .map(DnsRecord::rdata)
                .toList()
                .toString();
    }

    private DnsException failure(String name) {
        resolver.cache().clear();
        return failure(resolver.query(name, DnsType.A));
    }

    private void isNotFooledBy(Reply forged) throws Exception {
        dns.on("a.example").reply(forged.then(Reply.answer(RIGHT).after(Duration.ofMillis(20))));
        assertThat(ask("a.example")).isEqualTo("[192.0.2.1]");
    }

    @Test
    void n31WrongId() throws Exception {
        isNotFooledBy(Reply.answer(FORGED).withWrongId());
        assertThat(resolver.stats().mismatches()).isOne();
    }

    @Test
    void n32RightIdFromAnotherPort() throws Exception {
        isNotFooledBy(Reply.answer(FORGED).fromOtherPort());
    }

    @Test
    void n33RightIdFromAnotherAddress() throws Exception {
        // From 127.0.0.2 and the port that was asked. The socket is connected, so this ends in the kernel.
        isNotFooledBy(Reply.answer(FORGED).fromOtherAddress().copies(20));
        assertThat(resolver.stats().mismatches()).isZero();
    }

    @Test
    void n34RightIdAndAnotherQuestion() throws Exception {
        isNotFooledBy(Reply.answer(FORGED)
                .withWrongName()
                .then(Reply.answer(FORGED).withWrongType())
                .then(Reply.answer(FORGED).withWrongClass())
                .then(Reply.answer(FORGED).withoutQuestion()));
        assertThat(resolver.stats().mismatches()).isEqualTo(4);
    }

    @Test
    void n35QuestionInOtherCaseIsAskedAgainOverTcp() throws Exception {
        dns.onAny()
                .reply(query -> query.transport() == Transport.UDP
                        ? Reply.answer("abcdefghijklmnopqrst.example. 300 A 203.0.113.66")
                                .inLowerCase()
                        : Reply.answer("abcdefghijklmnopqrst.example. 300 A 192.0.2.7"));
        assertThat(ask("abcdefghijklmnopqrst.example")).isEqualTo("[192.0.2.7]");
        assertThat(dns.queries())
                .extracting(FakeDnsServer.Query::transport)
                .containsExactly(Transport.UDP, Transport.TCP);
    }

    @Test
    void n35ServerThatLosesTheCaseIsRemembered() throws Exception {
        dns.onAny()
                .reply(query -> Reply.answer(query.name().toLowerCase(java.util.Locale.ROOT) + " 300 A 192.0.2.7")
                        .inLowerCase());
        for (int i = 0; i < 3; i++) {
            assertThat(ask("abcdefghijklmnopqrst.example")).isEqualTo("[192.0.2.7]");
        }
        assertThat(dns.queries())
                .filteredOn(query -> query.transport() == Transport.TCP)
                .hasSize(1);
    }

    @Test
    void n36ManyForgedAnswersBeforeTheRightOne() throws Exception {
        List<InetSocketAddress> suspected = new java.util.concurrent.CopyOnWriteArrayList<>();
        rebuild(builder().listener(new DnsResolver.Listener() {
            @Override
            public void onForgerySuspected(InetSocketAddress server, long count) {
                suspected.add(server);
            }
        }));
        dns.on("a.example")
                .reply(query -> query.transport() == Transport.TCP
                        ? Reply.answer(RIGHT)
                        : Reply.answer(FORGED).withWrongId().copies(100_000));
        assertThat(ask("a.example")).isEqualTo("[192.0.2.1]");
        assertThat(suspected).containsExactly(dns.address());
        assertThat(ask("b.example")).isEqualTo("[192.0.2.2]");
        assertThat(dns.queries().get(dns.queries().size() - 1).transport()).isEqualTo(Transport.TCP);
    }

    @Test
    void n38LateAnswersToOldQueriesAreNotTakenForOthers() throws Exception {
        dns.on("a.example").reply(Reply.answer(FORGED).after(Duration.ofMillis(150)));
        CompletableFuture<?> given = resolver.query("a.example", DnsType.A);
        while (dns.queries().isEmpty()) {
            Thread.onSpinWait();
        }
        given.cancel(false);
        dns.on("b.example").reply(Reply.zone().after(Duration.ofMillis(300)));
        assertThat(ask("b.example")).isEqualTo("[192.0.2.2]");
        assertThat(resolver.stats().mismatches()).isZero();
    }

    @Test
    void n39AnswersThatComeTwice() throws Exception {
        dns.on("a.example").reply(Reply.zone().copies(3));
        assertThat(ask("a.example")).isEqualTo("[192.0.2.1]");
        assertThat(ask("b.example")).isEqualTo("[192.0.2.2]");
        assertThat(resolver.stats().mismatches()).isZero();
    }

    @Test
    void n40RecordsOfOtherNamesAreNotTaken() throws Exception {
        dns.on("a.example")
                .reply(Reply.answer("victim.example. 300 A 203.0.113.66", RIGHT, "b.example. 1 A 203.0.113.66"));
        assertThat(ask("a.example")).isEqualTo("[192.0.2.1]");
        dns.on("b.example").reply(Reply.answer("victim.example. 300 A 203.0.113.66"));
        assertThat(resolver.query("b.example", DnsType.A).get().kind()).isEqualTo(DnsAnswer.Kind.NODATA);
    }

    @Test
    void n41AliasesThatDoNotBelongToTheChain() throws Exception {
        dns.on("a.example")
                .reply(Reply.answer(
                        "bank.test. 300 CNAME evil.test.",
                        "a.example. 300 CNAME c.example.",
                        "evil.test. 300 A 203.0.113.66",
                        "c.example. 300 A 192.0.2.3"));
        DnsAnswer<DnsRecord.A> answer = resolver.query("a.example", DnsType.A).get();
        assertThat(answer.aliases()).hasToString("[a.example. 300 CNAME c.example.]");
        assertThat(answer.records()).hasToString("[c.example. 300 A 192.0.2.3]");
    }

    @Test
    void n42AddressOfAnotherNameThanTheAliasPointsTo() throws Exception {
        dns.on("a.example").reply(Reply.answer("a.example. 300 CNAME b.example.", "x.example. 300 A 203.0.113.66"));
        assertThat(ask("a.example")).isEqualTo("[192.0.2.2]");
        assertAskedOnce("b.example");
    }

    @Test
    void n43ChainsInAnyOrderAndWithDname() throws Exception {
        dns.on("a.example")
                .reply(Reply.answer(
                        "d.example. 300 A 192.0.2.4",
                        "c.example. 60 CNAME d.example.",
                        "example. 300 TYPE39 \\# 6 0474657374 00",
                        "a.example. 120 CNAME c.example."));
        assertThat(ask("a.example")).isEqualTo("[192.0.2.4]");
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void n44CirclesOfAliases(int length) {
        List<String> circle = new ArrayList<>();
        for (int i = 0; i < length; i++) {
            circle.add("l" + i + ".example. 300 CNAME l" + (i + 1) % length + ".example.");
        }
        dns.records(circle.toArray(new String[0]));
        assertThat(failure("l0.example").kind()).isEqualTo(Kind.DNS_LOOP);
    }

    @Test
    void n44LongChainsAndAliasBesideData() throws Exception {
        for (int i = 0; i < 20; i++) {
            dns.records("c" + i + ".example. 300 CNAME c" + (i + 1) + ".example.");
        }
        dns.records("c20.example. 300 A 192.0.2.5");
        assertThat(ask("c4.example")).isEqualTo("[192.0.2.5]");
        assertThat(failure("c3.example").kind()).isEqualTo(Kind.DNS_LOOP);
        dns.on("a.example").reply(Reply.answer("a.example. 300 CNAME b.example.", RIGHT));
        assertThat(ask("a.example")).isEqualTo("[192.0.2.1]");
    }

    @Test
    void n45AuthorityAndGlueAreNotTaken() throws Exception {
        dns.on("a.example")
                .reply(Reply.answer(RIGHT)
                        .withAuthority("example. 300 NS ns.evil.test.", "test. 300 NS ns.evil.test.")
                        .withAdditional("ns.evil.test. 300 A 203.0.113.66", "b.example. 300 A 203.0.113.66"));
        assertThat(ask("a.example")).isEqualTo("[192.0.2.1]");
        assertThat(ask("b.example")).isEqualTo("[192.0.2.2]");
    }

    @Test
    void n46NegativeAnswers() throws Exception {
        dns.on("a.example")
                .reply(Reply.answer("a.example. 300 CNAME gone.example.").withRcode(3));
        DnsAnswer<DnsRecord.A> gone = resolver.query("a.example", DnsType.A).get();
        assertThat(gone.kind()).isEqualTo(DnsAnswer.Kind.NXDOMAIN);
        assertThat(gone.aliases()).hasSize(1);
        String numbers = " 300 SOA ns.example. h.example. 1 2 3 4 2147483648";
        dns.on("c.example").reply(Reply.rcode(0), Reply.rcode(3).withAuthority("other.test." + numbers));
        assertThat(resolver.query("c.example", DnsType.A).get().kind()).isEqualTo(DnsAnswer.Kind.NODATA);
        resolver.cache().clear();
        assertThat(resolver.query("c.example", DnsType.A).get().kind()).isEqualTo(DnsAnswer.Kind.NXDOMAIN);
        dns.on("d.example").reply(Reply.rcode(0).asReferral().withAuthority("example. 300 NS ns.example."));
        assertThat(failure("d.example")).hasMessageContaining("refers to other servers");
    }

    @Test
    void n47CutOffAnswerWithoutRecordsIsFetchedOverTcp() throws Exception {
        dns.on("a.example").reply(Reply.zone().truncated());
        assertThat(ask("a.example")).isEqualTo("[192.0.2.1]");
        assertThat(resolver.stats().tcpFallbacks()).isOne();
    }

    @Test
    void n48AnswerThatIsCutOffOverTcp() {
        dns.on("a.example").reply(Reply.zone().truncatedEverywhere());
        DnsException failure = failure("a.example");
        assertThat(failure.kind()).isEqualTo(Kind.PROTOCOL);
        assertThat(failure).hasMessageContaining("TCP");
    }

    private void overTcp(Reply reply) {
        dns.on("a.example")
                .reply(query ->
                        query.transport() == Transport.UDP ? Reply.zone().truncated() : reply);
    }

    @Test
    void n50StreamInPieces() throws Exception {
        overTcp(Reply.zone().inPiecesOf(1));
        assertThat(ask("a.example")).isEqualTo("[192.0.2.1]");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 20})
    void n50StreamThatEndsOrIsResetInTheMiddle(int after) {
        overTcp(Reply.zone().cutOffAfter(after));
        assertThat(failure("a.example").kind()).isIn(Kind.PEER_CLOSED, Kind.RESET);
        overTcp(Reply.zone().resetAfter(after));
        assertThat(failure("a.example").kind()).isIn(Kind.PEER_CLOSED, Kind.RESET);
    }

    @Test
    void n50StreamThatStalls() {
        overTcp(Reply.zone().stalledAfter(9));
        rebuild(builder().tryTimeout(Duration.ofMillis(100)).attempts(2));
        DnsException failure = failure("a.example");
        assertThat(failure.kind()).isEqualTo(Kind.DNS_TIMEOUT);
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 1000, 65_536})
    void n50StreamThatPromisesTheLongestMessageAndStalls(int after) throws Exception {
        overTcp(Reply.raw(new byte[65_535]).stalledAfter(after));
        dns.on("b.example").reply(Reply.zone().truncated());
        rebuild(builder().tryTimeout(Duration.ofSeconds(1)).attempts(1));
        assertThat(failure("a.example").kind()).isEqualTo(Kind.DNS_TIMEOUT);
        assertThat(ask("b.example")).as("over another connection").isEqualTo("[192.0.2.2]");
    }

    /** Whoever has lost where messages begin does not find it again. */
    @Test
    void n50StreamOfMessagesThatAreNoAnswersIsLeft() throws Exception {
        overTcp(Reply.raw(new byte[700]).then(Reply.zone()));
        assertThat(failure("a.example").kind()).isEqualTo(Kind.PROTOCOL);
        dns.on("b.example").reply(Reply.zone().truncated());
        assertThat(ask("b.example")).isEqualTo("[192.0.2.2]");
        assertThat(dns.connections()).isEqualTo(2);
    }

    @Test
    void n50StreamOfAByteNowAndThenEndsWithTheTry() {
        try (FaultProxy slow = FaultProxy.to(dns.address())) {
            slow.toClient().drip(1, Duration.ofMillis(100));
            rebuild(builder()
                    .nameServers(List.of(slow.address()))
                    .protocol(DnsResolver.Protocol.TCP)
                    .tryTimeout(Duration.ofMillis(300))
                    .attempts(2));
            assertThat(failure("a.example").kind()).isEqualTo(Kind.DNS_TIMEOUT);
            resolver.close();
        }
    }

    @Test
    void n50StreamWithAMessageOfLengthZero() {
        overTcp(Reply.raw(new byte[0]));
        assertThat(failure("a.example").kind()).isEqualTo(Kind.PROTOCOL);
    }

    @Test
    void n50AnswersOverOneConnectionInAnotherOrderAndUnasked() throws Exception {
        dns.on("a.example")
                .reply(query -> query.transport() == Transport.UDP
                        ? Reply.zone().truncated()
                        : Reply.zone().withWrongId().then(Reply.zone().after(Duration.ofMillis(200))));
        dns.on("b.example").reply(Reply.zone().truncated());
        CompletableFuture<DnsAnswer<DnsRecord.A>> slow = resolver.query("a.example", DnsType.A);
        while (dns.queries("a.example") < 2) {
            Thread.onSpinWait();
        }
        assertThat(ask("b.example")).isEqualTo("[192.0.2.2]");
        assertThat(slow).isNotDone();
        assertThat(slow.get(10, TimeUnit.SECONDS).records()).hasSize(1);
        assertThat(dns.connections()).isOne();
    }

    @Test
    void n50ConnectionThatWasClosedMeanwhileIsMadeAgain() throws Exception {
        dns.on("a.example").reply(Reply.zone().truncated());
        assertThat(ask("a.example")).isEqualTo("[192.0.2.1]");
        dns.closeConnections();
        assertThat(ask("a.example")).isEqualTo("[192.0.2.1]");
        assertThat(dns.connections()).isEqualTo(2);
    }

    @Test
    void n51PortNobodyListensOnIsLeftAtOnce() throws Exception {
        InetSocketAddress dead = freePort();
        try (DnsResolver both =
                        builder().nameServers(List.of(dead, dns.address())).build();
                DnsResolver alone = builder().nameServers(List.of(dead)).build()) {
            assertThat(ask(both, "a.example")).isEqualTo("[192.0.2.1]");
            assertThat(both.stats().timeouts()).isZero();
            DnsException failure = failure(alone.query("a.example", DnsType.A));
            assertThat(failure.kind()).isEqualTo(Kind.CONNECT_REFUSED);
            assertThat(failure.server()).isEqualTo(dead);
        }
    }

    private static InetSocketAddress freePort() throws Exception {
        try (DatagramSocket udp = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
            return new InetSocketAddress(InetAddress.getLoopbackAddress(), udp.getLocalPort());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 4, 16})
    void n52ServersWithoutEdns(int rcode) throws Exception {
        dns.onAny().reply(query -> query.payload() != 0 ? Reply.rcode(rcode) : Reply.zone());
        assertThat(ask("a.example")).isEqualTo("[192.0.2.1]");
        assertThat(ask("b.example")).isEqualTo("[192.0.2.2]");
        // Not how many there are: on a busy machine one is hedged.
        assertThat(dns.queries())
                .as("remembered")
                .filteredOn(query -> query.payload() != 0)
                .hasSize(1);
    }

    @Test
    void n52ServersThatSayFormatErrorWithoutTheQuestion() throws Exception {
        dns.onAny().reply(query -> query.payload() != 0 ? Reply.rcode(1).withoutQuestion() : Reply.zone());
        assertThat(ask("a.example")).isEqualTo("[192.0.2.1]");
    }

    @Test
    void n53LargeDatagramsThatAreLost() throws Exception {
        rebuild(builder().tryTimeout(Duration.ofMillis(500)));
        dns.onAny().reply(query -> query.payload() > 512 ? Reply.nothing() : Reply.zone());
        for (int i = 0; i < 3; i++) {
            assertThat(ask("a.example")).isEqualTo("[192.0.2.1]");
        }
        assertThat(dns.queries().get(dns.queries().size() - 1).payload()).isEqualTo(512);
    }

    @Test
    void n54AllServersDeadMakeNoStorm() {
        dns.onAny().reply(Reply.nothing());
        rebuild(builder().tryTimeout(Duration.ofMillis(50)).attempts(2));
        int lookups = 300;
        for (int i = 0; i < lookups; i++) {
            assertThat(failure("n" + i + ".example").kind()).isEqualTo(Kind.DNS_TIMEOUT);
        }
        assertThat(dns.queries()).hasSizeLessThan(40);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "..", "a..b", ".a", "-\u0000", "x.\ud83d"})
    void n58NamesThatAreNone(String name) {
        assertThat(failure(name).kind()).isEqualTo(Kind.DNS_BAD_NAME);
        assertThat(dns.queries()).isEmpty();
    }

    @Test
    void n60CloseWithQueriesUnderWay() {
        dns.on("a.example").reply(Reply.nothing());
        CompletableFuture<?> waiting = resolver.query("a.example", DnsType.A);
        resolver.close();
        assertThat(failure(waiting).kind()).isEqualTo(Kind.LOCAL_CLOSED);
        assertThatThrownBy(() -> resolver.query("b.example", DnsType.A).get())
                .hasCauseInstanceOf(RejectedException.class);
        resolver.close();
    }

    @Test
    void n60CallbacksThatAskCancelAndClose() throws Exception {
        CompletableFuture<String> second = new CompletableFuture<>();
        CompletableFuture<DnsAnswer<DnsRecord.A>> other = resolver.query("b.example", DnsType.A);
        resolver.query("a.example", DnsType.A).thenAccept(answer -> {
            other.cancel(false);
            resolver.query("b.example", DnsType.A).thenAccept(again -> {
                resolver.close();
                second.complete(again.records().get(0).rdata());
            });
        });
        assertThat(second.get(10, TimeUnit.SECONDS)).isEqualTo("192.0.2.2");
    }
}
