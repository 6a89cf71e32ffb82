package io.nettoolkit.pool;

import io.netty.channel.Channel;
import java.time.Duration;

/**
 * The right to use one connection, until it is released or discarded.
 *
 * <pre>{@code
 * try (Lease lease = pool.acquireBlocking(Deadline.after(Duration.ofSeconds(1)))) {
 *     lease.channel().writeAndFlush(request).sync();
 * }
 * }</pre>
 *
 * <p>Exactly one call of {@link #release}, {@link #discard} or {@link #close} ends it; the others do nothing. So that a
 * lease costs no memory, a pool makes eight per connection once and hands them out in turn: a second or stale call is
 * recognised, and counted, while its connection has been leased at most seven times since. With
 * {@link PoolConfig.Builder#exactLeases}, and always with leak detection, each lease is an object of its own, and every
 * such call is recognised.
 *
 * <p><b>Threading.</b> Any thread may call every method, and may release what another one acquired. What was written
 * before the release is visible to whoever acquires the connection next.
 *
 * <p><b>Ownership.</b> The channel stays the pool's: give it back as you got it, with nothing half-read on it and no
 * handler left in its pipeline, or {@link #discard} it. A channel that is closed need only be released.
 *
 * <p><b>Failure.</b> {@link #channel} of a lease that is over is an {@link IllegalStateException}.
 */
public interface Lease extends AutoCloseable {

    /**
     * The connection.
     *
     * @throws IllegalStateException when this lease is over
     */
    Channel channel();

    /**
     * Gives the connection back.
     *
     * @return false when this lease was over already; then nothing happens to the channel
     */
    boolean release();

    /**
     * Gives the connection back to be closed, because its state is not known: a timeout in the middle of an answer, a
     * reply that makes no sense.
     *
     * @param cause why, for the listener
     * @return false when this lease was over already
     */
    boolean discard(Throwable cause);

    /** As {@link #release}, for try-with-resources. */
    @Override
    default void close() {
        release();
    }

    /**
     * Whether the connection had been leased before. The peer may have closed such a one at the moment it was handed out:
     * where nothing has come back yet, a request that may be repeated is worth repeating on another connection.
     */
    boolean isReused();

    /** How long the connection has been open, as of the coarse clock. */
    Duration age();
}
