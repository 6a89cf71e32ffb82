package io.nettoolkit.dns.internal.service;

import io.nettoolkit.core.Backoff;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.core.internal.CallbackGuard;
import io.nettoolkit.core.internal.ToolkitFuture;
import io.nettoolkit.dns.ServiceEndpoint;
import io.nettoolkit.dns.ServiceWatch;
import io.nettoolkit.dns.ServiceWatch.Change;
import io.nettoolkit.dns.internal.service.EndpointSource.Found;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.ScheduledFuture;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the endpoints of one service up to date: looks them up, and again when their TTL is over, up to a tenth later so that
 * many clients do not come at once. What is known stays while lookups fail or find nothing; they are repeated with growing
 * waits then.
 *
 * <p><b>Threading.</b> Lookups, changes and listeners on one executor. Any thread may choose, read, mark and watch.
 */
public final class Discovery {

    private static final Backoff RETRY =
            Backoff.exponential(Duration.ofSeconds(1), Duration.ofSeconds(30)).withJitter(0.5);

    private final EndpointSource source;
    private final EventExecutor executor;
    private final Duration minRefresh;
    private final Supplier<RandomGenerator> random;
    private final CallbackGuard guard;
    private final List<Watch> watches = new CopyOnWriteArrayList<>();
    private final ToolkitFuture<List<ServiceEndpoint>> first;

    /** Guards endpoints and marks together; a choice reads the selection made of them alone. */
    private final Object lock = new Object();

    private List<ServiceEndpoint> down = List.of();
    private volatile List<ServiceEndpoint> endpoints = List.of();
    private volatile Selection selection = Selection.NONE;

    private @Nullable ScheduledFuture<?> timer;
    private @Nullable CompletableFuture<Found> lookup;
    private int failures;
    private long lastWaitNanos;
    private volatile boolean closed;

    /**
     * A discovery that has not begun.
     *
     * @param executor where lookups, changes and listeners run
     * @param minRefresh the shortest time from one lookup to the next
     * @param random of the calling thread: chooses, and spreads lookups
     */
    public Discovery(
            EndpointSource source,
            EventExecutor executor,
            Duration minRefresh,
            Supplier<RandomGenerator> random,
            TimeSource time) {
        this.source = source;
        this.executor = executor;
        this.minRefresh = minRefresh;
        this.random = random;
        first = new ToolkitFuture<>(executor);
        guard = new CallbackGuard("the listener of service " + source, time);
    }

    /** Begins to look up. */
    public void start() {
        executor.execute(this::lookUp);
    }

    private void lookUp() {
        if (closed) {
            return;
        }
        CompletableFuture<Found> begun = source.find(endpoints);
        lookup = begun;
        begun.whenComplete((found, failure) -> onExecutor(() -> over(found, failure)));
    }

    private void onExecutor(Runnable action) {
        if (executor.inEventLoop()) {
            action.run();
            return;
        }
        try {
            executor.execute(action);
        } catch (RejectedExecutionException shutDown) {
            closed = true;
        }
    }

    private void over(@Nullable Found found, @Nullable Throwable failure) {
        if (closed) {
            return;
        }
        long wait;
        if (found != null) {
            failures = 0;
            lastWaitNanos = 0;
            become(found.endpoints());
            first.succeed(endpoints);
            Duration ttl = found.ttl().compareTo(minRefresh) > 0 ? found.ttl() : minRefresh;
            wait = (long) (ttl.toNanos() * (1 + 0.1 * random.get().nextDouble()));
        } else {
            Throwable cause = failure instanceof CompletionException && failure.getCause() != null
                    ? failure.getCause()
                    : failure == null ? new IllegalStateException("neither found nor failed") : failure;
            failures++;
            wait = RETRY.delayNanos(failures, lastWaitNanos, random.get());
            lastWaitNanos = wait;
            first.fail(cause);
            int count = failures;
            watches.forEach(watch -> guard.run(() -> watch.listener.onFailure(cause, count)));
        }
        timer = executor.schedule(this::lookUp, wait, TimeUnit.NANOSECONDS);
    }

