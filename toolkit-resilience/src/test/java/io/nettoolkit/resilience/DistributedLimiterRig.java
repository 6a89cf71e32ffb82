package io.nettoolkit.resilience;

import io.nettoolkit.core.TimeSource;
import io.nettoolkit.resilience.DistributedRateLimiter.Decision;
import io.nettoolkit.resilience.DistributedRateLimiter.Outage;
import io.nettoolkit.testkit.LeakCheck;
import io.nettoolkit.testkit.ManualTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.extension.ExtendWith;

/** Distributed limiters in virtual time, and what they tell of their store. */
@ExtendWith(LeakCheck.class)
abstract class DistributedLimiterRig {

    /** Permits in a second. */
    static final int RATE = 100;

    final ManualTime time = ManualTime.create();
    final TimeSource clock = TimeSource.of(time.ticker());

    /** "lost: " with the class of the cause, and "back". */
    final List<String> events = new ArrayList<>();

    @AfterEach
    void close() {
        time.close();
    }

    DistributedRateLimiter.Builder builder(TokenStore on, Outage outage) {
        return DistributedRateLimiter.builder(on, "orders", RATE, Duration.ofSeconds(1), outage)
                .timeSource(clock)
                .scheduler(time.executor())
                .random(new SplittableRandom(1))
                .listener(new DistributedRateLimiter.Listener() {
                    @Override
                    public void onStoreLost(Throwable cause) {
                        events.add("lost: " + cause.getClass().getSimpleName());
                    }

                    @Override
                    public void onStoreBack() {
                        events.add("back");
                    }
                });
    }

    static Decision get(CompletableFuture<Decision> decision) throws Exception {
        return decision.get(5, TimeUnit.SECONDS);
    }
}
