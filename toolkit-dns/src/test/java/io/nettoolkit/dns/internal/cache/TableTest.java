package io.nettoolkit.dns.internal.cache;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.dns.DnsType;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
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
