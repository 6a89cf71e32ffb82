package io.nettoolkit.dns.internal.query;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.dns.DnsAnswer;
import io.nettoolkit.dns.DnsResolver;
import io.nettoolkit.dns.DnsType;
import io.nettoolkit.dns.internal.query.EngineBench.Asked;
import io.nettoolkit.dns.internal.wire.Wire;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class QueryEngineTest {

    private static final int SERVFAIL = 2;
    private static final int NXDOMAIN = 3;
    private static final int REFUSED = 5;

    private EngineBench bench = new EngineBench(2);

    @AfterEach
    void everyLookupEndsOnceAndNothingIsLeft() {
        DnsResolver.Stats stats = bench.stats();
        assertThat(stats.lookups()).isEqualTo(stats.answers() + stats.failures() + stats.cancelled() + stats.pending());
        bench.close();
        assertThat(bench.wire.underWay()).isZero();
        assertThat(bench.stats().pending()).isZero();
    }

    private void use(EngineBench other) {
        bench.close();
        bench = other;
    }

    @Test
    void badInput55RefusesLookupsBeyondItsBoundAndServesAgainOnceOneHasEnded() {
        List<Asked> all = new ArrayList<>();
        for (int i = 0; i < QueryEngine.MAX_PENDING; i++) {
            all.add(bench.ask("n" + i + ".example"));
        }
        assertThat(bench.ask("more.example").failed().kind()).isEqualTo(Kind.RESOURCE_EXHAUSTED);
        assertThat(bench.stats().pending()).isEqualTo(QueryEngine.MAX_PENDING);

        all.get(0).lookup.cancel();
        assertThat(bench.ask("later.example").outcomes).isZero();
        assertThat(bench.stats().pending()).isEqualTo(QueryEngine.MAX_PENDING);
    }

    @Test
    void answersWithWhatTheServerSays() {
        Asked asked = bench.ask("a.example");
        bench.advance(Duration.ofMillis(7));
        bench.wire.address(bench.wire.last(), 9);
        assertThat(asked.answer().records()).hasToString("[a.example. 300 A 10.0.0.9]");
        assertThat(asked.answer().rttNanos()).isEqualTo(7_000_000);
        assertThat(asked.answer().kind()).isEqualTo(DnsAnswer.Kind.ANSWER);
        assertThat(bench.wire.underWay()).isZero();
    }

    @Test
    void asksTheFastestServer() {
        bench.teach(1, Duration.ofMillis(50));
        bench.teach(2, Duration.ofMillis(5));
        bench.ask("a.example");
        assertThat(bench.wire.ports()).containsExactly(2);
    }

    @Test
    void asksAServerItHasNotAskedForLongAgain() {
        bench.teach(1, Duration.ofMillis(50));
        bench.teach(2, Duration.ofMillis(5));
        bench.advance(Duration.ofMinutes(2));
        bench.teach(2, Duration.ofMillis(5));
        bench.ask("a.example");
        assertThat(bench.wire.ports()).containsExactly(1);
    }

    @ParameterizedTest
    @ValueSource(ints = {SERVFAIL, REFUSED, 9})
    void goesToTheNextServerAtOnceWhenOneFails(int rcode) {
        Asked asked = bench.ask("a.example");
        bench.wire.rcode(bench.wire.last(), rcode);
        assertThat(bench.wire.ports()).containsExactly(1, 2);
        bench.wire.address(bench.wire.last(), 1);
        assertThat(asked.answer().server().getPort()).isEqualTo(2);
        assertThat(bench.stats().retries()).isOne();
    }

    @Test
    void failsWithTheLastReasonWhenAllServersFailAndAsksNoneTwice() {
        Asked asked = bench.ask("a.example");
        bench.wire.rcode(bench.wire.last(), SERVFAIL);
        bench.wire.rcode(bench.wire.last(), REFUSED);
        assertThat(asked.failed().kind()).isEqualTo(Kind.DNS_REFUSED);
        assertThat(asked.failed().server().getPort()).isEqualTo(2);
        assertThat(bench.wire.sent).hasSize(2);
    }

    @Test
    void doesNotPreferAServerThatFailsFast() {
        bench.teach(1, Duration.ofMillis(20));
        bench.teach(2, Duration.ofMillis(10));
        bench.ask("a.example");
        assertThat(bench.wire.ports()).containsExactly(2);
        bench.wire.rcode(bench.wire.last(), SERVFAIL);
        bench.wire.address(bench.wire.last(), 1);
        bench.ask("b.example");
        assertThat(bench.wire.ports()).containsExactly(2, 1, 1);
    }

    @Test
    void asksASecondServerWhenTheFirstIsLateAndTakesWhicheverComesFirst() {
        bench.teach(1, Duration.ofMillis(5));
        bench.teach(2, Duration.ofMillis(6));
        Asked asked = bench.ask("a.example");
        bench.advance(Duration.ofMillis(60));
        assertThat(bench.wire.ports()).containsExactly(1, 2);
        assertThat(bench.stats().hedges()).isOne();
        bench.wire.address(bench.wire.sent.get(0), 1);
        assertThat(asked.answer().server().getPort()).isEqualTo(1);
        bench.wire.address(bench.wire.sent.get(1), 1);
        assertThat(bench.stats().mismatches()).as("a late answer is no forgery").isZero();
    }

    @Test
    void learnsThatAServerIsSlowFromTheOneThatOvertakesIt() {
        bench.teach(1, Duration.ofMillis(5));
        bench.teach(2, Duration.ofMillis(6));
        bench.ask("a.example");
        bench.advance(Duration.ofMillis(300));
        bench.wire.address(bench.wire.sent.get(1), 1);
        bench.ask("b.example");
        assertThat(bench.wire.ports()).containsExactly(1, 2, 2);
    }

    @Test
    void sendsSecondQueriesForATenthOfLookupsAtMost() {
        bench.teach(1, Duration.ofMillis(5));
        bench.teach(2, Duration.ofMillis(5));
        int lookups = 2000;
        for (int i = 0; i < lookups; i++) {
            bench.ask("a" + i + ".example");
        }
        bench.advance(Duration.ofMillis(1900));
        assertThat(bench.stats().hedges()).isBetween(64L, 64L + lookups / 10);
    }

    @Test
    void triesAgainWhenTimeIsUpAndGivesUpAfterItsTries() {
        use(new EngineBench(2, 3, false));
        Asked asked = bench.ask("a.example", DnsType.A, Duration.ofMinutes(1));
        bench.advance(Duration.ofMinutes(1));
        assertThat(asked.failed().kind()).isEqualTo(Kind.DNS_TIMEOUT);
        assertThat(asked.failed().isTimeout()).isTrue();
        assertThat(bench.wire.sent).hasSize(3);
        assertThat(asked.failed()).hasMessageContaining("3 queries to 2 servers");
    }

    @Test
    void takesAnAnswerThatComesAfterItsTry() {
        Asked asked = bench.ask("a.example");
        bench.advance(Duration.ofSeconds(3));
        bench.wire.address(bench.wire.sent.get(0), 1);
        assertThat(asked.answer().server().getPort()).isEqualTo(1);
    }

    @Test
    void endsAtItsDeadlineExactly() {
        Asked asked = bench.ask("a.example", DnsType.A, Duration.ofMillis(700));
        bench.advance(Duration.ofMillis(699));
        assertThat(asked.isOver()).isFalse();
        bench.advance(Duration.ofMillis(1));
        assertThat(asked.failed().kind()).isEqualTo(Kind.DNS_TIMEOUT);
        assertThat(asked.failed().elapsed()).isEqualTo(Duration.ofMillis(700));
    }

    @Test
    void doesNotAskWhenTheDeadlineHasPassed() {
        assertThat(bench.ask("a.example", DnsType.A, Duration.ZERO).failed().kind())
                .isEqualTo(Kind.DNS_TIMEOUT);
        assertThat(bench.wire.sent).isEmpty();
    }

    @Test
    void neverHedgesOrTriesAgainWithOneAttempt() {
        use(new EngineBench(2, 1, false));
        Asked asked = bench.ask("a.example");
        bench.advance(EngineBench.TRY);
        assertThat(asked.failed().kind()).isEqualTo(Kind.DNS_TIMEOUT);
        assertThat(bench.wire.sent).hasSize(1);
    }

    @Test
    void cancelEndsALookupWithoutItsOutcome() {
        Asked asked = bench.ask("a.example");
        asked.lookup.cancel();
        asked.lookup.cancel();
        bench.advance(Duration.ofSeconds(10));
        assertThat(asked.isOver()).isFalse();
        assertThat(bench.wire.sent).hasSize(1);
        assertThat(bench.stats().cancelled()).isOne();
    }

    @Test
    void cutOffAnswersAreFetchedOverTcp() {
        Asked asked = bench.ask("a.example");
        bench.wire.truncated(bench.wire.last());
        assertThat(bench.wire.last().stream).isTrue();
        assertThat(bench.wire.ports()).containsExactly(1, 1);
        bench.wire.address(bench.wire.last(), 1);
        assertThat(asked.answer().records()).hasSize(1);
        assertThat(bench.stats().tcpFallbacks()).isOne();
    }

    @Test
    void anAnswerThatIsCutOffOverTcpTooIsNone() {
        Asked asked = bench.ask("a.example");
        bench.wire.truncated(bench.wire.last());
        bench.wire.truncated(bench.wire.last());
        assertThat(bench.wire.ports()).containsExactly(1, 1, 2);
        bench.wire.address(bench.wire.last(), 1);
        assertThat(asked.answer().server().getPort()).isEqualTo(2);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 4, 16})
    void asksWithoutEdnsAServerThatDoesNotKnowIt(int rcode) {
        Asked asked = bench.ask("a.example");
        assertThat(bench.wire.last().payload).isEqualTo(1232);
        if (rcode == 16) {
            Attempt attempt = bench.wire.last();
            bench.wire.say(attempt, badVersion(attempt));
        } else {
            bench.wire.rcode(bench.wire.last(), rcode);
        }
        assertThat(bench.wire.last().payload).isZero();
        bench.wire.address(bench.wire.last(), 1);
        assertThat(asked.answer().records()).hasSize(1);
        bench.ask("b.example");
        bench.engine.servers().get(1).onUnreachable(bench.time.nanoTime());
        bench.ask("c.example");
        assertThat(bench.wire.last().server.address.getPort()).isEqualTo(1);
        assertThat(bench.wire.last().payload).as("remembered").isZero();
        bench.advance(Duration.ofMinutes(16));
        bench.ask("d.example");
        assertThat(bench.wire.sent.stream()
                        .anyMatch(a -> a.lookup.name().toString().equals("d.example.")
                                && a.server.address.getPort() == 1
                                && a.payload == 1232))
                .as("for a while")
                .isTrue();
    }

    private static Wire badVersion(Attempt attempt) {
        Wire plain = ScriptedTransport.begin(attempt, 0x8580, 0, 0);
        byte[] bytes = plain.done();
        bytes[11] = 1;
        return new Wire()
                .bytes(bytes)
                .u8(0)
                .u16(41)
                .u16(1232)
                .u8(1)
                .u8(0)
                .u16(0)
                .u16(0);
    }

    @Test
    void asksForSmallAnswersWhereLargeOnesAreLost() {
        use(new EngineBench(1));
        for (int i = 0; i < 2; i++) {
            Asked asked = bench.ask("a" + i + ".example", DnsType.A, Duration.ofMinutes(1));
            bench.advance(EngineBench.TRY);
            assertThat(bench.wire.last().payload).isEqualTo(512);
            bench.wire.address(bench.wire.last(), 1);
            assertThat(asked.answer().records()).hasSize(1);
        }
        bench.ask("b.example");
        assertThat(bench.wire.last().payload).isEqualTo(512);
    }

    @Test
    void anAnswerInOtherCaseIsCheckedOverTcpAndRememberedWhereTheServerDoesThat() {
        Asked asked = bench.ask("abcdefghijklmnop.example");
        Attempt first = bench.wire.last();
        bench.wire.say(first, otherCase(first));
        assertThat(asked.isOver()).isFalse();
        Attempt second = bench.wire.last();
        assertThat(second.stream).isTrue();
        bench.wire.say(second, otherCase(second));
        assertThat(asked.answer().records()).hasSize(1);
        bench.engine.servers().get(1).onUnreachable(bench.time.nanoTime());
        bench.ask("abcdefghijklmnop.example");
        assertThat(bench.wire.last().caseBits).isZero();
        assertThat(bench.wire.last().stream).isFalse();
    }

    @Test
    void anAnswerInOtherCaseThatIsNotTheServersCountsAsForged() {
        Asked asked = bench.ask("abcdefghijklmnop.example");
        Attempt first = bench.wire.last();
        bench.wire.say(first, otherCase(first));
        bench.wire.address(bench.wire.last(), 7);
        assertThat(asked.answer().records()).hasToString("[abcdefghijklmnop.example. 300 A 10.0.0.7]");
        assertThat(bench.stats().mismatches()).isEqualTo(2);
        bench.ask("b.example");
        assertThat(bench.wire.last().caseBits).isNotZero();
    }

    /** A right answer but for the case of all its letters. */
    private static Wire otherCase(Attempt attempt) {
        byte[] message = ScriptedTransport.begin(attempt, 0x8580, 1, 0)
                .record(1, new byte[] {6, 6, 6, 6})
                .done();
        for (int i = 12; i < 12 + attempt.lookup.name().length(); i++) {
            if ((message[i] | 0x20) >= 'a' && (message[i] | 0x20) <= 'z') {
                message[i] ^= 0x20;
            }
        }
        return new Wire().bytes(message);
    }

    @Test
    void answersThatMatchNothingAreDroppedAndTooManyOfThemMeanTcp() {
        Asked asked = bench.ask("a.example");
        Attempt attempt = bench.wire.last();
        for (int i = 0; i < Server.FORGERIES_TO_TCP; i++) {
            byte[] forged = ScriptedTransport.begin(attempt, 0x8580, 1, 0)
                    .record(1, new byte[] {6, 6, 6, 6})
                    .done();
            forged[0] = (byte) 0x80;
            bench.engine.received(bench.wire.datagrams, attempt.server, forged, forged.length);
        }
        assertThat(asked.isOver()).isFalse();
        assertThat(bench.events).containsExactly("forgery 1");
        bench.teach(2, Duration.ofSeconds(1));
        bench.ask("b.example");
        assertThat(bench.wire.last().stream).isTrue();
        bench.wire.address(attempt, 1);
        assertThat(asked.answer().records()).hasToString("[a.example. 300 A 10.0.0.1]");
        bench.advance(Duration.ofSeconds(61));
        bench.ask("c.example");
        assertThat(bench.wire.last().stream).isFalse();
    }

    @Test
    void aServerThatDoesNotAnswerGoesDownAndIsLookedAtWithCopies() {
        bench.teach(2, Duration.ofMillis(600));
        for (int i = 0; i < 3; i++) {
            Asked asked = bench.ask("a" + i + ".example");
            bench.advance(EngineBench.TRY);
            bench.wire.address(bench.wire.lastTo(2), 1);
            assertThat(asked.isOver()).isTrue();
            for (int k = 0; k < 100; k++) {
                bench.engine.servers().get(0).roundTrip.sample(1, bench.time.nanoTime());
            }
        }
        List<String> down = new ArrayList<>(bench.events);
        bench.advance(Duration.ofSeconds(6));
        int before = bench.wire.sent.size();
        Asked asked = bench.ask("b.example");
        assertThat(down).contains("down 1");
        assertThat(bench.wire.ports().subList(before, bench.wire.sent.size())).containsExactlyInAnyOrder(1, 2);
        Attempt probe = bench.wire.sent.stream()
                .skip(before)
                .filter(attempt -> attempt.server.address.getPort() == 1)
                .findFirst()
                .orElseThrow();
        bench.wire.address(probe, 1);
        assertThat(asked.isOver()).as("the copy answers nobody").isFalse();
        assertThat(bench.events).contains("up 1");
    }

    @Test
    void failsAtOnceWhenAllServersAreDownAndLooksAgainSoon() {
        for (int port = 1; port <= 2; port++) {
            bench.engine.servers().get(port - 1).onUnreachable(bench.time.nanoTime());
        }
        Asked refused = bench.ask("a.example");
        assertThat(refused.failed()).hasMessageContaining("all name servers are down");
        assertThat(bench.wire.sent).isEmpty();
        bench.advance(Duration.ofMillis(500));
        Asked asked = bench.ask("b.example");
        bench.wire.address(bench.wire.last(), 1);
        assertThat(asked.answer().records()).hasSize(1);
        assertThat(bench.events).contains("up 1");
    }

    @Test
    void looksAtServersThatAreDownLessAndLessOften() {
        use(new EngineBench(1, 1, false));
        bench.engine.servers().get(0).onUnreachable(bench.time.nanoTime());
        for (int i = 0; i < 600; i++) {
            bench.ask("a" + i + ".example", DnsType.A, Duration.ofMillis(40));
            bench.advance(Duration.ofMillis(100));
        }
        assertThat(bench.wire.sent.size()).isBetween(10, 40);
    }

    @Test
    void followsAliasesWithinTheAnswerAndAsksForTheRest() {
        Asked asked = bench.ask("a.example");
        Attempt first = bench.wire.last();
        bench.wire.say(
                first,
                ScriptedTransport.begin(first, 0x8580, 2, 0)
                        .record(5, new Wire().name("b.example.").done())
                        .name("b.example.")
                        .fixed(5, 60, new Wire().name("c.test.").done()));
        assertThat(bench.wire.last().lookup.name()).hasToString("c.test.");
        bench.wire.address(bench.wire.last(), 3);
        assertThat(asked.answer().records()).hasToString("[c.test. 300 A 10.0.0.3]");
        assertThat(asked.answer().aliases())
                .hasToString("[a.example. 300 CNAME b.example., b.example. 60 CNAME c.test.]");
        assertThat(asked.answer().lowestTtl()).isEqualTo(60);
        assertThat(asked.answer().finalName()).isEqualTo("c.test.");
    }

    @Test
    void aCircleOfAliasesIsAFailureOfItsOwn() {
        Asked asked = bench.ask("a.example");
        for (int i = 0; i < 100 && !asked.isOver(); i++) {
            Attempt attempt = bench.wire.last();
            String target = attempt.lookup.name().toString().equals("a.example.") ? "b.example." : "a.example.";
            bench.wire.say(
                    attempt,
                    ScriptedTransport.begin(attempt, 0x8580, 1, 0)
                            .record(5, new Wire().name(target).done()));
        }
        assertThat(asked.failed().kind()).isEqualTo(Kind.DNS_LOOP);
        assertThat(bench.wire.sent).hasSize(17);
    }

    @Test
    void noSuchNameComesWithTheSoaOfAZoneTheNameIsIn() {
        Asked asked = bench.ask("a.example");
        Attempt attempt = bench.wire.last();
        byte[] soa = new Wire()
                .name("ns.example.")
                .name("hostmaster.example.")
                .u32(1)
                .u32(2)
                .u32(3)
                .u32(4)
                .u32(77)
                .done();
        bench.wire.say(
                attempt,
                ScriptedTransport.begin(attempt, 0x8580 | NXDOMAIN, 0, 2)
                        .name("other.")
                        .fixed(6, 1, soa)
                        .name("example.")
                        .fixed(6, 900, soa));
        assertThat(asked.answer().kind()).isEqualTo(DnsAnswer.Kind.NXDOMAIN);
        assertThat(asked.answer().soa().name()).isEqualTo("example.");
        assertThat(asked.answer().lowestTtl()).isEqualTo(77);
    }

    @Test
    void closeFailsWhatIsUnderWayAndWhatComesAfter() {
        Asked asked = bench.ask("a.example");
        bench.engine.close();
        assertThat(asked.failed().kind()).isEqualTo(Kind.LOCAL_CLOSED);
        assertThat(bench.ask("b.example").failed().kind()).isEqualTo(Kind.LOCAL_CLOSED);
        assertThat(bench.wire.closed).isPositive();
    }

    @Test
    void keepsWhatItKnowsOfServersThatStay() {
        bench.teach(2, Duration.ofMillis(5));
        bench.engine.configure(
                new EngineOptions(EngineBench.addresses(3).subList(1, 3), false, EngineBench.TRY.toNanos(), 4));
        assertThat(bench.stats().servers().get(0).smoothedRtt()).isEqualTo(Duration.ofMillis(5));
        assertThat(bench.stats().servers().get(1).smoothedRtt()).isZero();
    }

    @Test
    void asksEachServerInTurnWhenToldSo() {
        bench.engine.configure(new EngineOptions(EngineBench.addresses(3), true, EngineBench.TRY.toNanos(), 4));
        for (int i = 0; i < 6; i++) {
            bench.ask("a" + i + ".example");
            bench.wire.address(bench.wire.last(), 1);
        }
        assertThat(bench.wire.ports()).containsExactly(2, 3, 1, 2, 3, 1);
    }

    @Test
    void withoutServersThereIsAFailureThatSaysSo() {
        bench.engine.configure(new EngineOptions(List.of(), false, EngineBench.TRY.toNanos(), 4));
        assertThat(bench.ask("a.example").failed()).hasMessageContaining("no name server");
    }
}
