package io.nettoolkit.dns.internal.lookup;

import static io.nettoolkit.dns.internal.lookup.LookupRig.failure;
import static io.nettoolkit.dns.internal.lookup.LookupRig.get;
import static io.nettoolkit.dns.internal.lookup.LookupRig.kind;
import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.core.RejectedException;
import io.nettoolkit.core.RejectedException.Reason;
import io.nettoolkit.dns.DnsAnswer;
import io.nettoolkit.dns.DnsAnswer.Source;
import io.nettoolkit.dns.DnsException;
import io.nettoolkit.dns.DnsType;
import io.nettoolkit.dns.internal.cache.Responses;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class LookupsTest {

    private LookupRig rig = new LookupRig();

    @AfterEach
    void close() {
        rig.close();
    }

    private void answerAddress(String name, int ttl) {
        rig.upstream.asked(name, DnsType.A).answer(Responses.addresses(name, ttl, "192.0.2.1"));
    }

    private DnsAnswer<?> warm(String name, int ttl) {
        CompletableFuture<DnsAnswer<?>> query = rig.query(name, DnsType.A);
        answerAddress(name, ttl);
        return get(query);
    }

    @Test
    void asksServersOnceAndTheCacheThen() {
        assertThat(warm("a.example", 300).source()).isEqualTo(Source.NETWORK);
        CompletableFuture<DnsAnswer<?>> second = rig.query("a.example", DnsType.A);
        assertThat(second).isDone();
        assertThat(get(second).source()).isEqualTo(Source.CACHE);
        assertThat(get(rig.query("A.Example.", DnsType.A)).source()).isEqualTo(Source.CACHE);
        assertThat(rig.lookups.cached("a.EXAMPLE", DnsType.A)).isNotNull();
        assertThat(rig.upstream.asked()).hasSize(1);
    }

    @Test
    void badInput37HasOneQuestionUnderWayHoweverManyAsk() {
        List<CompletableFuture<DnsAnswer<?>>> queries = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            queries.add(rig.query(i % 2 == 0 ? "a.example" : "A.EXAMPLE", DnsType.A));
        }
        assertThat(rig.upstream.asked()).hasSize(1);
        answerAddress("a.example", 300);

        assertThat(queries).allSatisfy(query -> assertThat(get(query).records()).hasSize(1));
        assertThat(rig.cache.counters().coalesced()).isEqualTo(999);
        assertThat(rig.lookups.flights()).isZero();
    }

    @Test
    void asksEachTypeForItself() {
        rig.query("a.example", DnsType.A);
        rig.query("a.example", DnsType.AAAA);
        rig.query("a.example", DnsType.MX);
        assertThat(rig.upstream.names()).containsExactly("a.example A", "a.example AAAA", "a.example MX");
    }

    @Test
    void goesOnUntilTheLastCallerHasLeft() {
        CompletableFuture<DnsAnswer<?>> first = rig.query("a.example", DnsType.A);
        CompletableFuture<DnsAnswer<?>> second = rig.query("a.example", DnsType.A);
        first.cancel(false);
        assertThat(rig.upstream.asked("a.example", DnsType.A).cancelled).isFalse();
        second.cancel(false);
        assertThat(rig.upstream.asked()).hasSize(1);
        assertThat(rig.upstream.asked("a.example", DnsType.A).cancelled).isTrue();
        assertThat(rig.lookups.flights()).isZero();

        warm("a.example", 300);
        assertThat(rig.upstream.asked()).hasSize(2);
    }

    @Test
    void badInput60CancelsAndAsksAgainInsideACallback() {
        AtomicReference<CompletableFuture<DnsAnswer<?>>> inner = new AtomicReference<>();
        CompletableFuture<DnsAnswer<?>> other = rig.query("b.example", DnsType.A);
        CompletableFuture<DnsAnswer<?>> query = rig.query("a.example", DnsType.A);
        CompletableFuture<Void> called = query.thenAccept(answer -> {
            other.cancel(false);
            inner.set(rig.query("a.example", DnsType.A));
        });
        answerAddress("a.example", 300);
        get(called);

        assertThat(inner.get()).isDone();
        assertThat(get(inner.get()).source()).isEqualTo(Source.CACHE);
        assertThat(rig.upstream.asked()).hasSize(2);
        assertThat(rig.upstream.asked("b.example", DnsType.A).cancelled).isTrue();
    }

    @Test
    void badInput60FailsWhatIsUnderWayWhenItCloses() {
        CompletableFuture<DnsAnswer<?>> query = rig.query("a.example", DnsType.A);
        CompletableFuture<?> host = rig.resolve("b.example");
        rig.upstream.asked();
        rig.lookups.close();

        assertThat(kind(query)).isEqualTo(Kind.LOCAL_CLOSED);
        assertThat(kind(host)).isEqualTo(Kind.LOCAL_CLOSED);
        for (CompletableFuture<?> each : List.of(rig.query("c.example", DnsType.A), rig.resolve("d.example"))) {
            assertThat(failure(each))
                    .isInstanceOfSatisfying(
                            RejectedException.class, e -> assertThat(e.reason()).isEqualTo(Reason.SHUTTING_DOWN));
        }
        assertThat(rig.upstream.asked()).allMatch(each -> each.cancelled);
        assertThat(rig.lookups.flights()).isZero();
        // What comes too late changes nothing.
        answerAddress("a.example", 300);
    }

    @Test
    void leavesAtItsOwnDeadlineWhileOthersWait() {
        CompletableFuture<DnsAnswer<?>> patient = rig.query("a.example", DnsType.A);
        CompletableFuture<DnsAnswer<?>> hasty =
                rig.lookups.query("a.example", DnsType.A, Deadline.after(Duration.ofMillis(100), rig.clock));
        rig.advance(Duration.ofMillis(99));
        assertThat(hasty).isNotDone();
        rig.advance(Duration.ofMillis(1));
        assertThat(kind(hasty)).isEqualTo(Kind.DNS_TIMEOUT);

        answerAddress("a.example", 300);
        assertThat(get(patient).records()).hasSize(1);
    }

    @Test
    void endsTheQuestionAtTheDeadlineOfItsOnlyCaller() {
        CompletableFuture<DnsAnswer<?>> hasty =
                rig.lookups.query("a.example", DnsType.A, Deadline.after(Duration.ofMillis(100), rig.clock));
        rig.advance(Duration.ofMillis(100));
        assertThat(kind(hasty)).isEqualTo(Kind.DNS_TIMEOUT);
        assertThat(rig.upstream.asked("a.example", DnsType.A).cancelled).isTrue();
    }

    @Test
    void givesAQuestionTheWholeQueryTimeWhateverTheFirstCallersDeadline() {
        rig.lookups.query("a.example", DnsType.A, Deadline.after(Duration.ofMillis(100), rig.clock));
        assertThat(rig.upstream.asked("a.example", DnsType.A).deadline.remaining())
                .isEqualTo(LookupRig.QUERY_TIMEOUT);
    }

    @Test
    void badInput54RemembersFailuresForASecondThenTwoThenFour() {
        for (long wait : new long[] {1, 2, 4, 8, 16, 30, 30}) {
            int before = rig.upstream.asked().size();
            CompletableFuture<DnsAnswer<?>> query = rig.query("a.example", DnsType.A);
            rig.upstream.asked("a.example", DnsType.A).answer(Kind.DNS_SERVER_FAILURE);
            assertThat(kind(query)).isEqualTo(Kind.DNS_SERVER_FAILURE);

            for (int i = 0; i < 100; i++) {
                assertThat(kind(rig.query("a.example", DnsType.A))).isEqualTo(Kind.DNS_SERVER_FAILURE);
            }
            rig.advance(Duration.ofSeconds(wait).minusMillis(1));
            assertThat(kind(rig.query("a.example", DnsType.A))).isEqualTo(Kind.DNS_SERVER_FAILURE);
            assertThat(rig.upstream.asked()).hasSize(before + 1);
            rig.advance(Duration.ofMillis(1));
        }
        assertThat(rig.cache.counters().cachedFailures()).isEqualTo(7 * 101);

        // An answer ends the series.
        warm("a.example", 1);
        rig.advance(Duration.ofSeconds(2));
        rig.cache.clear();
        rig.query("a.example", DnsType.A);
        rig.upstream.asked("a.example", DnsType.A).answer(Kind.DNS_TIMEOUT);
        rig.advance(Duration.ofSeconds(1));
        assertThat(rig.query("a.example", DnsType.A)).isNotDone();
    }

    @Test
    void remembersNoFailureOfThisHost() {
        rig.query("a.example", DnsType.A);
        rig.upstream.asked("a.example", DnsType.A).answer(Kind.RESOURCE_EXHAUSTED);
        assertThat(rig.query("a.example", DnsType.A)).isNotDone();
    }

    @Test
    void badInput54GivesTheStaleAnswerWhenServersFail() {
        warm("a.example", 300);
        rig.advance(Duration.ofMinutes(5));
        CompletableFuture<DnsAnswer<?>> query = rig.query("a.example", DnsType.A);
        rig.upstream.asked("a.example", DnsType.A).answer(Kind.DNS_TIMEOUT);

        DnsAnswer<?> stale = get(query);
        assertThat(stale.source()).isEqualTo(Source.STALE);
        assertThat(stale.ttl()).isEqualTo(Duration.ofSeconds(30));
        assertThat(stale.records()).hasSize(1);
        // For half a minute nobody waits, and nobody asks.
        rig.advance(Duration.ofMillis(29_999));
        assertThat(get(rig.query("a.example", DnsType.A)).source()).isEqualTo(Source.STALE);
        assertThat(rig.upstream.asked()).hasSize(2);
        rig.advance(Duration.ofMillis(1));
        rig.query("a.example", DnsType.A);
        assertThat(rig.upstream.asked()).hasSize(3);
        assertThat(rig.cache.counters().staleAnswers()).isEqualTo(2);
    }

    @Test
    void givesTheStaleAnswerAfterTheStaleTimerAndTheNewOneToTheCache() {
        warm("a.example", 300);
        rig.advance(Duration.ofMinutes(5));
        CompletableFuture<DnsAnswer<?>> query = rig.query("a.example", DnsType.A);
        rig.advance(Duration.ofMillis(1799));
        assertThat(query).isNotDone();
        rig.advance(Duration.ofMillis(1));
        assertThat(get(query).source()).isEqualTo(Source.STALE);

        // Who comes later does not wait again for the same question.
        assertThat(get(rig.query("a.example", DnsType.A)).source()).isEqualTo(Source.STALE);
        assertThat(rig.upstream.asked()).hasSize(2);
        assertThat(rig.upstream.asked("a.example", DnsType.A).cancelled).isFalse();
        answerAddress("a.example", 300);
        assertThat(get(rig.query("a.example", DnsType.A)).source()).isEqualTo(Source.CACHE);
    }

    @Test
    void givesTheNewAnswerWhereItComesInTime() {
        warm("a.example", 300);
        rig.advance(Duration.ofMinutes(5));
        CompletableFuture<DnsAnswer<?>> query = rig.query("a.example", DnsType.A);
        rig.advance(Duration.ofMillis(1700));
        answerAddress("a.example", 300);
        assertThat(get(query).source()).isEqualTo(Source.NETWORK);
        rig.advance(Duration.ofSeconds(1));
        assertThat(rig.cache.counters().staleAnswers()).isZero();
    }

    @Test
    void believesThatThereIsNothingRatherThanAStaleAnswer() {
        warm("a.example", 300);
        rig.advance(Duration.ofMinutes(5));
        CompletableFuture<DnsAnswer<?>> query = rig.query("a.example", DnsType.A);
        rig.upstream
                .asked("a.example", DnsType.A)
                .answer(Responses.nothing("a.example", DnsType.A, DnsAnswer.Kind.NXDOMAIN, 60, 60));
        assertThat(get(query).kind()).isEqualTo(DnsAnswer.Kind.NXDOMAIN);
        rig.advance(Duration.ofMinutes(1));
        rig.query("a.example", DnsType.A);
        rig.upstream.asked("a.example", DnsType.A).answer(Kind.DNS_TIMEOUT);
        assertThat(kind(rig.query("a.example", DnsType.A))).isEqualTo(Kind.DNS_TIMEOUT);
    }

    @Test
    void givesTheStaleAnswerAtOnceWhereToldSo() {
        rig.close();
        rig = new LookupRig(config -> config.staleAfter(Duration.ZERO));
        warm("a.example", 300);
        rig.advance(Duration.ofMinutes(5));
        assertThat(get(rig.query("a.example", DnsType.A)).source()).isEqualTo(Source.STALE);
        answerAddress("a.example", 300);
        assertThat(get(rig.query("a.example", DnsType.A)).source()).isEqualTo(Source.CACHE);
    }

    @Test
    void looksUpAgainInTheBackgroundWhatIsInUse() {
        warm("a.example", 100);
        rig.advance(Duration.ofSeconds(96));
        get(rig.query("a.example", DnsType.A));
        get(rig.query("a.example", DnsType.A));
        assertThat(rig.upstream.asked()).hasSize(2);
        answerAddress("a.example", 100);

        rig.advance(Duration.ofSeconds(50));
        assertThat(get(rig.query("a.example", DnsType.A)).source()).isEqualTo(Source.CACHE);
        assertThat(rig.upstream.asked()).hasSize(2);
    }

    @Test
    void keepsPinnedHostsInTheCacheWithoutAnybodyAsking() {
        rig.close();
        rig = new LookupRig(config -> config.pinned(List.of("Pinned.Example")));
        rig.upstream.answers(question -> question.type().equals(DnsType.A)
                ? Responses.addresses("pinned.example", 100, "192.0.2.1")
                : Responses.nothing("pinned.example", DnsType.AAAA, DnsAnswer.Kind.NODATA, 100, 100));
        rig.lookups.start();
        for (int second = 0; second < 1000; second++) {
            rig.upstream.asked();
            assertThat(rig.lookups.cached("pinned.example", DnsType.A))
                    .as("second %d", second)
                    .isNotNull();
            rig.advance(Duration.ofSeconds(1));
        }
        // By the pin every 90 to 95 seconds, and by the uses in this test.
        assertThat(rig.upstream.asked()).hasSizeBetween(20, 40);
    }

    @Test
    void asksForAPinnedHostEveryHalfMinuteWhileServersFail() {
        rig.close();
        rig = new LookupRig(config -> config.pinned(List.of("pinned.example")));
        rig.upstream.answers(question -> Kind.DNS_TIMEOUT);
        rig.lookups.start();
        rig.advance(Duration.ofSeconds(299));
        assertThat(rig.upstream.asked()).hasSizeBetween(14, 20);
    }

    @Test
    void badInput58RefusesBadNamesWithoutAsking() {
        for (String name : List.of("", "a..b", "a".repeat(64))) {
            assertThat(kind(rig.query(name, DnsType.A))).isEqualTo(Kind.DNS_BAD_NAME);
            assertThat(kind(rig.resolve(name))).isEqualTo(Kind.DNS_BAD_NAME);
            assertThat(rig.lookups.cached(name, DnsType.A)).isNull();
        }
        assertThat(rig.upstream.asked()).isEmpty();
    }

    @Test
    void answersWhatThisHostKnowsWithoutAsking() {
        rig.hosts("192.0.2.9 web.example\n");
        assertThat(get(rig.query("WEB.example", DnsType.A)).source()).isEqualTo(Source.HOSTS);
        assertThat(get(rig.query("web.example", DnsType.AAAA)).kind()).isEqualTo(DnsAnswer.Kind.NODATA);
        assertThat(get(rig.query("localhost", DnsType.A)).records()).hasSize(1);
        assertThat(get(rig.query("a.localhost", DnsType.AAAA)).records()).hasSize(1);
        assertThat(get(rig.query("localhost", DnsType.MX)).kind()).isEqualTo(DnsAnswer.Kind.NODATA);
        assertThat(get(rig.query("x.onion", DnsType.A)).kind()).isEqualTo(DnsAnswer.Kind.NXDOMAIN);
        assertThat(rig.upstream.asked()).isEmpty();
        // Of other types the file knows nothing.
        rig.query("web.example", DnsType.MX);
        assertThat(rig.upstream.asked()).hasSize(1);
    }

    @Test
    void believesTheHostsFileRatherThanTheCacheOnceItHasChanged() {
        warm("web.example", 300);
        rig.hosts("192.0.2.9 web.example\n");
        assertThat(get(rig.query("web.example", DnsType.A)).source()).isEqualTo(Source.HOSTS);
    }

    @Test
    void asksNewServersForWhatTheOldOnesDidNotKnow() {
        rig.query("a.example", DnsType.A);
        rig.upstream
                .asked("a.example", DnsType.A)
                .answer(Responses.nothing("a.example", DnsType.A, DnsAnswer.Kind.NXDOMAIN, 300, 300));
        rig.query("b.example", DnsType.A);
        rig.upstream.asked("b.example", DnsType.A).answer(Kind.DNS_TIMEOUT);
        rig.lookups.serversChanged();

        assertThat(rig.query("a.example", DnsType.A)).isNotDone();
        assertThat(rig.query("b.example", DnsType.A)).isNotDone();
    }

    @Test
    void knowsThatNothingIsBelowANameThatDoesNotExist() {
        rig.query("gone.example", DnsType.A);
        rig.upstream
                .asked("gone.example", DnsType.A)
                .answer(Responses.nothing("gone.example", DnsType.A, DnsAnswer.Kind.NXDOMAIN, 300, 300));
        assertThat(get(rig.query("a.b.gone.example", DnsType.A)).kind()).isEqualTo(DnsAnswer.Kind.NXDOMAIN);
        assertThat(rig.upstream.asked()).hasSize(1);
    }

    @Test
    void failsWithTheEnginesReasonAtTheEndOfTheQueryTime() {
        CompletableFuture<DnsAnswer<?>> query = rig.query("a.example", DnsType.A);
        rig.advance(LookupRig.QUERY_TIMEOUT);
        assertThat(query).isNotDone();
        rig.upstream.asked("a.example", DnsType.A).answer(Kind.DNS_TIMEOUT);
        assertThat(failure(query)).isInstanceOf(DnsException.class);
    }

    @Test
    void badInput59AnswersFreshAfterTheLoopStoodStill() {
        warm("a.example", 20);
        CompletableFuture<DnsAnswer<?>> waiting = rig.query("b.example", DnsType.A);
        // The loop hears of nothing for half a minute; its timers come late, all at once.
        rig.advance(Duration.ofSeconds(30));
        assertThat(rig.lookups.cached("a.example", DnsType.A)).isNull();
        rig.upstream.asked("b.example", DnsType.A).answer(Kind.DNS_TIMEOUT);
        assertThat(kind(waiting)).isEqualTo(Kind.DNS_TIMEOUT);
        assertThat(warm("a.example", 20).source()).isEqualTo(Source.NETWORK);
    }
}
