package io.nettoolkit.dns.internal.lookup;

import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.core.internal.ToolkitFuture;
import io.nettoolkit.dns.DnsAnswer;
import io.nettoolkit.dns.DnsException;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * A caller who does not wait for a flight to the end: it has a deadline of its own, or a stale answer to fall back on.
 *
 * <p>Who leaves with the stale answer leaves the flight going, so that the new answer gets into the cache.
 */
final class Wait {

    private final Question question;
    private final CompletableFuture<DnsAnswer<?>> flight;
    private final @Nullable DnsAnswer<?> stale;
    private final Runnable onStale;
    private final ToolkitFuture<DnsAnswer<?>> future;
    private final AtomicBoolean staleGiven = new AtomicBoolean();
    private @Nullable ScheduledFuture<?> timer;

    /**
     * A caller.
     *
     * @param flight the caller's own future of the flight
     * @param stale what to give instead of a failure; null for none
     * @param onStale called when it is given
     */
    Wait(
            Question question,
            EventExecutor executor,
            CompletableFuture<DnsAnswer<?>> flight,
            @Nullable DnsAnswer<?> stale,
            Runnable onStale) {
        this.question = question;
        this.flight = flight;
        this.stale = stale;
        this.onStale = onStale;
        future = new ToolkitFuture<>(executor, this::leave);
    }

    /** Waits for so long at most. */
    ToolkitFuture<DnsAnswer<?>> begin(EventExecutor executor, Deadline deadline, long mostNanos) {
        long most = Math.min(mostNanos, deadline.remainingNanos());
        if (most <= 0) {
            late();
        } else {
            timer = executor.schedule(() -> late(), most, TimeUnit.NANOSECONDS);
        }
        flight.whenComplete(this::over);
        return future;
    }

    private void over(@Nullable DnsAnswer<?> answer, @Nullable Throwable failure) {
        if (timer != null) {
            timer.cancel(false);
        }
        if (answer != null) {
            future.succeed(answer);
        } else if (stale != null && failure instanceof DnsException dns && dns.kind() != Kind.LOCAL_CLOSED) {
            giveStale();
        } else if (failure != null) {
            future.fail(failure);
        }
    }

    private void late() {
        if (stale != null) {
            giveStale();
            return;
        }
        future.fail(DnsException.builder(Kind.DNS_TIMEOUT, question.name().toString())
                .type(question.type())
                .detail("the caller's deadline passed before a server had answered; the question goes on for others")
                .build());
        leave();
    }

    private void giveStale() {
        if (stale != null && staleGiven.compareAndSet(false, true) && future.succeed(stale)) {
            onStale.run();
        }
    }

    private void leave() {
        if (timer != null) {
            timer.cancel(false);
        }
        flight.cancel(false);
    }
}
