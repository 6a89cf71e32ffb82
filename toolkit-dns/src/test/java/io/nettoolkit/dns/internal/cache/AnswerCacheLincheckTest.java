package io.nettoolkit.dns.internal.cache;

import io.nettoolkit.core.TimeSource;
import io.nettoolkit.dns.DnsAnswer;
import io.nettoolkit.dns.DnsCache;
import io.nettoolkit.dns.DnsRecord;
import io.nettoolkit.dns.DnsType;
import io.netty.util.concurrent.Ticker;
import java.util.Random;
import org.jetbrains.lincheck.datastructures.IntGen;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.jetbrains.lincheck.datastructures.StressOptions;
import org.junit.jupiter.api.Test;

/** Answers come, are found and are forgotten: never a value that was replaced or removed before the look began. */
@Param(name = "which", gen = IntGen.class, conf = "0:1")
@Param(name = "value", gen = IntGen.class, conf = "0:100")
public class AnswerCacheLincheckTest {

    private static final String[] NAMES = {"a.example", "b.example"};

    private final AnswerCache cache = new AnswerCache(
            CacheRules.of(DnsCache.Config.defaults()), TimeSource.of(Ticker.newMockTicker()), new Random(1));

    @Operation
    public void store(@Param(name = "which") int which, @Param(name = "value") int value) {
        cache.store(Responses.addresses(NAMES[which], 300, "192.0.2." + value));
    }

    @Operation
    public int get(@Param(name = "which") int which) {
        DnsAnswer<?> answer = cache.get(NAMES[which], DnsType.A);
        return answer == null
                ? -1
                : ((DnsRecord.A) answer.records().get(0)).address().getAddress()[3];
    }

    @Operation
    public int invalidate(@Param(name = "which") int which) {
        return cache.invalidate(Responses.name(NAMES[which]));
    }

    @Operation
    public int entries() {
        return cache.size().entries();
    }

    @Test
    void isLinearizableWhereverThreadsSwitch() {
        new ModelCheckingOptions()
                .iterations(2)
                .invocationsPerIteration(40)
                // A removal looks at every place of two tables, which is no livelock.
                .loopBound(1_000)
                .threads(2)
                .actorsPerThread(3)
                .actorsBefore(2)
                .actorsAfter(2)
                .check(getClass());
    }

    @Test
    void isLinearizableUnderStress() {
        new StressOptions()
                .iterations(2)
                .invocationsPerIteration(100)
                .threads(3)
                .actorsPerThread(3)
                .actorsBefore(2)
                .actorsAfter(2)
                .check(getClass());
    }
}
