package io.nettoolkit.pool.internal;

import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.NetException;
import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.core.NetFailure.Operation;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.core.internal.BlockingCheck;
import io.nettoolkit.pool.ConnectionPool;
import io.nettoolkit.pool.ConnectionPool.CloseCause;
import io.nettoolkit.pool.Connector;
import io.nettoolkit.pool.HealthCheck;
import io.nettoolkit.pool.Lease;
import io.nettoolkit.pool.PoolConfig;
import io.nettoolkit.pool.internal.hit.Entry;
import io.nettoolkit.pool.internal.hit.Entry.End;
import io.nettoolkit.pool.internal.hit.Shelf;
import io.nettoolkit.pool.internal.state.HostState;
import io.nettoolkit.pool.internal.state.Member;
import io.nettoolkit.pool.internal.state.Rules;
import io.nettoolkit.pool.internal.state.Step;
import io.nettoolkit.pool.internal.state.Waiter;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.Future;
import io.netty.util.internal.ThreadExecutorMap;
import java.io.IOException;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongConsumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The pool of one host, alone or among others: the hit path, and the way into the state machine for everything else. Any thread
 * may call every method.
 */
public final class HostPool<K> implements Shelf.Keeper {

    /** One lease in so many is timed. */
    private static final int TIMED_MASK = 64 - 1;

    private static final int SHELL_MASK = Connection.SHELLS - 1;
    private static final long ALL_BITS = -1;

    private final Shelf shelf;
    private final TimeSource timeSource;
    private final boolean isExact;
    private final boolean isWatched;
    private final boolean isCapped;
    private final Permits permits;
    private final Combiner combiner;
    private final HostState state;

    private final K key;
    private final Parts parts;
    private final EventLoop home;
    private final Wake wake;
    private final Notices notices;
    private final Usage usage = new Usage();
    private final Eviction eviction;
    private final HostControl control;

    /**
     * What a host's pool is put together from.
     *
     * @param name what messages call it
     * @param random used by one thread at a time
     */
    public record Parts(
            String name,
            PoolConfig config,
            EventLoopGroup eventLoops,
            @Nullable HealthCheck healthCheck,
            ConnectionPool.Listener listener,
            TimeSource timeSource,
            RandomGenerator random) {}

    /** A pool without a connection; {@link #start} sets it going. */
    public HostPool(K key, Connector<? super K> connector, Parts parts, Permits permits) {
        this.key = key;
        this.parts = parts;
        PoolConfig config = parts.config();
        timeSource = parts.timeSource();
        home = parts.eventLoops().next();
        isWatched = !config.leakDetection().isZero();
        isExact = config.exactLeases() || isWatched;
        this.permits = permits;
        isCapped = permits != Permits.UNLIMITED;
        boolean validates = parts.healthCheck() != null;
        int loops = 0;
        for (EventExecutor ignored : parts.eventLoops()) {
            loops++;
        }
        shelf = new Shelf(
                this,
                !config.barging(),
                validates ? config.validateAfterIdle().toNanos() : -1,
                new Shelf.Sizes(Runtime.getRuntime().availableProcessors(), loops, config.maxSize()));
        notices = new Notices(key, parts);
        combiner = new Combiner(timeSource, event(this::tick), home);
        wake = new Wake(home, parts.eventLoops(), timeSource, new Clock());
        Connecting connecting =
                new Connecting(this, combiner, parts, (loop, deadline) -> connector.connect(key, loop, deadline));
        HostEffects effects =
                new HostEffects(this, combiner, permits, new HostEffects.Doers(wake, connecting, notices));
        PoolConfig guarded = config.toBuilder()
                .connectBackoff(new GuardedBackoff(config.connectBackoff(), parts.name(), timeSource))
                .build();
        state = new HostState(
                Rules.of(parts.name(), guarded, validates, timeSource.tickNanos()),
                config.minIdle(),
                config.maxSize(),
                shelf,
                new HostState.Surroundings(effects, parts.random()));
        eviction = new Eviction(this, permits, config.minIdle());
        control = new HostControl(this, state, shelf, notices, new Addresses(parts.name(), timeSource));
    }

    /** Opens the minimum of idle connections. */
    public void start() {
        combiner.signal();
        if (isWatched) {
            LeakWatch watch =
                    new LeakWatch(this, timeSource, notices, parts.config().leakDetection());
            control.whenDrained(watch::stop);
        }
    }

