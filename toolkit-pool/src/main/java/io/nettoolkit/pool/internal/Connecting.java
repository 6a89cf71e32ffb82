package io.nettoolkit.pool.internal;

import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.NetException;
import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.core.NetFailure.Operation;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.core.internal.ToolkitFuture;
import io.nettoolkit.pool.Connector;
import io.nettoolkit.pool.HealthCheck;
import io.nettoolkit.pool.internal.state.Attempt;
import io.nettoolkit.pool.internal.state.Check;
import io.nettoolkit.pool.internal.state.Step;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.util.concurrent.EventExecutor;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Opens, checks and closes channels, and tells the state machine what came of it. Any thread. */
final class Connecting {

    private final HostPool<?> host;
    private final Combiner combiner;
    private final TimeSource timeSource;
    private final EventLoopGroup loops;
    private final Set<EventExecutor> ownLoops = Collections.newSetFromMap(new IdentityHashMap<>());
    private final Dial dial;
    private final @Nullable HealthCheck healthCheck;
    private final boolean isGuarded;
    private final Map<Attempt, ToolkitFuture<?>> stoppable = new ConcurrentHashMap<>();

    /** A {@link Connector} with its key. */
    @FunctionalInterface
    interface Dial {
        CompletionStage<Channel> connect(EventLoop loop, Deadline deadline);
    }

    Connecting(HostPool<?> host, Combiner combiner, HostPool.Parts parts, Dial dial) {
        this.host = host;
        this.combiner = combiner;
        this.dial = dial;
        timeSource = parts.timeSource();
        loops = parts.eventLoops();
        loops.forEach(ownLoops::add);
        healthCheck = parts.healthCheck();
        isGuarded = parts.config().idleGuard();
    }

    /** Whether a loop is one of the pool's. */
    boolean isOwn(EventLoop loop) {
        return ownLoops.contains(loop);
    }

    void begin(Attempt attempt, @Nullable EventLoop wanted) {
        try {
            EventLoop loop = wanted != null && isOwn(wanted) && !wanted.isShuttingDown() ? wanted : loops.next();
            long leftNanos = attempt.deadlineNanos() - timeSource.nanoTime();
            Deadline deadline = Deadline.after(Duration.ofNanos(leftNanos), timeSource);
            CompletionStage<Channel> stage = dial.connect(loop, deadline);
            if (stage instanceof ToolkitFuture<?> future) {
                stoppable.put(attempt, future);
            }
            stage.whenComplete((channel, failure) -> {
                stoppable.remove(attempt);
                ended(attempt, channel, failure);
            });
        } catch (Throwable failure) {
            ended(attempt, null, failure);
        }
    }

    /**
     * Stops a connect where that is sure to reach it. Somebody else's future may only be left alone: cancelled, it would drop
     * the channel that comes after all.
     */
    void abandon(Attempt attempt) {
        ToolkitFuture<?> future = stoppable.remove(attempt);
        if (future != null) {
            future.cancel(false);
        }
    }

    private void ended(Attempt attempt, @Nullable Channel channel, @Nullable Throwable failure) {
        if (channel == null) {
            Throwable cause = failure != null
                    ? unwrapped(failure)
                    : new NullPointerException("the connector completed without a channel");
            failed(attempt, cause);
            return;
        }
        try {
            EventLoop loop = channel.eventLoop();
            if (loop.inEventLoop()) {
                adoptOrClose(attempt, channel);
            } else {
                loop.execute(() -> adoptOrClose(attempt, channel));
            }
        } catch (RuntimeException notRegistered) {
            // Or its loop is shut down, which closes it.
            unusable(attempt, channel, notRegistered);
        }
    }

    private void adoptOrClose(Attempt attempt, Channel channel) {
        try {
            adopt(attempt, channel);
        } catch (Throwable oddPipeline) {
            unusable(attempt, channel, oddPipeline);
        }
    }

    private void unusable(Attempt attempt, Channel channel, Throwable why) {
        try {
            channel.close();
        } finally {
            failed(attempt, why);
        }
    }

    private static Throwable unwrapped(Throwable failure) {
        return failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
    }

    private void failed(Attempt attempt, Throwable cause) {
        Duration elapsed = Duration.ofNanos(timeSource.nanoTime() - attempt.beganNanos());
        NetException known = NetException.of(cause, Operation.CONNECT, null, null, elapsed);
        combiner.submit(new Step() {
            @Override
            public void apply(long nowNanos) {
                host.state().connectFailed(attempt, known, nowNanos);
            }
        });
    }

    private NetException closedAlready(Attempt attempt, Channel channel) {
        return NetException.builder(Kind.PEER_CLOSED, Operation.CONNECT)
                .remote(channel.remoteAddress())
                .retryable(true)
                .elapsed(Duration.ofNanos(timeSource.nanoTime() - attempt.beganNanos()))
                .detail("the connection was closed before the pool had it")
                .build();
    }

    @SuppressWarnings("deprecation") // threadId() is of JDK 19
    private void adopt(Attempt attempt, Channel channel) {
        if (!channel.isActive()) {
            // On its loop, so that nobody who comes after the close can get it.
            failed(attempt, closedAlready(attempt, channel));
            return;
        }
        long thread = Thread.currentThread().getId();
        Connection connection = new Connection(host, channel, timeSource.nanoTime(), thread);
        if (isGuarded) {
            IdleGuard.install(connection);
        }
        combiner.submit(new Step() {
            @Override
            public void apply(long nowNanos) {
                host.state().connected(attempt, connection, nowNanos);
            }
        });
        channel.closeFuture()
                .addListener(closed -> combiner.submit(new Step() {
                    @Override
                    public void apply(long nowNanos) {
                        host.state().closed(connection, nowNanos);
                    }
                }));
    }

    void check(Check check) {
        Connection connection = (Connection) check.member();
        try {
            connection.channel.eventLoop().execute(() -> checkOnLoop(check, connection.channel));
        } catch (RuntimeException shutDown) {
            checked(check, false, shutDown);
        }
    }

    private void checkOnLoop(Check check, Channel channel) {
        try {
            HealthCheck asked = healthCheck;
            if (!check.avoided().isEmpty() || asked == null) {
                checked(check, !isAvoided(check, channel.remoteAddress()), null);
                return;
            }
            asked.check(channel).whenComplete((fit, failure) -> checked(check, Boolean.TRUE.equals(fit), failure));
        } catch (Throwable failure) {
            checked(check, false, failure);
        }
    }

    private boolean isAvoided(Check check, @Nullable SocketAddress address) {
        for (Predicate<? super SocketAddress> avoided : check.avoided()) {
            if (host.control().matches(avoided, address)) {
                return true;
            }
        }
        return false;
    }

    private void checked(Check check, boolean isFit, @Nullable Throwable failure) {
        combiner.submit(new Step() {
            @Override
            public void apply(long nowNanos) {
                host.state().checked(check, isFit, failure, nowNanos);
            }
        });
    }

    void close(Connection connection) {
        connection.channel.close();
    }
}
