package io.nettoolkit.dns.internal.cache;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.dns.DnsAnswer;
import io.nettoolkit.dns.DnsAnswer.Kind;
import io.nettoolkit.dns.DnsCache;
import io.nettoolkit.dns.DnsType;
import java.lang.management.ManagementFactory;
import java.util.Random;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** A hit makes no object, and an entry takes what is said of it. */
class AnswerCacheAllocationTest {

    private static final int CALLS = 20_000;
    private static final int MOST_ROUNDS = 500;
    private static final int ENTRIES = 100_000;

    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private Object sink;

    private static AnswerCache cache(int maxEntries) {
        DnsCache.Config config = DnsCache.Config.builder()
                .maxEntries(maxEntries)
                .maxBytes(1L << 30)
                .build();
        return new AnswerCache(CacheRules.of(config), TimeSource.system(), new Random(1));
    }

    private double bytesPerCall(Supplier<DnsAnswer<?>> call) {
        long least = Long.MAX_VALUE;
        for (int round = 0; round < MOST_ROUNDS && least >= CALLS; round++) {
            long before = threads.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < CALLS; i++) {
                sink = call.get();
            }
            least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
        }
        assertThat(sink).isNotNull();
        return (double) least / CALLS;
    }

    @Test
    void aHitAllocatesNothing() {
        AnswerCache cache = cache(100);
        cache.store(Responses.addresses("a.example", 3600, "192.0.2.1"));

        assertThat(bytesPerCall(() -> cache.get("a.example", DnsType.A))).isLessThan(1);
    }

    @Test
    void aHitThatSaysThereIsNothingAllocatesNothing() {
        AnswerCache cache = cache(100);
        cache.store(Responses.nothing("a.example", DnsType.A, Kind.NXDOMAIN, 3600, 3600));

        assertThat(bytesPerCall(() -> cache.get("a.example", DnsType.MX))).isLessThan(1);
    }

    @Test
    void aHitByAnotherSpellingAllocatesNothing() {
        AnswerCache cache = cache(100);
        cache.store(Responses.addresses("a.example", 3600, "192.0.2.1"));
        cache.get("A.Example.", Responses.name("a.example"), DnsType.A);

        assertThat(bytesPerCall(() -> cache.get("A.Example.", DnsType.A))).isLessThan(1);
    }

    @Test
    void aHundredThousandAddressesTake400BytesEachAtMost() {
        AnswerCache cache = cache(ENTRIES + ENTRIES / 10);
        long before = usedBytes();
        for (int i = 0; i < ENTRIES; i++) {
            cache.store(Responses.addresses(
                    "host" + (100_000 + i) + ".example.com",
                    3600,
                    "10." + (i >> 16) + "." + (i >> 8 & 255) + "." + (i & 255)));
        }
        double each = (double) (usedBytes() - before) / ENTRIES;
        assertThat(cache.size().entries()).isEqualTo(ENTRIES);
        double estimate = (double) cache.size().bytes() / ENTRIES;

        System.out.printf("cached A name: %.0f bytes on the heap, %.0f estimated%n", each, estimate);
        assertThat(each).isBetween(200.0, 400.0);
        assertThat(estimate / each)
                .as("estimate %.0f of %.0f bytes", estimate, each)
                .isBetween(0.9, 1.3);
    }

    private static long usedBytes() {
        long least = Long.MAX_VALUE;
        for (int i = 0; i < 5; i++) {
            System.gc();
            Runtime runtime = Runtime.getRuntime();
            least = Math.min(least, runtime.totalMemory() - runtime.freeMemory());
        }
        return least;
    }
}
