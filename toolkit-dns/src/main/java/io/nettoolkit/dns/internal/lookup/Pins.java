package io.nettoolkit.dns.internal.lookup;

import io.nettoolkit.dns.DnsAnswer;
import io.nettoolkit.dns.DnsException;
import io.nettoolkit.dns.DnsType;
import io.nettoolkit.dns.internal.wire.DnsName;
import io.netty.util.concurrent.EventExecutor;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Keeps pinned hosts in the cache: looks their addresses up when the resolver starts, and again in the last tenth of their
 * time, a little earlier or later for each; every 30 seconds while that fails.
 *
 * <p><b>Threading.</b> Each question on a loop of its own choice.
 */
final class Pins {

    private static final long RETRY_NANOS = TimeUnit.SECONDS.toNanos(30);
    private static final long SHORTEST_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final Lookups lookups;
    private final LookupOptions options;
    private volatile boolean closed;

    Pins(Lookups lookups, LookupOptions options) {
        this.lookups = lookups;
        this.options = options;
    }

    void start(Collection<String> names) {
        for (String pinned : names) {
            for (DnsType<?> type : List.of(DnsType.A, DnsType.AAAA)) {
                try {
                    Question question = new Question(DnsName.of(pinned), type);
                    EventExecutor loop = lookups.executor();
                    loop.execute(() -> lookUp(question, loop));
                } catch (DnsException impossible) {
                    throw new IllegalStateException("a pinned name has been checked", impossible);
                }
            }
        }
    }

    private void lookUp(Question question, EventExecutor loop) {
        if (closed) {
            return;
        }
        CompletableFuture<DnsAnswer<?>> lookup = lookups.lookUpAgain(question);
        if (lookup == null) {
            again(question, loop, RETRY_NANOS);
        } else {
            lookup.whenComplete((answer, failure) -> again(question, loop, delayNanos(answer)));
        }
    }

    private long delayNanos(@Nullable DnsAnswer<?> answer) {
        if (answer == null) {
            return RETRY_NANOS;
        }
        double share = 0.90 + 0.05 * options.random().nextDouble();
        return Math.max(SHORTEST_NANOS, (long) (answer.expires().remainingNanos() * share));
    }

    private void again(Question question, EventExecutor loop, long delayNanos) {
        try {
            loop.schedule(() -> lookUp(question, loop), delayNanos, TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException shutDown) {
            closed = true;
        }
    }

    void close() {
        closed = true;
    }
}
