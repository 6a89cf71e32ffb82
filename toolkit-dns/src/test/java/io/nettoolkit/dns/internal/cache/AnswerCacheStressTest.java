package io.nettoolkit.dns.internal.cache;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.core.TimeSource;
import io.nettoolkit.dns.DnsAnswer;
import io.nettoolkit.dns.DnsCache;
import io.nettoolkit.dns.DnsRecord;
import io.nettoolkit.dns.DnsType;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/** Readers and writers at once on a cache that evicts all the time. */
class AnswerCacheStressTest {

    private static final int NAMES = 64;

    @Test
    void givesEveryNameItsOwnAnswerAndStaysWithinItsBounds() throws Exception {
        AnswerCache cache = new AnswerCache(
                CacheRules.of(DnsCache.Config.builder().maxEntries(24).build()), TimeSource.system(), new Random(1));
        ExecutorService threads = Executors.newFixedThreadPool(4);
        List<Future<Integer>> found = new ArrayList<>();
        for (int thread = 0; thread < 4; thread++) {
            long seed = thread;
            found.add(threads.submit(() -> run(cache, new Random(seed))));
        }
        int hits = 0;
        for (Future<Integer> each : found) {
            hits += each.get();
        }
        threads.shutdown();

        assertThat(hits).isPositive();
        assertThat(cache.size().entries()).isLessThanOrEqualTo(24);
        assertThat(cache.all()).hasSize(cache.size().entries()).noneMatch(CacheEntry::isDead);
        assertThat(cache.all().stream().mapToLong(CacheEntry::bytes).sum())
                .isEqualTo(cache.size().bytes());
        cache.clear();
        assertThat(cache.size()).isEqualTo(new AnswerCache.Size(0, 0, 0));
    }

    private static int run(AnswerCache cache, Random random) {
        int hits = 0;
        for (int i = 0; i < 20_000; i++) {
            int number = random.nextInt(NAMES);
            String name = "n" + number + ".example";
            switch (random.nextInt(10)) {
                case 0, 1, 2 -> cache.store(Responses.addresses(name, 300, "192.0.2." + number));
                case 3 -> cache.invalidate(Responses.name(name));
                case 4 -> cache.get(name.toUpperCase(Locale.ROOT), Responses.name(name), DnsType.A);
                default -> {
                    DnsAnswer<?> answer = cache.get(name, DnsType.A);
                    if (answer != null) {
                        hits++;
                        int address = ((DnsRecord.A) answer.records().get(0))
                                .address()
                                .getAddress()[3];
                        assertThat(address).isEqualTo(number);
                    }
                }
            }
        }
        return hits;
    }
}
