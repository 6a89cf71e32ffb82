package io.nettoolkit.dns.internal.cache;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.core.TimeSource;
import io.nettoolkit.dns.DnsAnswer;
import io.nettoolkit.dns.DnsAnswer.Kind;
import io.nettoolkit.dns.DnsCache;
import io.nettoolkit.dns.DnsRecord;
import io.nettoolkit.dns.DnsType;
import io.nettoolkit.dns.internal.query.Response;
import io.nettoolkit.testkit.ManualTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What the cache counts, how near it goes to its bounds, and what goes with what. */
class AnswerCacheBooksTest {

    private static final int LEAST_BYTES = 64 << 10;

    private final ManualTime time = ManualTime.create();
    private AnswerCache cache = cache(config -> config);

    private AnswerCache cache(UnaryOperator<DnsCache.Config.Builder> options) {
        DnsCache.Config config = options.apply(DnsCache.Config.builder()).build();
        return new AnswerCache(CacheRules.of(config), TimeSource.of(time.ticker()), new Random(1));
    }

    @AfterEach
    void countsTheBytesOfWhatIsThere() {
        long sum = cache.all().stream().mapToLong(CacheEntry::bytes).sum();
        for (String each : List.of("web", "db")) {
            CacheEntry host = cache.host(each);
            sum += host == null ? 0 : host.bytes();
        }
        assertThat(cache.size().bytes()).isEqualTo(sum);
        cache.clear();
        assertThat(cache.size()).isEqualTo(new AnswerCache.Size(0, 0, 0));
    }

    private DnsAnswer<?> get(String name) {
        return cache.get(name, DnsType.A);
    }

    private void store(String name) {
        cache.store(Responses.addresses(name, 300, "192.0.2.1"));
    }

    private void storeNothing(String name) {
        cache.store(Responses.nothing(name, DnsType.A, Kind.NODATA, 300, 300));
    }

    /** An answer whose entry takes just so many bytes. */
    private static Response ofBytes(String name, long bytes) {
        int length = 1;
        while (true) {
            Response made = text(name, length);
            long missing = bytes - AnswerBytes.of(name, answer(made));
            if (missing == 0) {
                return made;
            }
            length += (int) missing;
        }
    }

    private static Response text(String name, int length) {
        List<String> strings = new ArrayList<>(Collections.nCopies(length / 200, "x".repeat(200)));
        strings.add("x".repeat(length % 200));
        return Responses.records(name, DnsType.TXT, List.of(new DnsRecord.Txt(name + ".", 300, strings)), List.of());
    }

    private static DnsAnswer<?> answer(Response response) {
        AnswerCache any =
                new AnswerCache(CacheRules.of(DnsCache.Config.defaults()), TimeSource.system(), new Random(1));
        return any.store(response);
    }

    @Test
    void countsWhatItDoes() {
        cache.onRefresh(entry -> {});
        store("a.example");
        store("a.example");
        get("a.example");
        get("b.example");
        time.advance(Duration.ofSeconds(299));
        get("a.example");
        get("a.example");
        get("a.example");

        assertThat(cache.counters().storedAnswers()).isEqualTo(2);
        assertThat(cache.counters().hits()).isEqualTo(4);
        assertThat(cache.counters().refreshes()).isEqualTo(1);
        assertThat(cache.counters().evictedEntries()).isZero();
    }

    @Test
    void makesRoomALittleBeforeItsBoundWhileThereIsWhatNobodyUses() {
        cache = cache(config -> config.maxEntries(320));
        IntStream.range(0, 310).forEach(i -> store("n" + i + ".example"));
        assertThat(cache.size().entries()).isEqualTo(310);
        store("last.example");
        assertThat(cache.size().entries()).isEqualTo(310);
        assertThat(cache.counters().evictedEntries()).isEqualTo(1);
        assertThat(get("n0.example")).isNull();
        assertThat(get("last.example")).isNotNull();
    }

    @Test
    void goesToItsBoundWhereEverythingIsInUse() {
        cache = cache(config -> config.maxEntries(320));
        int most = 0;
        for (int i = 0; i < 400; i++) {
            store("n" + i + ".example");
            most = Math.max(most, cache.size().entries());
            IntStream.rangeClosed(0, i).forEach(k -> get("n" + k + ".example"));
        }
        assertThat(most).isEqualTo(320);
    }

    @Test
    void givesUpWhatWasUsedOnceAndNotAgainForWhatIsNew() {
        cache = cache(config -> config.maxEntries(320));
        IntStream.range(0, 310).forEach(i -> store("n" + i + ".example"));
        IntStream.range(0, 310).forEach(i -> get("n" + i + ".example"));
        IntStream.range(0, 20).forEach(i -> store("late" + i + ".example"));
        assertThat(cache.entry("n0.example", DnsType.A)).isNull();
    }

