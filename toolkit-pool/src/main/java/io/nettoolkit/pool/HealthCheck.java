package io.nettoolkit.pool;

import io.netty.channel.Channel;
import java.util.concurrent.CompletionStage;

/**
 * Asks a connection that nobody uses whether it still works, such as by a ping.
 *
 * <pre>{@code
 * HealthCheck ping = channel -> Exchange.of(channel).request(PING, Deadline.after(Duration.ofSeconds(1)))
 *         .thenApply(reply -> reply == PONG);
 * ConnectionPool pool = ConnectionPool.builder(endpoint, connector).healthCheck(ping).build();
 * }</pre>
 *
 * <p>It is asked only where that pays: when a connection is wanted that was idle for longer than
 * {@link PoolConfig.Builder#validateAfterIdle}, and in the background every
 * {@link PoolConfig.Builder#probeInterval}. A peer that has closed is noticed without it.
 *
 * <p><b>Threading.</b> Called on the channel's event loop; must not block. While it is under way nobody else has the
 * connection, and the guard against unsolicited bytes lets everything pass.
 *
 * <p><b>Failure.</b> {@code false}, a failed stage, throwing, {@code null}, and no answer within
 * {@link PoolConfig.Builder#validationTimeout}: the connection is closed and another takes its place.
 */
@FunctionalInterface
public interface HealthCheck {

    /** Begins the check; the stage completes with whether the connection is fit for use. */
    CompletionStage<Boolean> check(Channel channel);
}
