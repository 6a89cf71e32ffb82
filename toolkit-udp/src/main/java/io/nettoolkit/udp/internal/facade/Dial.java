package io.nettoolkit.udp.internal.facade;

import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.Endpoint;
import io.nettoolkit.core.NetException;
import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.core.NetFailure.Operation;
import io.nettoolkit.core.internal.ToolkitFuture;
import io.nettoolkit.udp.internal.channel.ConnectionChannel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.ScheduledFuture;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One attempt to connect: the name, then each of its addresses in turn, all before the deadline.
 *
 * <p>Threading: confined to its loop, but for {@link #future}.
 */
final class Dial<T> {

    private final Dialer dialer;
    private final Endpoint endpoint;
    private final EventLoop loop;
    private final Deadline deadline;
    private final Function<ConnectionChannel, T> result;
    private final ToolkitFuture<T> future;
    private final long startNanos;
    private @Nullable ScheduledFuture<?> timer;
    private @Nullable ChannelFuture underWay;
    private @Nullable NetException failure;
    private boolean over;

    Dial(Dialer dialer, Endpoint endpoint, EventLoop loop, Deadline deadline, Function<ConnectionChannel, T> result) {
        this.dialer = dialer;
        this.endpoint = endpoint;
        this.loop = loop;
        this.deadline = deadline;
        this.result = result;
        future = new ToolkitFuture<>(loop, this::abandon);
        startNanos = deadline.timeSource().nanoTime();
    }

    ToolkitFuture<T> future() {
        return future;
    }

    EventLoop loop() {
        return loop;
    }

    void start() {
        if (over) {
            return;
        }
        long left = deadline.remainingNanos();
        if (left <= 0) {
            onDeadline();
            return;
        }
        timer = loop.schedule(this::onDeadline, left, TimeUnit.NANOSECONDS);
        Future<List<InetSocketAddress>> lookup = dialer.resolver(loop).resolveAll(endpoint.toSocketAddress());
        lookup.addListener(done -> {
            if (over) {
                return;
            }
            if (done.isSuccess()) {
                tryNext(lookup.getNow().iterator());
            } else {
                finish(NetException.of(done.cause(), Operation.RESOLVE, null, endpoint.toSocketAddress(), elapsed()));
            }
        });
    }

    private void tryNext(Iterator<InetSocketAddress> addresses) {
        ChannelFuture connecting = dialer.bootstrap(loop).connect(addresses.next());
        underWay = connecting;
        connecting.addListener(done -> {
            if (done.isSuccess()) {
                onConnected((ConnectionChannel) connecting.channel());
            } else if (!over) {
                onFailed(NetException.of(done.cause(), Operation.CONNECT, null, endpoint.toSocketAddress(), elapsed()));
                if (addresses.hasNext()) {
                    tryNext(addresses);
                } else {
                    finish(failure == null ? timedOut() : failure);
                }
            }
        });
    }

    private void onFailed(NetException latest) {
        if (failure != null) {
            latest.addSuppressed(failure);
        }
        failure = latest;
    }

    private void onConnected(ConnectionChannel channel) {
        if (over) {
            channel.abort();
            return;
        }
        dialer.opened(channel);
        end();
        // Later: the handler hears of the open connection first.
        if (!future.succeedLater(loop, result.apply(channel))) {
            channel.abort();
        }
    }

    private void onDeadline() {
        if (!over) {
            NetException late = timedOut();
            if (failure != null) {
                late.addSuppressed(failure);
            }
            finish(late);
            closeUnderWay();
        }
    }

    private NetException timedOut() {
        return NetException.builder(Kind.CONNECT_TIMEOUT, Operation.CONNECT)
                .remote(endpoint.toSocketAddress())
                .elapsed(elapsed())
                .retryable(true)
                .detail("the deadline passed while connecting to " + endpoint)
                .build();
    }

    /** The client is closed. */
    void refuse() {
        if (!over) {
            finish(dialer.closed());
            closeUnderWay();
        }
    }

    private void finish(Throwable cause) {
        end();
        future.fail(cause);
    }

    private void end() {
        over = true;
        if (timer != null) {
            timer.cancel(false);
        }
        dialer.ended(this);
    }

    /** The caller cancelled, or put a timeout on the future. */
    private void abandon() {
        if (!over) {
            end();
            closeUnderWay();
        }
    }

    private void closeUnderWay() {
        if (underWay != null) {
            underWay.channel().close();
        }
    }

    private Duration elapsed() {
        return Duration.ofNanos(deadline.timeSource().nanoTime() - startNanos);
    }
}