    @Test
    void givesAQuarterToWhatSaysThatThereIsNothing() {
        cache = cache(config -> config.maxEntries(320));
        IntStream.range(0, 78).forEach(i -> storeNothing("n" + i + ".example"));
        assertThat(cache.size().negatives()).isEqualTo(78);
        storeNothing("last.example");
        assertThat(cache.size().negatives()).isEqualTo(78);

        cache = cache(config -> config.maxEntries(4 * 320));
        int most = 0;
        for (int i = 0; i < 400; i++) {
            storeNothing("n" + i + ".example");
            most = Math.max(most, cache.size().negatives());
            IntStream.rangeClosed(0, i).forEach(k -> get("n" + k + ".example"));
        }
        assertThat(most).isEqualTo(320);
    }

    @Test
    void takesFromTheNegativesWhereEverythingElseIsPinnedAndTheBoundIsReached() {
        List<String> pinned =
                IntStream.range(0, 10).mapToObj(i -> "p" + i + ".example").toList();
        cache = cache(config -> config.maxEntries(64).maxBytes(LEAST_BYTES).pinned(pinned));
        pinned.subList(0, 7).forEach(each -> cache.store(ofBytes(each, LEAST_BYTES / 8)));
        cache.store(ofBytes("p7.example", 6500));
        storeNothing("a.example");
        assertThat(cache.size().bytes()).isBetween(LEAST_BYTES * 31L / 32, (long) LEAST_BYTES);
        assertThat(cache.size().negatives()).as("it can wait").isOne();

        cache.store(ofBytes("p7.example", LEAST_BYTES / 8));
        assertThat(cache.size()).isEqualTo(new AnswerCache.Size(8, 0, LEAST_BYTES));
        pinned.subList(8, 10).forEach(each -> cache.store(ofBytes(each, LEAST_BYTES / 8)));
        assertThat(cache.size().entries()).as("whatever they take").isEqualTo(10);
    }

    @Test
    void removesAsMuchAsALargeAnswerNeeds() {
        cache = cache(config -> config.maxBytes(LEAST_BYTES));
        IntStream.range(0, 1000).forEach(i -> store("n" + i + ".example"));
        cache.store(ofBytes("large.example", LEAST_BYTES / 8));
        assertThat(cache.size().bytes()).isBetween(LEAST_BYTES * 9L / 10, LEAST_BYTES * 31L / 32);
        assertThat(cache.get("large.example", DnsType.TXT)).isNotNull();
    }

    @Test
    void keepsAnAnswerOfAnEighthOfItsBytesAndNoneThatIsLarger() {
        cache = cache(config -> config.maxBytes(LEAST_BYTES));
        cache.store(ofBytes("a.example", LEAST_BYTES / 8));
        assertThat(cache.get("a.example", DnsType.TXT)).isNotNull();
        DnsAnswer<?> restored = answer(ofBytes("b.example", LEAST_BYTES / 8));
        assertThat(cache.restore("b.example", DnsType.TXT, restored)).isTrue();
        assertThat(cache.get("b.example", DnsType.TXT)).isEqualTo(restored);
        assertThat(cache.restore("b.example", DnsType.TXT, restored)).isFalse();

        DnsAnswer<?> large = answer(ofBytes("c.example", LEAST_BYTES / 8 + 1));
        assertThat(cache.restore("c.example", DnsType.TXT, large)).isFalse();
        assertThat(cache.get("c.example", DnsType.TXT)).isNull();
        // What is there already is not right any more.
        cache.store(ofBytes("a.example", LEAST_BYTES / 8 + 1));
        assertThat(cache.get("a.example", DnsType.TXT)).isNull();
        cache.store(ofBytes("d.example", LEAST_BYTES / 8 + 1));
        assertThat(cache.size().entries()).isEqualTo(1);
    }

    @Test
    void evictsWhatHasNoPlaceAmongStringsOfOneHash() {
        for (int i = 0; i < 64; i++) {
            StringBuilder name = new StringBuilder();
            for (int bit = 0; bit < 6; bit++) {
                name.append((i >> bit & 1) == 0 ? "a~" : "b_");
            }
            store(name.toString());
        }
        assertThat(cache.size().entries()).isEqualTo(32);
        assertThat(cache.counters().evictedEntries()).isEqualTo(32);
        assertThat(cache.all())
                .allSatisfy(entry -> assertThat(get(entry.name())).isNotNull());
    }

    private void spell(String given) {
        assertThat(cache.get(given, Responses.name(given), DnsType.A)).isNotNull();
    }

