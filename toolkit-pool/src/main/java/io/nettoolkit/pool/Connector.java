package io.nettoolkit.pool;

import io.nettoolkit.core.Deadline;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import java.util.concurrent.CompletionStage;

/**
 * Opens the connections of a pool: name lookup, TLS and login all happen in here.
 *
 * <pre>{@code
 * TcpClient client = TcpClient.builder(framing, handler).build();
 * ConnectionPool pool = ConnectionPool.builder(Endpoint.parse("orders:7000"), client::connectChannel).build();
 * }</pre>
 *
 * <p><b>Threading.</b> Called on any thread, outside the pool's critical section, for several connections at once. The
 * stage may complete on any thread, at any time.
 *
 * <p><b>Ownership.</b> A channel the stage completes with is the pool's from then on, even when the connect came too late
 * to be of use: then the pool closes it. A connect belongs to the pool, not to the caller that waits for a connection: a
 * caller that gives up does not end it.
 *
 * <p><b>Failure.</b> Throwing, a {@code null} stage and a {@code null} channel count as a failed connect. A stage that
 * never completes frees its place in the pool at the deadline.
 *
 * @param <K> what names the host: an {@code Endpoint}, an address, a tenant
 */
@FunctionalInterface
public interface Connector<K> {

    /**
     * Begins to open one connection.
     *
     * @param key the host
     * @param loop where the channel is to be registered: the loop of the caller that waits, or the next one in turn. A
     *     channel on another loop works as well
     * @param deadline when the pool stops waiting for it; cut the steps inside by it
     */
    CompletionStage<Channel> connect(K key, EventLoop loop, Deadline deadline);
}
