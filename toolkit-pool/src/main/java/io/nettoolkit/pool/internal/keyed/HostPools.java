package io.nettoolkit.pool.internal.keyed;

import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.DrainReport;
import io.nettoolkit.core.RejectedException;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.core.internal.ToolkitFuture;
import io.nettoolkit.pool.ConnectionPool;
import io.nettoolkit.pool.Connector;
import io.nettoolkit.pool.Lease;
import io.nettoolkit.pool.internal.HostPool;
import io.netty.channel.EventLoop;
import java.io.IOException;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/*
 * Design note
 *
 * Idea: a map of pools of one host each. A pool is made by whoever asks first, under the lock of this object; it vanishes, under
 * the same lock, after it was empty for a while. Asking takes no lock. Whoever asked a pool that was just being removed finds
 * that out, because entry `removed` is raised before the pool is looked at for the last time and read after the pool was
 * asked, and asks again; the pool that went refuses what it still got.
 *
 * Invariants: at most one pool of a host is in the map; every pool ever made is either in the map or closed; after close no
 * pool is made.
 */

/** The pools of all hosts. Any thread may call every method. */
public final class HostPools<K> {

    private final Connector<? super K> connector;
    private final HostPool.Parts parts;
    private final Bounds bounds;
    private final TimeSource time;
    private final EventLoop home;
    private final SharedPermits permits;
    private final Map<K, HostEntry<K>> hosts = new ConcurrentHashMap<>();
    private final AtomicReference<Settings> settings;
    /** Pools that were removed and are not closed yet. Under the lock. */
    private final Set<HostPool<K>> leaving = new HashSet<>();
    /** What the pools did that are gone. Under the lock. */
    private final StatsSum gone = new StatsSum(0);

    private final AtomicReference<@Nullable Drain> closing = new AtomicReference<>();
    private long removed;
    private @Nullable ScheduledFuture<?> sweep;

    /**
     * What all hosts share.
     *
     * @param maxTotal connections to all hosts together
     * @param maxConnecting connects under way to all hosts together
     * @param hostTimeout how long a pool may be empty, zero for ever
     */
    public record Bounds(int maxTotal, int maxConnecting, Duration hostTimeout) {}

    /** What may change while the pools are in use. */
    private record Settings(boolean suspended, int minIdle, int maxSize) {}

    /**
     * Without a host.
     *
     * @param parts for each of them, with the name they begin with
     */
    public HostPools(Connector<? super K> connector, HostPool.Parts parts, Bounds bounds) {
        this.connector = connector;
        this.parts = parts;
        this.bounds = bounds;
        time = parts.timeSource();
        home = parts.eventLoops().next();
        FairCap cap = new FairCap(bounds.maxTotal(), bounds.maxConnecting());
        permits = new SharedPermits(cap, new SplittableRandom(parts.random().nextLong()), home);
        settings = new AtomicReference<>(
                new Settings(false, parts.config().minIdle(), parts.config().maxSize()));
    }

    /** An idle connection of the host, or null. */
    public @Nullable Lease tryAcquire(K key) {
        HostEntry<K> host = hosts.get(key);
        return host == null ? null : host.pool.tryAcquire();
    }

    /** A connection to the host, as soon as there is one. */
    public CompletableFuture<Lease> acquire(K key, Deadline deadline) {
        HostEntry<K> host = host(key);
        if (host == null) {
            return ToolkitFuture.failed(home, refusal());
        }
        CompletableFuture<Lease> lease = host.pool.acquire(deadline);
        return host.removed ? new Again<>(this, lease, () -> acquire(key, deadline), Lease::release).future : lease;
    }

    /** As {@link #acquire}, and waits for it. */
    public Lease acquireBlocking(K key, Deadline deadline) throws IOException, InterruptedException {
        while (true) {
            HostEntry<K> host = host(key);
            if (host == null) {
                throw refusal();
            }
            try {
                return host.pool.acquireBlocking(deadline);
            } catch (RejectedException refused) {
                if (!host.removed || !isGone(refused)) {
                    throw refused;
                }
            }
        }
    }

