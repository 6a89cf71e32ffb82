package io.nettoolkit.dns.internal.cache;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.core.TimeSource;
import io.nettoolkit.dns.DnsAnswer;
import io.nettoolkit.dns.DnsAnswer.Kind;
import io.nettoolkit.dns.DnsAnswer.Source;
import io.nettoolkit.dns.DnsCache;
import io.nettoolkit.dns.DnsRecord;
import io.nettoolkit.dns.DnsType;
import io.nettoolkit.dns.internal.query.Response;
import io.nettoolkit.testkit.ManualTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

class AnswerCacheTest {

    private final ManualTime time = ManualTime.create();
    private AnswerCache cache = cache(config -> config);
    private final List<CacheEntry> refreshed = new ArrayList<>();

    private AnswerCache cache(UnaryOperator<DnsCache.Config.Builder> options) {
        DnsCache.Config config = options.apply(DnsCache.Config.builder()).build();
        AnswerCache made = new AnswerCache(CacheRules.of(config), TimeSource.of(time.ticker()), new Random(1));
        made.onRefresh(entry -> refreshed.add(entry));
        return made;
    }

    private void advance(double seconds) {
        time.advance(Duration.ofNanos((long) (seconds * 1e9)));
    }

    private DnsAnswer<?> get(String name, DnsType<?> type) {
        return cache.get(name, type);
    }

    private DnsAnswer<?> getSpelled(String name, DnsType<?> type) {
        DnsAnswer<?> direct = cache.get(name, type);
        return direct != null ? direct : cache.get(name, Responses.name(name), type);
    }

    @Test
    void givesAnAnswerUntilItsTtlIsOver() {
        DnsAnswer<?> first = cache.store(Responses.addresses("a.example", 300, "192.0.2.1"));
        assertThat(first.source()).isEqualTo(Source.NETWORK);

        advance(299.999);
        DnsAnswer<?> hit = get("a.example", DnsType.A);
        assertThat(hit.source()).isEqualTo(Source.CACHE);
        assertThat(hit.records()).isEqualTo(first.records());
        assertThat(hit.ttl()).isEqualTo(Duration.ofMillis(1));
        assertThat(hit).isSameAs(get("a.example", DnsType.A));

        advance(0.001);
        assertThat(get("a.example", DnsType.A)).isNull();
        assertThat(get("a.example", DnsType.AAAA)).isNull();
    }

    @Test
    void takesTheTickOfACoarseClockFromTheTtl() {
        // The system's clock: its coarse reading may be a tick old, so an answer of one tick is never given out.
        TimeSource system = TimeSource.system();
        AnswerCache real = new AnswerCache(CacheRules.of(DnsCache.Config.defaults()), system, new Random(1));
        DnsAnswer<?> answer = real.store(Responses.addresses("a.example", 300, "192.0.2.1"));
        CacheEntry entry = real.entry("a.example", DnsType.A);

        long end = answer.expires().nanos();
        assertThat(entry.isQuick(end - system.tickNanos())).isFalse();
        assertThat(entry.isQuick(end - Duration.ofSeconds(31).toNanos())).isTrue();
    }

    @Test
    void badInput24LivesAsLongAsTheShortestLived() {
        List<DnsRecord> records = new ArrayList<>(
                Responses.addresses("a.example", 300, "192.0.2.1").records());
        records.addAll(Responses.addresses("a.example", 20, "192.0.2.2").records());
        cache.store(Responses.records("a.example", DnsType.A, records, List.of()));
        advance(19.9);
        assertThat(get("a.example", DnsType.A).records()).hasSize(2);
        advance(0.1);
        assertThat(get("a.example", DnsType.A)).isNull();

        DnsRecord.Cname alias = new DnsRecord.Cname("b.example.", 10, "a.example.");
        cache.store(Responses.records("b.example", DnsType.A, records, List.of(alias)));
        advance(10);
        assertThat(get("b.example", DnsType.A)).isNull();
    }

    @Test
    void badInput24KeepsNothingOfATtlOfZero() {
        cache.store(Responses.addresses("a.example", 300, "192.0.2.1"));
        DnsAnswer<?> answer = cache.store(Responses.addresses("a.example", 0, "192.0.2.2"));

        assertThat(answer.records()).hasSize(1);
        assertThat(get("a.example", DnsType.A)).isNull();
        assertThat(cache.size().entries()).isZero();
    }

    @Test
    void badInput24CutsTheLongestTtl() {
        cache.store(Responses.addresses("a.example", Integer.MAX_VALUE, "192.0.2.1"));
        advance(86_399);
        assertThat(get("a.example", DnsType.A)).isNotNull();
        advance(1);
        assertThat(get("a.example", DnsType.A)).isNull();
    }