    private void become(List<ServiceEndpoint> now) {
        synchronized (lock) {
            endpoints = List.copyOf(now);
            // A mark goes with its endpoint.
            down = down.stream()
                    .filter(each -> now.stream().anyMatch(each::isSameAs))
                    .toList();
            choose();
        }
        watches.forEach(this::tell);
    }

    private void tell(Watch watch) {
        Change change = change(watch.told, endpoints);
        watch.told = change.endpoints();
        if (!watch.ended && !change.isEmpty()) {
            guard.run(() -> watch.listener.onChange(change));
        }
    }

    static Change change(List<ServiceEndpoint> before, List<ServiceEndpoint> now) {
        List<ServiceEndpoint> added = new ArrayList<>();
        List<ServiceEndpoint> changed = new ArrayList<>();
        for (ServiceEndpoint each : now) {
            ServiceEndpoint old = same(before, each);
            if (old == null) {
                added.add(each);
            } else if (!old.equals(each)) {
                changed.add(each);
            }
        }
        List<ServiceEndpoint> removed =
                before.stream().filter(each -> same(now, each) == null).toList();
        return new Change(added, removed, changed, now);
    }

    private static @Nullable ServiceEndpoint same(List<ServiceEndpoint> among, ServiceEndpoint endpoint) {
        for (ServiceEndpoint each : among) {
            if (each.isSameAs(endpoint)) {
                return each;
            }
        }
        return null;
    }

    private void choose() {
        selection = Selection.of(
                endpoints.stream().filter(each -> same(down, each) == null).toList());
    }

    /** One of the endpoints; null where there is none that is not down. */
    public @Nullable ServiceEndpoint select() {
        return selection.next(random.get());
    }

    /** All endpoints, those that are down too. */
    public List<ServiceEndpoint> endpoints() {
        return endpoints;
    }

    /** The endpoints of the first lookup, or why there are none. */
    public CompletableFuture<List<ServiceEndpoint>> first() {
        return first.copy();
    }

    /** Takes an endpoint out of the choice; false when it is none of the service's, or out of it already. */
    public boolean markDown(ServiceEndpoint endpoint) {
        synchronized (lock) {
            if (same(endpoints, endpoint) == null || same(down, endpoint) != null) {
                return false;
            }
            List<ServiceEndpoint> more = new ArrayList<>(down);
            more.add(endpoint);
            down = List.copyOf(more);
            choose();
            return true;
        }
    }

    /** Puts it back; false when it was not out. */
    public boolean markUp(ServiceEndpoint endpoint) {
        synchronized (lock) {
            if (same(down, endpoint) == null) {
                return false;
            }
            down = down.stream().filter(each -> !each.isSameAs(endpoint)).toList();
            choose();
            return true;
        }
    }

    /** Tells a listener of what is known, and of all changes after that. */
    public ServiceWatch watch(ServiceWatch.Listener listener) {
        Watch watch = new Watch(listener);
        onExecutor(() -> {
            if (!closed) {
                watches.add(watch);
                tell(watch);
            }
        });
        return watch;
    }

    private final class Watch implements ServiceWatch {
        private final Listener listener;
        /** On the executor. */
        private List<ServiceEndpoint> told = List.of();

        private volatile boolean ended;

        Watch(Listener listener) {
            this.listener = listener;
        }

        @Override
        public void close() {
            ended = true;
            watches.remove(this);
        }
    }

    /** Ends lookups and watches; the endpoints known last stay. */
    public void close() {
        closed = true;
        watches.clear();
        first.cancel(false);
        onExecutor(() -> {
            if (timer != null) {
                timer.cancel(false);
            }
            if (lookup != null) {
                lookup.cancel(false);
            }
        });
    }
}