    /** Opens connections to a host ahead of need. */
    public CompletableFuture<Integer> warmUp(K key, int connections) {
        HostEntry<K> host = host(key);
        if (host == null) {
            return ToolkitFuture.failed(home, refusal());
        }
        CompletableFuture<Integer> open = host.pool.control().warmUp(connections);
        return host.removed ? new Again<>(this, open, () -> warmUp(key, connections), count -> {}).future : open;
    }

    /** Whether a pool refused because it was removed, which the caller is not to see. */
    boolean isGone(Throwable failure) {
        return closing.get() == null
                && failure instanceof RejectedException refused
                && refused.reason() == RejectedException.Reason.SHUTTING_DOWN;
    }

    EventLoop home() {
        return home;
    }

    private RejectedException refusal() {
        return new RejectedException(
                parts.name(), RejectedException.Reason.SHUTTING_DOWN, Duration.ZERO, "the pool is closed");
    }

    private @Nullable HostEntry<K> host(K key) {
        HostEntry<K> host = hosts.get(key);
        return host == null ? open(key) : host;
    }

    private @Nullable HostEntry<K> open(K key) {
        Settings applied;
        HostEntry<K> opened;
        synchronized (this) {
            HostEntry<K> present = hosts.get(key);
            if (present != null || closing.get() != null) {
                return present;
            }
            applied = settings.get();
            SharedPermits.Share share = permits.newShare();
            HostPool<K> pool = new HostPool<>(key, connector, partsOf(key, applied), share);
            permits.add(share, pool);
            opened = new HostEntry<>(pool, share);
            hosts.put(key, opened);
            startSweeping();
        }
        if (applied.suspended) {
            opened.pool.control().suspend();
        }
        opened.pool.start();
        bringUpToDate(opened, applied);
        return opened;
    }

    private HostPool.Parts partsOf(K key, Settings now) {
        return new HostPool.Parts(
                parts.name() + "/" + key,
                parts.config().toBuilder()
                        .minIdle(now.minIdle)
                        .maxSize(now.maxSize)
                        .build(),
                parts.eventLoops(),
                parts.healthCheck(),
                parts.listener(),
                time,
                new SplittableRandom(parts.random().nextLong()));
    }

