package io.nettoolkit.pool.internal;

import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.DrainReport;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.pool.ConnectionPool;
import io.nettoolkit.pool.Connector;
import io.nettoolkit.pool.HealthCheck;
import io.nettoolkit.pool.Lease;
import io.nettoolkit.pool.PoolConfig;
import io.netty.channel.EventLoopGroup;
import java.io.IOException;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** The pool of one host, alone or among others. Any thread may call every method. */
@SuppressWarnings("DoNotCallSuggester")
public final class HostPool<K> {

    private final K key;
    private final Parts parts;

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
    }

    /** Opens the minimum of idle connections. */
    public void start() {}

    /** As {@link ConnectionPool#tryAcquire}. */
    public @Nullable Lease tryAcquire() {
        throw new UnsupportedOperationException();
    }

    /** As {@link ConnectionPool#acquire}. */
    public CompletableFuture<Lease> acquire(Deadline deadline) {
        throw new UnsupportedOperationException();
    }

    /** As {@link ConnectionPool#acquireBlocking}. */
    public Lease acquireBlocking(Deadline deadline) throws IOException, InterruptedException {
        throw new UnsupportedOperationException();
    }

    /** As {@link ConnectionPool#resize}. */
    public void resize(int minIdle, int maxSize) {
        throw new UnsupportedOperationException();
    }

    /** As {@link ConnectionPool#suspend}. */
    public void suspend() {
        throw new UnsupportedOperationException();
    }

    /** As {@link ConnectionPool#resume}. */
    public void resume() {
        throw new UnsupportedOperationException();
    }

    /** Retires the connections to some addresses, or all of them where there is no predicate. */
    public void retire(@Nullable Predicate<? super SocketAddress> addresses, @Nullable Throwable cause) {
        throw new UnsupportedOperationException();
    }

    /** As {@link ConnectionPool#warmUp}. */
    public CompletableFuture<Integer> warmUp(int connections) {
        throw new UnsupportedOperationException();
    }

    /** As {@link ConnectionPool#close(Duration)}. */
    public CompletableFuture<DrainReport> close(Duration grace) {
        throw new UnsupportedOperationException();
    }

    /** As {@link ConnectionPool#stats}. */
    public ConnectionPool.Stats stats() {
        throw new UnsupportedOperationException();
    }

    /** A permit of {@link Permits} for this host, after {@link Permits#want}; what it has no use for it gives back. */
    public void grantPermit() {
        throw new UnsupportedOperationException();
    }

    /**
     * Closes the connection that was idle longest, to make room for another host; the minimum of idle ones stays. Its permit
     * comes back through {@link Permits#giveBack} once the channel is closed.
     *
     * @return false where there is none
     */
    public boolean evictOldestIdle() {
        throw new UnsupportedOperationException();
    }

    /** Since when the connection is idle that was so longest, by the coarse clock; {@link Long#MAX_VALUE} where there is none. */
    public long oldestIdleNanos() {
        throw new UnsupportedOperationException();
    }

    /** Whether there is neither a connection, nor one to come, nor anybody who waits. */
    public boolean isEmpty() {
        throw new UnsupportedOperationException();
    }

    /** What names the host. */
    public K key() {
        return key;
    }

    @Override
    public String toString() {
        return parts.name();
    }
}