    /** As {@link ConnectionPool#tryAcquire}. */
    public @Nullable Lease tryAcquire() {
        Connection taken = take();
        return taken == null ? null : lease(taken);
    }

    /** As {@link ConnectionPool#acquire}. */
    public CompletableFuture<Lease> acquire(Deadline deadline) {
        check(deadline);
        Connection taken = take();
        if (taken != null) {
            return lease(taken).future();
        }
        EventLoop loop = ThreadExecutorMap.currentExecutor() instanceof EventLoop current ? current : null;
        FutureWaiter waiter = new FutureWaiter(this, request(deadline), loop);
        combiner.submit(waiter);
        return waiter.future;
    }

    /** As {@link ConnectionPool#acquireBlocking}. */
    public Lease acquireBlocking(Deadline deadline) throws IOException, InterruptedException {
        check(deadline);
        BlockingCheck.refuseOnEventLoop("ConnectionPool.acquireBlocking", "acquire");
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
        Connection taken = take();
        if (taken != null) {
            return lease(taken);
        }
        ParkedWaiter waiter = new ParkedWaiter(this, request(deadline));
        combiner.submitBeforeBlocking(waiter);
        return waiter.await(timeSource);
    }

    private void check(Deadline deadline) {
        Objects.requireNonNull(deadline, "deadline: must not be null");
        if (deadline.timeSource() != timeSource) {
            throw new IllegalArgumentException("deadline: measured on " + deadline.timeSource() + ", pool "
                    + parts.name() + " on " + timeSource + "; build both from the same TimeSource");
        }
    }

    private PoolWaiter.Request request(Deadline deadline) {
        return new PoolWaiter.Request(timeSource.nanoTime(), deadline.nanos(), stack());
    }

    private @Nullable Throwable stack() {
        return isWatched ? new Throwable("acquired by " + Thread.currentThread().getName()) : null;
    }

    @SuppressWarnings("deprecation") // threadId() is of JDK 19
    static long thread() {
        return Thread.currentThread().getId();
    }

    private @Nullable Connection take() {
        for (; ; ) {
            Connection found = (Connection) shelf.tryClaim(thread(), timeSource);
            if (found == null || found.channel.isActive()) {
                return found;
            }
            found.discard(found.generation(), ALL_BITS);
            leaving(found, CloseCause.LOST, null);
        }
    }

    private LeaseShell lease(Connection taken) {
        long generation = timedGeneration(taken);
        return isExact ? exactLease(taken, generation, stack()) : taken.shells[(int) generation & SHELL_MASK];
    }

    /** The generation of a lease that begins, which may be one to be timed. */
    private long timedGeneration(Connection taken) {
        long generation = taken.generation();
        if ((generation & TIMED_MASK) == 0) {
            taken.leasedSince(timeSource.nanoTime());
        }
        return generation;
    }

    private LeaseShell exactLease(Connection taken, long generation, @Nullable Throwable acquiredAt) {
        LeaseShell lease = LeaseShell.exact(taken, generation);
        if (acquiredAt != null) {
            taken.held = new Held(lease, generation, timeSource.nanoTime(), acquiredAt);
        }
        return lease;
    }

    /** The lease of a connection that was delivered. */
    Lease lease(Connection delivered, @Nullable Throwable acquiredAt) {
        return acquiredAt == null ? lease(delivered) : exactLease(delivered, timedGeneration(delivered), acquiredAt);
    }

    /** Ends a lease. */
    boolean release(Connection connection, long generation, long mask) {
        return connection.releaseInOrder(generation, mask, TIMED_MASK, timeSource.coarseNanos())
                ? released(connection)
                : releaseWithCare(connection, generation, mask);
    }

    private boolean releaseWithCare(Connection connection, long generation, long mask) {
        if ((connection.generation() & TIMED_MASK) == 0) {
            timeUse(connection, generation, mask);
        }
        End end = connection.release(generation, mask, timeSource.coarseNanos());
        return end == End.IDLE ? released(connection) : ended(connection, end, CloseCause.UNWANTED, null);
    }

    private boolean released(Connection connection) {
        if (shelf.released(connection, thread()) || (isCapped && permits.isWanted())) {
            combiner.signal();
        }
        return true;
    }

    private void timeUse(Connection connection, long generation, long mask) {
        long word = connection.word();
        if (Entry.phase(word) == Entry.LEASED && ((Entry.generation(word) ^ generation) & mask) == 0) {
            usage.used(timeSource.nanoTime() - connection.leasedSinceNanos());
        }
    }