    @Test
    void raisesAndCutsTtlsAsToldTo() {
        cache = cache(config -> config.minTtl(Duration.ofSeconds(30)).maxTtl(Duration.ofSeconds(60)));
        cache.store(Responses.addresses("short.example", 0, "192.0.2.1"));
        cache.store(Responses.addresses("long.example", 3600, "192.0.2.1"));
        advance(29.9);
        assertThat(get("short.example", DnsType.A)).isNotNull();
        advance(0.1);
        assertThat(get("short.example", DnsType.A)).isNull();
        advance(30);
        assertThat(get("long.example", DnsType.A)).isNull();
    }

    @Test
    void badInput46KeepsNothingBeyondTheSoa() {
        cache.store(Responses.nothing("a.example", DnsType.A, Kind.NODATA, 300, 60));
        cache.store(Responses.nothing("b.example", DnsType.A, Kind.NODATA, 40, 900));
        cache.store(Responses.nothing("zero.example", DnsType.A, Kind.NODATA, 300, 0));
        cache.store(Responses.nothing("ever.example", DnsType.A, Kind.NODATA, Integer.MAX_VALUE, 1L << 31));

        assertThat(get("zero.example", DnsType.A)).isNull();
        advance(39.9);
        assertThat(get("b.example", DnsType.A).kind()).isEqualTo(Kind.NODATA);
        advance(0.1);
        assertThat(get("b.example", DnsType.A)).isNull();
        advance(20);
        assertThat(get("a.example", DnsType.A)).isNull();
        advance(3539);
        assertThat(get("ever.example", DnsType.A)).isNotNull();
        advance(1);
        assertThat(get("ever.example", DnsType.A)).isNull();
    }

    @Test
    void badInput46KeepsNothingWithoutSoaForFiveSeconds() {
        cache.store(Responses.nothing("a.example", DnsType.A, Kind.NXDOMAIN));
        advance(4.9);
        assertThat(get("a.example", DnsType.A).kind()).isEqualTo(Kind.NXDOMAIN);
        advance(0.1);
        assertThat(get("a.example", DnsType.A)).isNull();
    }

    @Test
    void badInput46KeepsNoSuchNameBehindAnAliasForItsTypeAlone() {
        DnsRecord.Cname alias = new DnsRecord.Cname("a.example.", 60, "gone.example.");
        cache.store(Responses.nothing("a.example", DnsType.A, Kind.NXDOMAIN, List.of(alias)));

        assertThat(get("a.example", DnsType.A).kind()).isEqualTo(Kind.NXDOMAIN);
        // The name itself exists: it has an alias.
        assertThat(get("a.example", DnsType.TXT)).isNull();
        assertThat(get("gone.example", DnsType.A)).isNull();
    }

    @Test
    void knowsThatANameWithoutRecordsHasNoneOfAnyType() {
        cache.store(Responses.nothing("a.example", DnsType.A, Kind.NXDOMAIN, 300, 300));

        for (DnsType<?> type : List.of(DnsType.A, DnsType.AAAA, DnsType.MX, DnsType.opaque(65280))) {
            assertThat(get("a.example", type).kind()).isEqualTo(Kind.NXDOMAIN);
        }
        assertThat(cache.size().entries()).isEqualTo(1);
    }

    @Test
    void knowsThatThereIsNothingBelowWhatDoesNotExist() {
        cache.store(Responses.nothing("a.example", DnsType.A, Kind.NXDOMAIN, 300, 300));

        assertThat(cache.noSuchNameAbove(Responses.name("c.b.a.example"))).isNotNull();
        assertThat(cache.noSuchNameAbove(Responses.name("ba.example"))).isNull();
        assertThat(cache.noSuchNameAbove(Responses.name("example"))).isNull();
        advance(300);
        assertThat(cache.noSuchNameAbove(Responses.name("c.b.a.example"))).isNull();
    }

    @Test
    void takesAnExistingNameForTheEndOfWhatWasSaidAboveIt() {
        cache.store(Responses.nothing("a.example", DnsType.A, Kind.NXDOMAIN, 300, 300));
        cache.store(Responses.addresses("c.b.a.example", 300, "192.0.2.1"));

        assertThat(cache.noSuchNameAbove(Responses.name("d.a.example"))).isNull();
        assertThat(get("a.example", DnsType.A)).isNull();
    }

    @Test
    void forgetsTheRecordsOfANameThatIsNoMore() {
        cache.store(Responses.addresses("a.example", 300, "192.0.2.1"));
        cache.store(Responses.addresses("a.example", 300, "2001:db8::1"));
        cache.store(Responses.nothing("a.example", DnsType.MX, Kind.NXDOMAIN, 60, 60));

        assertThat(get("a.example", DnsType.A).kind()).isEqualTo(Kind.NXDOMAIN);
        advance(60);
        assertThat(get("a.example", DnsType.A)).isNull();
        assertThat(cache.stale("a.example", DnsType.A)).isNull();
    }

