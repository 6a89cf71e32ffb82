package io.nettoolkit.pool.internal;

import io.nettoolkit.core.internal.ToolkitFuture;
import io.nettoolkit.pool.Lease;
import io.nettoolkit.pool.internal.hit.Entry;
import io.netty.channel.Channel;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/**
 * A lease, or what eight of a connection's leases have in common: the last bits of their generation. Immutable, so that
 * handing it out writes nothing.
 */
final class LeaseShell implements Lease {

    private static final long ALL_BITS = -1;

    private final Connection connection;
    private final long generation;
    private final long mask;
    private final CompletableFuture<Lease> future;

    /**
     * For the leases whose generation has these bits.
     *
     * @param mask which bits
     */
    LeaseShell(Connection connection, long generation, long mask) {
        this.connection = connection;
        this.generation = generation;
        this.mask = mask;
        future = ToolkitFuture.succeeded(connection.channel.eventLoop(), this);
    }

    /** For one lease alone. */
    static LeaseShell exact(Connection connection, long generation) {
        return new LeaseShell(connection, generation, ALL_BITS);
    }

    /** A future that is complete with this. */
    CompletableFuture<Lease> future() {
        return future;
    }

    @Override
    public Channel channel() {
        long word = connection.word();
        int phase = Entry.phase(word);
        if (((Entry.generation(word) ^ generation) & mask) != 0
                || (phase != Entry.LEASED && phase != Entry.RETIRING && phase != Entry.LOST)) {
            throw new IllegalStateException("the lease of " + connection.channel
                    + " is over: it was released, discarded or closed before, perhaps by a try block or a callback;"
                    + " use the channel before, and once per acquire");
        }
        return connection.channel;
    }

    @Override
    public boolean release() {
        return connection.pool.release(connection, generation, mask);
    }

    @Override
    public boolean discard(Throwable cause) {
        return connection.pool.discard(connection, generation, mask, cause);
    }

    @Override
    public boolean isReused() {
        long last = connection.generation();
        return last - ((last - generation) & mask) > 1;
    }

    @Override
    public Duration age() {
        return Duration.ofNanos(Math.max(0, connection.pool.coarseNanos() - connection.bornNanos()));
    }

    @Override
    public String toString() {
        return "Lease[" + connection + "]";
    }
}