    @Test
    void notesFourSpellingsOfANameAndFindsThemAgainOnceItIsKeptAgain() {
        List<String> spellings = List.of("A.example", "a.Example", "a.eXample", "a.exAmple", "a.examplE");
        store("a.example");
        spellings.forEach(this::spell);
        assertThat(spellings.subList(0, 4))
                .allSatisfy(each -> assertThat(get(each)).isNotNull());
        assertThat(get(spellings.get(4))).isNull();

        cache.invalidate(Responses.name("a.example"));
        store("a.example");
        assertThat(get("A.example")).isNull();
        spell("A.example");
        assertThat(get("A.example")).isNotNull();
    }

    @Test
    void notesSpellingsOfWhatDoesNotExistForAllTypesAndBehindAnAliasForItsOwn() {
        cache.store(Responses.nothing("gone.example", DnsType.A, Kind.NXDOMAIN, 300, 300));
        spell("GONE.example");
        assertThat(cache.get("GONE.example", DnsType.MX)).isNotNull();

        DnsRecord.Cname alias = new DnsRecord.Cname("lost.example.", 300, "gone.example.");
        cache.store(Responses.nothing("lost.example", DnsType.A, Kind.NXDOMAIN, List.of(alias)));
        spell("LOST.example");
        assertThat(get("LOST.example")).isNotNull();
        assertThat(cache.get("LOST.example", DnsType.MX)).isNull();
    }

    @Test
    void notesSpellingsOf255CharactersAndNoLonger() {
        String start = "\\097".repeat(60) + ".";
        for (int length : new int[] {255, 256}) {
            String given = start + "a".repeat(length - start.length());
            store("a".repeat(60) + "." + "a".repeat(length - start.length()));
            spell(given);
            assertThat(get(given) != null).as("%d characters", length).isEqualTo(length == 255);
        }
    }

    /** Made of two entries. */
    private record Made(CacheEntry first, CacheEntry second, long expiresNanos) implements CacheEntry.Derived {
        @Override
        public int references() {
            return 2;
        }

        @Override
        public void touchOrigins() {
            first.touch();
            second.touch();
        }

        @Override
        public boolean isUpToDate() {
            return !first.isDead() && !second.isDead();
        }
    }

    private void keepHost(String host, String first, String second) {
        store(first);
        store(second);
        long end = time.nanoTime() + Duration.ofMinutes(5).toNanos();
        cache.keepHost(host, new Made(cache.entry(first, DnsType.A), cache.entry(second, DnsType.A), end));
    }

    @Test
    void keepsWhatWasMadeOfAnswersAsLongAsTheyAreThere() {
        keepHost("web", "a.example", "b.example");
        keepHost("db", "c.example", "d.example");
        assertThat(cache.size().entries()).isEqualTo(6);
        assertThat(cache.all()).hasSize(4);
        assertThat(cache.all()).noneMatch(cache::isForAllTypes);
        assertThat(cache.isFresh(cache.host("web"))).isTrue();

        assertThat(cache.invalidate(Responses.name("b.example"))).isOne();
        assertThat(cache.host("web")).isNull();
        assertThat(cache.host("db")).isNotNull();

        storeNothing("e.example");
        cache.clearNegatives();
        assertThat(cache.host("db")).as("it may be short for another name now").isNull();
        assertThat(cache.all()).extracting(CacheEntry::name).containsExactly("a.example", "c.example", "d.example");

        keepHost("db", "c.example", "d.example");
        cache.clearHosts();
        assertThat(cache.host("db")).isNull();
        assertThat(cache.all()).hasSize(3);
    }

    @Test
    void whatAHostWasMadeOfIsInUseWithIt() {
        cache = cache(config -> config.maxEntries(320));
        keepHost("web", "a.example", "b.example");
        assertThat(cache.isFresh(cache.host("web"))).isTrue();
        IntStream.range(0, 400).forEach(i -> store("n" + i + ".example"));
        assertThat(cache.entry("a.example", DnsType.A)).isNotNull();
        assertThat(cache.entry("b.example", DnsType.A)).isNotNull();
        assertThat(cache.entry("n0.example", DnsType.A)).isNull();
    }

    @Test
    void countsAHostOnceHoweverOftenItIsMade() {
        keepHost("web", "a.example", "b.example");
        keepHost("web", "a.example", "b.example");
        assertThat(cache.size().entries()).isEqualTo(3);
    }

    @Test
    void hasNothingStandInWhereToldSo() {
        cache = cache(config -> config.maxStale(Duration.ZERO));
        store("a.example");
        time.advance(Duration.ofMinutes(5));
        assertThat(cache.stale("a.example", DnsType.A)).isNull();
    }

    @Test
    void looksNothingUpAgainThatSaysThereIsNothing() {
        List<CacheEntry> refreshed = new ArrayList<>();
        cache.onRefresh(refreshed::add);
        storeNothing("a.example");
        time.advance(Duration.ofSeconds(299));
        assertThat(get("a.example")).isNotNull();
        assertThat(get("a.example")).isNotNull();
        assertThat(get("a.example")).isNotNull();
        assertThat(refreshed).isEmpty();
    }
}
