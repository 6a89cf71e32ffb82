package io.nettoolkit.dns.internal.query;

import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.internal.ToolkitFuture;
import io.nettoolkit.dns.DnsAnswer;
import io.nettoolkit.dns.DnsException;
import io.nettoolkit.dns.DnsRecord;
import io.nettoolkit.dns.DnsType;
import io.nettoolkit.dns.internal.wire.DnsName;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/** One query from a caller's thread to the loop, and its answer from there to the caller's future. */
public final class QueryCall<R extends DnsRecord> implements Runnable, Upstream.Outcome {

    private final Upstream upstream;
    private final DnsName name;
    private final DnsType<R> type;
    private final Deadline deadline;
    private final ToolkitFuture<DnsAnswer<R>> future;
    private Upstream.@Nullable Lookup lookup;
    private boolean over;

    private QueryCall(Upstream upstream, DnsName name, DnsType<R> type, Deadline deadline) {
        this.upstream = upstream;
        this.name = name;
        this.type = type;
        this.deadline = deadline;
        this.future = new ToolkitFuture<>(upstream.loop(), this::cancel);
    }

    /** Begins a query. Any thread. */
    public static <R extends DnsRecord> CompletableFuture<DnsAnswer<R>> start(
            Upstream upstream, DnsName name, DnsType<R> type, Deadline deadline) {
        QueryCall<R> call = new QueryCall<>(upstream, name, type, deadline);
        if (upstream.loop().inEventLoop()) {
            call.run();
        } else {
            try {
                upstream.loop().execute(call);
            } catch (RejectedExecutionException loopIsGone) {
                call.future.fail(loopIsGone);
            }
        }
        return call.future;
    }

    @Override
    public void run() {
        if (!over) {
            Upstream.Lookup begun = upstream.query(name, type, deadline, this);
            lookup = begun;
        }
    }

    private void cancel() {
        over = true;
        if (lookup != null) {
            lookup.cancel();
        }
    }

    @Override
    public void onResponse(Response response) {
        over = true;
        future.succeed(answer(response));
    }

    @Override
    public void onFailure(DnsException failure) {
        over = true;
        future.fail(failure);
    }

    @SuppressWarnings("unchecked") // the reader makes records of the type's class
    private DnsAnswer<R> answer(Response response) {
        int ttl = response.lowestTtl();
        Duration left = ttl == Integer.MAX_VALUE ? Duration.ZERO : Duration.ofSeconds(ttl);
        return new DnsAnswer<>(
                response.kind(),
                (List<R>) response.records(),
                response.aliases(),
                DnsAnswer.Source.NETWORK,
                response.server(),
                Duration.ofNanos(response.rttNanos()),
                response.authenticated(),
                Deadline.after(left, deadline.timeSource()));
    }
}
