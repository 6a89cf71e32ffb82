package io.nettoolkit.core.internal;

import io.netty.util.concurrent.EventExecutor;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * One operation that several callers wait for (single flight). Each has a future of its own to cancel or to put a
 * timeout on; when the last one has left, the operation ends.
 *
 * <p>Whoever finds it over ({@link #join} answers null) starts another.
 *
 * <p><b>Threading.</b> Any thread may call every method; nobody else's code runs under its lock.
 */
public final class SharedOperation<T extends @Nullable Object> {

    private final Runnable onAbandoned;
    /** Those who left are kept as well, they only take no result any more. Mostly there is one caller. */
    private @Nullable ToolkitFuture<T> first;

    private @Nullable List<ToolkitFuture<T>> others;
    private int waiting;
    private boolean over;

    /**
     * An operation nobody waits for yet.
     *
     * @param onAbandoned stops the operation; runs at most once, on the executor of the caller that left last
     */
    public SharedOperation(Runnable onAbandoned) {
        this.onAbandoned = Objects.requireNonNull(onAbandoned, "onAbandoned: must not be null");
    }

    /**
     * One more caller.
     *
     * @param executor where that caller's future completes
     * @return its future, or {@code null} when the operation is over or has been abandoned
     */
    public synchronized @Nullable CompletableFuture<T> join(EventExecutor executor) {
        if (over) {
            return null;
        }
        ToolkitFuture<T> future = new ToolkitFuture<>(executor, this::leave);
        if (first == null) {
            first = future;
        } else {
            if (others == null) {
                others = new ArrayList<>(4);
            }
            others.add(future);
        }
        waiting++;
        return future;
    }

    /** Ends the operation with a result; false when every caller had left. */
    public boolean succeed(T value) {
        return deliver(caller -> caller.succeed(value));
    }

    /** Ends the operation with a failure; false when every caller had left. */
    public boolean fail(Throwable cause) {
        Objects.requireNonNull(cause, "cause: must not be null");
        return deliver(caller -> caller.fail(cause));
    }

    private boolean deliver(Predicate<ToolkitFuture<T>> outcome) {
        if (!end()) {
            return false;
        }
        boolean taken = first != null && outcome.test(first);
        if (others != null) {
            for (ToolkitFuture<T> caller : others) {
                taken |= outcome.test(caller);
            }
        }
        return taken;
    }

    /** True for whoever ends it; nobody changes the callers after that. */
    private synchronized boolean end() {
        boolean mine = !over;
        over = true;
        return mine;
    }

    /** Called once by the future of each caller that gives up. */
    private void leave() {
        synchronized (this) {
            waiting--;
            if (over || waiting > 0) {
                return;
            }
            over = true;
        }
        onAbandoned.run();
    }
}
