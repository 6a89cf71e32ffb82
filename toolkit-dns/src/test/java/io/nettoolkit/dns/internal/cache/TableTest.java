package io.nettoolkit.dns.internal.cache;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.dns.DnsType;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class TableTest {

    private final Table table = new Table(DnsType.A);

    private CacheEntry put(String key) {
        CacheEntry entry = new CacheEntry(key, table, "value", false);
        assertThat(table.put(entry)).doesNotContain(entry);
        return entry;
    }

    @Test
    void knowsWhatAMapKnows() {
        for (long seed = 0; seed < 20; seed++) {
            Random random = new Random(seed);
            Table mine = new Table(DnsType.A);
            Map<String, CacheEntry> model = new HashMap<>();
            for (int i = 0; i < 5_000; i++) {
                String key = "n" + random.nextInt(1 + random.nextInt(2_000));
                CacheEntry known = model.get(key);
                assertThat(mine.get(key)).as("seed %d, step %d", seed, i).isSameAs(known);
                if (known == null) {
                    CacheEntry entry = new CacheEntry(key, mine, "value", false);
                    model.put(key, entry);
                    mine.put(entry).forEach(lost -> model.remove(lost.key));
                } else if (random.nextInt(3) == 0) {
                    mine.remove(key, known);
                    model.remove(key);
                }
            }
            assertThat(mine.entries()).as("seed %d", seed).containsExactlyInAnyOrderElementsOf(model.values());
        }
    }

    @Test
    void findsNamesAboveANameFromTheTopDown() {
        CacheEntry top = put("test");
        CacheEntry middle = put("example.test");
        put("www.example.test");
        put("ample.test");
        List<String> seen = new ArrayList<>();

        assertThat(table.above("www.example.test", entry -> {
                    seen.add(entry.key);
                    return false;
                }))
                .isNull();
        assertThat(seen).containsExactly("test", "example.test");
        assertThat(table.above("www.example.test", entry -> true)).isSameAs(top);
        assertThat(table.above("www.example.test", entry -> entry != top)).isSameAs(middle);
        assertThat(table.above("test", entry -> true)).isNull();
        assertThat(table.above("other", entry -> true)).isNull();
    }

    @Test
    void aDotWithinALabelIsNoBorder() {
        put("b.test");

        assertThat(table.above("a\\.b.test", entry -> true)).isNull();
        assertThat(table.above("a\\\\.b.test", entry -> true)).isNotNull();
        assertThat(table.above("a.b.test", entry -> true)).isNotNull();
    }

    @Test
    void findsWhatAMapFindsForTheEndsOfRandomNames() {
        Random random = new Random(7);
        Set<String> keys = new HashSet<>();
        for (int i = 0; i < 300; i++) {
            String key = randomName(random, 3);
            if (keys.add(key)) {
                put(key);
            }
        }
        for (int i = 0; i < 3_000; i++) {
            String name = randomName(random, 5);
            Set<String> expected = new HashSet<>();
            for (int dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', dot + 1)) {
                if (keys.contains(name.substring(dot + 1))) {
                    expected.add(name.substring(dot + 1));
                }
            }
            Set<String> found = new HashSet<>();
            table.above(name, entry -> !found.add(entry.key));
            assertThat(found).as("seed 7, %s", name).isEqualTo(expected);
        }
    }

    private static String randomName(Random random, int labels) {
        StringBuilder name = new StringBuilder();
        for (int i = 1 + random.nextInt(labels); i > 0; i--) {
            name.append((char) ('a' + random.nextInt(4)));
            name.append(random.nextBoolean() ? "x" : "").append(i > 1 ? "." : "");
        }
        return name.toString();
    }

    @Test
    void badInput56HasAFewPlacesForStringsOfOneHash() {
        // "an" and "c0" have one hash, and so have all strings made of them.
        for (int i = 0; i < 1 << 12; i++) {
            StringBuilder key = new StringBuilder();
            for (int bit = 0; bit < 12; bit++) {
                key.append((i >> bit & 1) == 0 ? "an" : "c0");
            }
            CacheEntry entry = put(key.toString());
            assertThat(table.get(entry.key)).isSameAs(entry);
            assertThat(table.entries()).hasSizeLessThanOrEqualTo(32);
        }
        // Others find their place.
        for (int i = 0; i < 1000; i++) {
            CacheEntry entry = put("other" + i);
            assertThat(table.get(entry.key)).isSameAs(entry);
        }
        assertThat(table.entries()).hasSizeGreaterThan(900);
    }

    @Test
    void removesOnlyTheEntryItIsTold() {
        CacheEntry first = put("a");
        table.remove("a", new CacheEntry("a", table, "value", false));
        assertThat(table.get("a")).isSameAs(first);
        table.remove("b", first);
        table.remove("a", first);
        assertThat(table.get("a")).isNull();
        table.remove("a", first);
        assertThat(table.entries()).isEmpty();
    }
}