    @Test
    void findsANameInEverySpelling() {
        cache.store(Responses.addresses("a.example", 300, "192.0.2.1"));
        for (String spelling : List.of("A.example", "a.Example", "a.example.", "A.EXAMPLE.")) {
            assertThat(cache.get(spelling, DnsType.A)).isNull();
            assertThat(getSpelled(spelling, DnsType.A)).isNotNull();
            assertThat(cache.get(spelling, DnsType.A)).as("now noted").isNotNull();
        }
        // Four of them are noted, no more.
        assertThat(getSpelled("a.eXample", DnsType.A)).isNotNull();
        assertThat(cache.get("a.eXample", DnsType.A)).isNull();
        assertThat(cache.size().entries()).isEqualTo(1);

        cache.invalidate(Responses.name("a.example"));
        assertThat(cache.get("A.example", DnsType.A)).isNull();
        assertThat(cache.size().bytes()).isZero();
    }

    @Test
    void keepsTypesWithoutAConstantApart() {
        for (int code : new int[] {65280, 65281}) {
            cache.store(Responses.records(
                    "a.example",
                    DnsType.opaque(code),
                    List.of(new DnsRecord.Opaque("a.example.", 300, DnsType.opaque(code), new byte[] {(byte) code})),
                    List.of()));
        }
        assertThat(get("a.example", DnsType.opaque(65280))
                        .records()
                        .get(0)
                        .type()
                        .code())
                .isEqualTo(65280);
        assertThat(get("a.example", DnsType.opaque(65281))
                        .records()
                        .get(0)
                        .type()
                        .code())
                .isEqualTo(65281);
        assertThat(get("a.example", DnsType.opaque(65282))).isNull();
        assertThat(cache.all()).allMatch(entry -> entry.name().equals("a.example"));
        assertThat(cache.invalidate(Responses.name("a.example"))).isEqualTo(2);
    }

    @Test
    void looksUpAgainOnceWhatIsUsedTwiceInItsLastTenth() {
        cache.store(Responses.addresses("a.example", 100, "192.0.2.1"));
        get("a.example", DnsType.A);
        advance(89.9);
        get("a.example", DnsType.A);
        assertThat(refreshed).isEmpty();

        advance(6);
        get("a.example", DnsType.A);
        get("a.example", DnsType.A);
        assertThat(refreshed).hasSize(1);
        assertThat(refreshed.get(0).name()).isEqualTo("a.example");
        assertThat(refreshed.get(0).type()).isEqualTo(DnsType.A);

        // The new answer is not in use yet: its uses are counted anew.
        cache.store(Responses.addresses("a.example", 100, "192.0.2.1"));
        advance(96);
        get("a.example", DnsType.A);
        assertThat(refreshed).hasSize(1);
        get("a.example", DnsType.A);
        assertThat(refreshed).hasSize(2);
    }