    /** Ends a lease and its connection. */
    boolean discard(Connection connection, long generation, long mask, Throwable cause) {
        Objects.requireNonNull(cause, "cause: must not be null");
        return ended(connection, connection.discard(generation, mask), CloseCause.DISCARDED, cause);
    }

    private boolean ended(Connection connection, End end, CloseCause why, @Nullable Throwable cause) {
        switch (end) {
            case STALE -> {
                usage.doubleReleases.incrementAndGet();
                return false;
            }
            case CLOSING -> leaving(connection, why, cause);
            default -> {}
        }
        return true;
    }

    /** A connection whose word says CLOSING. */
    void leaving(Connection connection, CloseCause cause, @Nullable Throwable failure) {
        submit(nowNanos -> state.leaving(connection, cause, failure, nowNanos));
    }

    @Override
    public void needsCheck(Entry entry) {
        submit(nowNanos -> state.needsCheck((Member) entry, nowNanos));
    }

    @Override
    public void signal() {
        combiner.signal();
    }

    private void tick(long nowNanos) {
        state.tick(nowNanos);
    }

    /** Tells the state machine of an event, with the time at which it is told. */
    void submit(LongConsumer event) {
        combiner.submit(event(event));
    }

    private static Step event(LongConsumer event) {
        return new Step() {
            @Override
            public void apply(long nowNanos) {
                event.accept(nowNanos);
            }
        };
    }

    boolean isBarging() {
        return parts.config().barging();
    }

    /** What came of a waiter's own try. Its thread goes on with what it took, or blocks. */
    void tried(Waiter waiter, boolean hasTaken) {
        combiner.submitBeforeBlocking(event(nowNanos -> state.tried(waiter, hasTaken, nowNanos)));
    }

    /** A waiter gave up. */
    void cancelled(Waiter waiter) {
        submit(nowNanos -> state.cancel(waiter, nowNanos));
    }

    /** A delivery came after its waiter had given up. */
    void lateCancel(Lease lease) {
        usage.lateCancels.incrementAndGet();
        lease.release();
    }

    /** What a thread is told whom the pool did not tell in time. */
    NetException overdue(Waiter waiter) {
        return NetException.builder(Kind.ACQUIRE_TIMEOUT, Operation.ACQUIRE)
                .retryable(true)
                .elapsed(Duration.ofNanos(timeSource.nanoTime() - waiter.sinceNanos()))
                .detail("no connection of " + parts.name()
                        + " became free, and the pool could not say so in time: its event loops are blocked or gone")
                .build();
    }

    /** What an operator may do to it. */
    public HostControl control() {
        return control;
    }

    void leaked() {
        usage.leaks.incrementAndGet();
    }

    /** As {@link ConnectionPool#stats}. */
    public ConnectionPool.Stats stats() {
        return Statistics.of(state, shelf, usage);
    }

    /** A permit of {@link Permits} for this host, after {@link Permits#want}; what it has no use for it gives back. */
    public void grantPermit() {
        submit(state::granted);
    }

    /** Its idle connections, as they may have to make room for another host's. */
    public Eviction eviction() {
        return eviction;
    }

    /** Whether there is neither a connection, nor one to come, nor anybody who waits. */
    public boolean isEmpty() {
        // First, because what was asked before is then in all that follows.
        if (!combiner.isQuiet()) {
            return false;
        }
        HostState.Snapshot now = state.snapshot();
        return now.members().size() == 0 && now.connecting() == 0 && shelf.waiting() == 0;
    }

    /** Where its connections live. */
    public EventLoopGroup eventLoops() {
        return parts.eventLoops();
    }

    /** Its clock. */
    public TimeSource timeSource() {
        return timeSource;
    }

    /** What names the host. */
    public K key() {
        return key;
    }

    HostState state() {
        return state;
    }

    EventLoop home() {
        return home;
    }

    long coarseNanos() {
        return timeSource.coarseNanos();
    }

    @Override
    public String toString() {
        return parts.name() + ", " + parts.config();
    }

    /** What the timer tells. */
    private final class Clock implements Wake.Alarm {

        @Override
        public void goOff(Future<?> timer) {
            submit(nowNanos -> {
                wake.disarm(timer);
                state.tick(nowNanos);
            });
        }

        @Override
        public void lost() {
            combiner.push(event(nowNanos -> state.close(0, nowNanos)));
        }
    }
}
