package io.nettoolkit.dns.internal.cache;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.core.TimeSource;
import io.nettoolkit.dns.DnsAnswer;
import io.nettoolkit.dns.DnsAnswer.Kind;
import io.nettoolkit.dns.DnsCache;
import io.nettoolkit.dns.DnsRecord;
import io.nettoolkit.dns.DnsType;
import io.nettoolkit.testkit.ManualTime;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Random histories in virtual time, beside a cache that is as simple as can be and forgets nothing by itself. */
class AnswerCacheModelTest {

    private static final List<DnsType<?>> TYPES = List.of(DnsType.A, DnsType.TXT, DnsType.opaque(65280));
    private static final List<Kind> KINDS = List.of(Kind.ANSWER, Kind.NODATA, Kind.NXDOMAIN);
    private static final int STEPS = 400;
    private static final String ALL = "all types";

    /** What the model knows of a name and type: records, or null for none of them. */
    private record Known(Kind kind, @Nullable String text, long ends) {}

    @Test
    void knowsWhatAModelKnows() {
        for (long seed = 0; seed < 300; seed++) {
            new History(seed, 1000).run("seed " + seed);
        }
    }

    @Test
    void knowsNothingThatAModelDoesNotKnowWhileItEvicts() {
        for (long seed = 0; seed < 300; seed++) {
            new History(seed, 8 + (int) (seed % 30)).run("seed " + seed);
        }
    }

    private static final class History {

        private final Random random;
        private final ManualTime time = ManualTime.create();
        private final AnswerCache cache;
        private final boolean forgets;
        private final Map<String, Map<Object, Known>> model = new HashMap<>();

        History(long seed, int maxEntries) {
            random = new Random(seed);
            forgets = maxEntries < 100;
            cache = new AnswerCache(
                    CacheRules.of(
                            DnsCache.Config.builder().maxEntries(maxEntries).build()),
                    TimeSource.of(time.ticker()),
                    new Random(seed));
        }

        void run(String label) {
            for (int step = 0; step < STEPS; step++) {
                switch (random.nextInt(8)) {
                    case 0, 1, 2 -> store();
                    case 3 -> time.advance(Duration.ofSeconds(random.nextInt(20)));
                    case 4 -> {
                        if (random.nextInt(5) == 0) {
                            forget();
                        }
                    }
                    default -> get(label + ", step " + step);
                }
            }
            AnswerCache.Size size = cache.size();
            long bytes = cache.all().stream().mapToLong(CacheEntry::bytes).sum();
            assertThat(size.bytes()).as(label).isEqualTo(bytes);
            assertThat(size.entries()).as(label).isEqualTo(cache.all().size());
            assertThat(size.entries())
                    .as(label)
                    .isLessThanOrEqualTo(cache.rules().maxEntries());
            assertThat(size.negatives())
                    .as(label)
                    .isLessThanOrEqualTo(cache.rules().maxNegatives());
        }

        private String name() {
            String[] labels = {"a", "b", "c", "d"};
            StringBuilder name = new StringBuilder(labels[random.nextInt(4)] + ".example");
            for (int depth = random.nextInt(3); depth > 0; depth--) {
                name.insert(0, labels[random.nextInt(4)] + ".");
            }
            return name.toString();
        }

        private void store() {
            String name = name();
            DnsType<?> type = TYPES.get(random.nextInt(TYPES.size()));
            int ttl = random.nextInt(60);
            String text = Integer.toString(random.nextInt(1000));
            Kind kind = KINDS.get(random.nextInt(KINDS.size()));
            cache.store(
                    kind == Kind.ANSWER
                            ? Responses.records(name, type, List.of(record(name, type, ttl, text)), List.of())
                            : Responses.nothing(name, type, kind, ttl, 100));

            Map<Object, Known> known = model.computeIfAbsent(name, key -> new HashMap<>());
            Known now = new Known(
                    kind, kind == Kind.ANSWER ? text : null, time.elapsed().toSeconds() + ttl);
            if (ttl == 0) {
                known.remove(type);
                existsWithAllAbove(name);
            } else if (kind == Kind.NXDOMAIN) {
                known.clear();
                known.put(ALL, now);
            } else {
                existsWithAllAbove(name);
                known.put(type, now);
            }
        }

        private void existsWithAllAbove(String name) {
            for (String above = name; ; above = above.substring(above.indexOf('.') + 1)) {
                model.getOrDefault(above, new HashMap<>()).remove(ALL);
                if (above.indexOf('.') < 0) {
                    return;
                }
            }
        }

        private static DnsRecord record(String name, DnsType<?> type, int ttl, String text) {
            if (type.equals(DnsType.A)) {
                int number = Integer.parseInt(text);
                return Responses.addresses(name, ttl, "10.0." + number / 256 + "." + number % 256)
                        .records()
                        .get(0);
            }
            return type.equals(DnsType.TXT)
                    ? new DnsRecord.Txt(name + ".", ttl, List.of(text))
                    : new DnsRecord.Opaque(
                            name + ".", ttl, DnsType.opaque(type.code()), text.getBytes(StandardCharsets.US_ASCII));
        }

        private void forget() {
            String name = name();
            if (random.nextInt(6) == 0) {
                cache.clearNegatives();
                model.values().forEach(known -> known.values().removeIf(each -> each.kind != Kind.ANSWER));
            } else {
                cache.invalidate(Responses.name(name));
                model.remove(name);
            }
        }

        private void get(String label) {
            String name = name();
            DnsType<?> type = TYPES.get(random.nextInt(TYPES.size()));
            String spelling =
                    random.nextInt(3) > 0 ? name : random.nextBoolean() ? name + "." : name.toUpperCase(Locale.ROOT);
            DnsAnswer<?> answer = cache.get(spelling, type);
            if (answer == null) {
                answer = cache.get(spelling, Responses.name(spelling), type);
            }
            Map<Object, Known> known = model.getOrDefault(name, Map.of());
            Known expected = fresh(known.get(type));
            if (expected == null) {
                expected = fresh(known.get(ALL));
            }
            if (answer == null) {
                assertThat(forgets || expected == null)
                        .as(label + ": " + name + " " + type)
                        .isTrue();
                return;
            }
            assertThat(expected).as(label + ": " + name + " " + type).isNotNull();
            assertThat(answer.kind()).as(label).isEqualTo(expected.kind);
            if (expected.kind == Kind.ANSWER) {
                int ttl = answer.records().get(0).ttl();
                assertThat(answer.records()).as(label).isEqualTo(List.of(record(name, type, ttl, expected.text)));
            }
        }

        private @Nullable Known fresh(@Nullable Known known) {
            return known != null && time.elapsed().toSeconds() < known.ends ? known : null;
        }
    }
}
