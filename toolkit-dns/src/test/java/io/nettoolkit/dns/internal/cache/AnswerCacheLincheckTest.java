package io.nettoolkit.dns.internal.cache;

import io.nettoolkit.core.TimeSource;
import io.nettoolkit.dns.DnsAnswer;
import io.nettoolkit.dns.DnsCache;
import io.nettoolkit.dns.DnsRecord;
import io.nettoolkit.dns.DnsType;
import io.netty.util.concurrent.Ticker;
import java.util.Random;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.StressOptions;
import org.junit.jupiter.api.Test;

/** Answers come, are found and are forgotten: never a value that was replaced or removed before the look began. */
public class AnswerCacheLincheckTest {

    private static final String[] NAMES = {"a.example", "b.example"};

    private final AnswerCache cache = new AnswerCache(
            CacheRules.of(DnsCache.Config.defaults()), TimeSource.of(Ticker.newMockTicker()), new Random(1));

    @Operation
    public void store(int name, int value) {
        cache.store(Responses.addresses(NAMES[name & 1], 300, "192.0.2." + (value & 127)));
    }

    @Operation
    public int get(int name) {
        DnsAnswer<?> answer = cache.get(NAMES[name & 1], DnsType.A);
        return answer == null
                ? -1
                : ((DnsRecord.A) answer.records().get(0)).address().getAddress()[3];
    }

    @Operation
    public int invalidate(int name) {
        return cache.invalidate(Responses.name(NAMES[name & 1]));
    }

    @Operation
    public int entries() {
        return cache.size().entries();
    }

    @Test
    void isLinearizableWhereverThreadsSwitch() {
        new ModelCheckingOptions()
                .iterations(3)
                .invocationsPerIteration(60)
                .threads(2)
                .actorsPerThread(3)
                .actorsBefore(2)
                .actorsAfter(2)
                .check(getClass());
    }

    @Test
    void isLinearizableUnderStress() {
        new StressOptions()
                .iterations(3)
                .invocationsPerIteration(200)
                .threads(3)
                .actorsPerThread(3)
                .actorsBefore(2)
                .actorsAfter(2)
                .check(getClass());
    }
}
