package io.nettoolkit.dns.internal.lookup;

import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.core.internal.SharedOperation;
import io.nettoolkit.dns.DnsAnswer;
import io.nettoolkit.dns.DnsException;
import io.nettoolkit.dns.internal.query.Response;
import io.nettoolkit.dns.internal.query.Upstream;
import io.netty.util.concurrent.EventExecutor;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * One question on its way to the servers, and all who wait for its answer. The last one who leaves ends it.
 *
 * <p><b>Threading.</b> Any thread may join. The question itself is confined to the loop of its upstream.
 */
final class Flight implements Upstream.Outcome {

    /** Where a flight ends. */
    interface Landing {
        /** Why what the servers said must not be believed; null where it may. */
        @Nullable
        DnsException refusalOf(Response response);

        /** The servers have answered; tells what goes to the callers. */
        DnsAnswer<?> answered(Flight flight, Response response);

        /** They have not. */
        void failed(Flight flight, DnsException cause);

        /** Nobody waits any more. */
        void abandoned(Flight flight);

        /** What new callers get once nothing is asked any more. */
        RuntimeException refusal();
    }

    final Question question;
    final Deadline deadline;
    final long startNanos;
    private final Upstream upstream;
    private final Landing landing;
    private final SharedOperation<DnsAnswer<?>> callers = new SharedOperation<>(this::abandon);

    private Upstream.@Nullable Lookup lookup;
    private boolean over;

    Flight(Question question, Deadline deadline, Upstream upstream, Landing landing) {
        this.question = question;
        this.deadline = deadline;
        this.upstream = upstream;
        this.landing = landing;
        startNanos = deadline.timeSource().nanoTime();
    }

    /** One more caller; null when it is over. */
    @Nullable
    CompletableFuture<DnsAnswer<?>> join(EventExecutor executor) {
        return callers.join(executor);
    }

    void start() {
        if (upstream.loop().inEventLoop()) {
            ask();
        } else {
            onLoop(this::ask);
        }
    }

    private void ask() {
        if (over) {
            return;
        }
        try {
            Upstream.Lookup begun = upstream.query(question.name(), question.type(), deadline, this);
            if (!over) {
                lookup = begun;
            }
        } catch (RuntimeException | Error broken) {
            onFailure(DnsException.builder(Kind.OTHER, question.name().toString())
                    .type(question.type())
                    .cause(broken)
                    .build());
        }
    }

    @Override
    public void onResponse(Response response) {
        if (over) {
            return;
        }
        DnsException refused = landing.refusalOf(response);
        if (refused != null) {
            onFailure(refused);
            return;
        }
        over = true;
        callers.succeed(landing.answered(this, response));
    }

    @Override
    public void onFailure(DnsException cause) {
        if (!over) {
            over = true;
            landing.failed(this, cause);
            callers.fail(cause);
        }
    }

    /** Ends before it has begun, because the answer is there. */
    void land(DnsAnswer<?> answer) {
        callers.succeed(answer);
    }

    /** On the loop of whoever left last. */
    private void abandon() {
        landing.abandoned(this);
        onLoop(this::cancel);
    }

    /** Ends it for everybody. */
    void end(Throwable cause) {
        callers.fail(cause);
        onLoop(this::cancel);
    }

    private void cancel() {
        over = true;
        if (lookup != null) {
            lookup.cancel();
        }
    }

    private void onLoop(Runnable action) {
        if (upstream.loop().inEventLoop()) {
            action.run();
            return;
        }
        try {
            upstream.loop().execute(action);
        } catch (RejectedExecutionException shutDown) {
            landing.abandoned(this);
            callers.fail(landing.refusal());
        }
    }
}