    /** Under the lock. */
    private void startSweeping() {
        if (sweep != null || bounds.hostTimeout().isZero()) {
            return;
        }
        long everyNanos =
                Math.max(TimeUnit.MILLISECONDS.toNanos(1), bounds.hostTimeout().toNanos() / 2);
        try {
            sweep = home.scheduleWithFixedDelay(this::sweep, everyNanos, everyNanos, TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException shutDown) {
            // Nothing can be opened on these loops either.
        }
    }

    private void sweep() {
        long now = time.coarseNanos();
        hosts.forEach((key, host) -> {
            if (!host.pool.isEmpty()) {
                host.empty = false;
            } else if (!host.empty) {
                host.empty = true;
                host.emptySinceNanos = now;
            } else if (now - host.emptySinceNanos >= bounds.hostTimeout().toNanos()) {
                remove(key, host);
            }
        });
    }

    private void remove(K key, HostEntry<K> host) {
        synchronized (this) {
            if (closing.get() != null) {
                return;
            }
            host.removed = true;
            if (!host.pool.isEmpty()) {
                host.removed = false;
                return;
            }
            hosts.remove(key);
            permits.remove(host.share);
            leaving.add(host.pool);
            removed++;
        }
        host.pool.control().close(Duration.ZERO).whenComplete((report, impossible) -> left(host.pool));
    }

    private synchronized void left(HostPool<K> pool) {
        leaving.remove(pool);
        gone.add(pool.stats());
    }

    /** Changes the bounds of every host, those to come included. */
    public void resize(int minIdle, int maxSize) {
        change(now -> new Settings(now.suspended, minIdle, maxSize));
    }

    /** Changes how many connections there are to all hosts together. */
    public void resizeTotal(int maxTotal) {
        permits.resize(maxTotal);
    }

    /** Refuses everybody, or ends that. */
    public void suspend(boolean suspended) {
        change(now -> new Settings(suspended, now.minIdle, now.maxSize));
    }

    private void change(UnaryOperator<Settings> change) {
        settings.updateAndGet(change);
        hosts().forEach(host -> apply(host, settings.get()));
    }

    private void apply(HostEntry<K> host, Settings wanted) {
        host.pool.control().resize(wanted.minIdle, wanted.maxSize);
        if (wanted.suspended) {
            host.pool.control().suspend();
        } else {
            host.pool.control().resume();
        }
        bringUpToDate(host, wanted);
    }

    /** Whoever changes the settings meanwhile may have come too early for this host, so the last one looks again. */
    private void bringUpToDate(HostEntry<K> host, Settings applied) {
        Settings now = settings.get();
        if (now != applied) {
            apply(host, now);
        }
    }

    /** Retires the connections to some addresses of every host, or all of them where there is no predicate. */
    public void retire(@Nullable Predicate<? super SocketAddress> addresses, @Nullable Throwable cause) {
        hosts().forEach(host -> host.pool.control().retire(addresses, cause));
    }

    /** Closes every host's pool; a later call may shorten the grace period. */
    public CompletableFuture<DrainReport> close(Duration grace) {
        Drain drain = new Drain();
        Drain earlier;
        List<HostPool<K>> all;
        ScheduledFuture<?> sweeping;
        synchronized (this) {
            earlier = closing.get();
            if (earlier == null) {
                closing.set(drain);
            }
            all = new ArrayList<>(leaving);
            hosts.values().forEach(host -> all.add(host.pool));
            sweeping = sweep;
        }
        stop(sweeping);
        long begun = time.nanoTime();
        List<CompletableFuture<DrainReport>> reports = new ArrayList<>();
        all.forEach(pool -> reports.add(pool.control().close(grace)));
        if (earlier != null) {
            return earlier.newFuture(home);
        }
        CompletableFuture.allOf(reports.toArray(new CompletableFuture<?>[0])).whenComplete((done, failure) -> {
            int drained =
                    reports.stream().mapToInt(report -> report.join().drained()).sum();
            int forced =
                    reports.stream().mapToInt(report -> report.join().forced()).sum();
            drain.complete(new DrainReport(drained, forced, Duration.ofNanos(time.nanoTime() - begun)));
        });
        return drain.newFuture(home);
    }

    private void stop(@Nullable ScheduledFuture<?> timer) {
        if (timer == null || home.isShuttingDown()) {
            return;
        }
        try {
            timer.cancel(false);
        } catch (RejectedExecutionException shutDown) {
            // It went with its loop.
        }
    }

    private synchronized List<HostEntry<K>> hosts() {
        return new ArrayList<>(hosts.values());
    }

    /** The figures of one host, or null where it has no pool. */
    public ConnectionPool.@Nullable Stats stats(K key) {
        HostEntry<K> host = hosts.get(key);
        return host == null ? null : host.pool.stats();
    }

    /** The figures of every host that has a pool. */
    public Map<K, ConnectionPool.Stats> statsByKey() {
        Map<K, ConnectionPool.Stats> all = new LinkedHashMap<>();
        hosts.forEach((key, host) -> all.put(key, host.pool.stats()));
        return all;
    }

    /**
     * All hosts together, those that are gone included.
     *
     * @param hosts that have a pool
     * @param waiting of them, for a connection that another host has to give up
     * @param removed so far
     * @param sum of their figures; its maximum is that of all of them together
     */
    public record Overview(int hosts, int waiting, long removed, ConnectionPool.Stats sum) {}

    /** The figures of all hosts together. */
    public Overview stats() {
        StatsSum all = new StatsSum(permits.cap());
        List<HostPool<K>> pools;
        int present;
        long forgotten;
        // Each pool is in one of the three now; nobody has to wait while their figures are read.
        synchronized (this) {
            all.add(gone.sum());
            pools = new ArrayList<>(leaving);
            hosts.values().forEach(host -> pools.add(host.pool));
            present = hosts.size();
            forgotten = removed;
        }
        pools.forEach(pool -> all.add(pool.stats()));
        return new Overview(present, permits.inLine(), forgotten, all.sum());
    }

    @Override
    public String toString() {
        return parts.name() + ", " + bounds + ", " + parts.config();
    }
}