    @Test
    void spreadsRefreshes() {
        List<Long> begins = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            cache.store(Responses.addresses("a" + i + ".example", 1000, "192.0.2.1"));
        }
        for (int second = 899; second < 1000; second++) {
            while (time.elapsed().toSeconds() < second) {
                advance(1);
            }
            for (int i = 0; i < 50; i++) {
                int before = refreshed.size();
                get("a" + i + ".example", DnsType.A);
                get("a" + i + ".example", DnsType.A);
                if (refreshed.size() > before) {
                    begins.add((long) second);
                }
            }
        }
        assertThat(begins).hasSize(50).allMatch(second -> second >= 900 && second <= 951);
        assertThat(begins.stream().distinct().count()).isGreaterThan(20);
    }

    @Test
    void refreshesNothingWhereToldSo() {
        cache = cache(config -> config.refreshAhead(false));
        cache.store(Responses.addresses("a.example", 100, "192.0.2.1"));
        advance(99.9);
        get("a.example", DnsType.A);
        get("a.example", DnsType.A);
        assertThat(refreshed).isEmpty();
    }

    @Test
    void hasAnEndedAnswerStandInForADay() {
        cache.store(Responses.addresses("a.example", 300, "192.0.2.1"));
        cache.store(Responses.nothing("b.example", DnsType.A, Kind.NODATA, 300, 300));
        advance(300);
        assertThat(get("a.example", DnsType.A)).isNull();
        assertThat(cache.stale("a.example", DnsType.A).records()).hasSize(1);
        assertThat(cache.stale("b.example", DnsType.A)).isNull();
        advance(86_399);
        assertThat(cache.stale("a.example", DnsType.A)).isNotNull();
        advance(1);
        assertThat(cache.stale("a.example", DnsType.A)).isNull();
    }

    @Test
    void forgetsWhatItIsTold() {
        cache.store(Responses.addresses("a.example", 300, "192.0.2.1"));
        cache.store(Responses.addresses("a.example", 300, "2001:db8::1"));
        cache.store(Responses.addresses("b.example", 300, "192.0.2.1"));
        cache.store(Responses.nothing("c.example", DnsType.A, Kind.NXDOMAIN, 300, 300));
        CacheEntry held = cache.entry("a.example", DnsType.A);

        assertThat(cache.invalidate(Responses.name("a.example"))).isEqualTo(2);
        assertThat(held.isDead()).isTrue();
        assertThat(cache.isFresh(held)).isFalse();
        assertThat(get("a.example", DnsType.A)).isNull();
        assertThat(get("b.example", DnsType.A)).isNotNull();

        cache.clearNegatives();
        assertThat(get("c.example", DnsType.A)).isNull();
        assertThat(get("b.example", DnsType.A)).isNotNull();

        cache.clear();
        assertThat(get("b.example", DnsType.A)).isNull();
        assertThat(cache.size()).isEqualTo(new AnswerCache.Size(0, 0, 0));
    }

    @Test
    void staysWithinItsEntries() {
        cache = cache(config -> config.maxEntries(100));
        for (int i = 0; i < 1000; i++) {
            cache.store(Responses.addresses("a" + i + ".example", 300, "192.0.2.1"));
            assertThat(cache.size().entries()).isLessThanOrEqualTo(100);
        }
        int entries = cache.size().entries();
        assertThat(entries).isBetween(96, 100);
        assertThat(cache.counters().evictedEntries()).isEqualTo(1000 - entries);
    }

    @Test
    void staysWithinItsBytes() {
        cache = cache(config -> config.maxBytes(64 << 10));
        for (int i = 0; i < 1000; i++) {
            cache.store(Responses.addresses("a" + i + ".example", 300, "192.0.2.1"));
            assertThat(cache.size().bytes()).isLessThanOrEqualTo(64 << 10);
        }
        assertThat(cache.size().entries()).isGreaterThan(100);
    }

    @Test
    void doesNotLetOneHugeAnswerPushOutTheRest() {
        cache = cache(config -> config.maxBytes(64 << 10));
        cache.store(Responses.addresses("a.example", 300, "192.0.2.1"));
        List<DnsRecord> records = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            records.add(new DnsRecord.Txt("big.example.", 300, List.of("x".repeat(255))));
        }
        Response huge = Responses.records("big.example", DnsType.TXT, records, List.of());

        assertThat(cache.store(huge).records()).hasSize(200);
        assertThat(get("big.example", DnsType.TXT)).isNull();
        assertThat(get("a.example", DnsType.A)).isNotNull();
    }

    @Test
    void neverEvictsWhatIsPinned() {
        cache = cache(config -> config.maxEntries(60).pinned(List.of("pinned.example")));
        cache.store(Responses.addresses("pinned.example", 300, "192.0.2.1"));
        for (int i = 0; i < 1000; i++) {
            cache.store(Responses.addresses("a" + i + ".example", 300, "192.0.2.1"));
        }
        assertThat(get("pinned.example", DnsType.A)).isNotNull();
        assertThat(cache.size().entries()).isBetween(57, 60);
    }

    @Test
    void badInput56KeepsWhatIsInUseThroughAFloodOfRandomNames() {
        int entries = 4_000;
        int hot = 400;
        cache = cache(config -> config.maxEntries(entries));
        for (int i = 0; i < hot; i++) {
            cache.store(Responses.addresses("hot" + i + ".example", 3600, "192.0.2.1"));
        }
        Random random = new Random(56);
        int names = Integer.getInteger("nettoolkit.dns.flood", 200_000);
        int lost = 0;
        for (int i = 0; i < names; i++) {
            String name = "x" + Long.toHexString(random.nextLong()) + ".example";
            // Half of the flood exists, as below a wildcard.
            cache.store(
                    (i & 1) == 0
                            ? Responses.addresses(name, 3600, "192.0.2.1")
                            : Responses.nothing(name, DnsType.A, Kind.NXDOMAIN, 3600, 3600));
            if (get("hot" + random.nextInt(hot) + ".example", DnsType.A) == null) {
                lost++;
            }
            if (i % 1000 == 0) {
                assertThat(cache.size().entries()).isLessThanOrEqualTo(entries);
                assertThat(cache.size().negatives()).isLessThanOrEqualTo(entries / 4);
            }
        }
        assertThat(lost).as("of %d uses of the hot set", names).isZero();
        assertThat(cache.size().entries()).isBetween((int) (entries * 0.95), entries);
    }
}
