package io.nettoolkit.tcp.internal;

import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.Endpoint;
import io.nettoolkit.core.NetException;
import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.core.NetFailure.Operation;
import io.nettoolkit.core.internal.ToolkitFuture;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.ScheduledFuture;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One attempt of a client to reach an endpoint: looks the name up, tries its addresses one after the other, shakes hands
 * where there is TLS. The deadline covers all of it; when it passes, or the caller cancels, whatever is under way is
 * closed.
 *
 * <p>The error of the last address is the one reported, with those of the others suppressed in it. A failed TLS handshake
 * ends the attempt: the address was reached.
 *
 * <p>Threading: confined to its loop, but for {@link #future}.
 */
final class Dial<T> implements Opening {

    private final Dialer dialer;
    private final Endpoint endpoint;
    private final EventLoop loop;
    private final Deadline deadline;
    private final Function<FramedConnection, T> result;
    private final ToolkitFuture<T> future;
    private final long startNanos;

    private final ArrayDeque<InetSocketAddress> untried = new ArrayDeque<>();
    private @Nullable NetException failure;
    private @Nullable Channel underWay;
    private @Nullable ScheduledFuture<?> timer;
    private long resolvedNanos;
    private long connectedNanos;
    private boolean resolved;
    private boolean connected;
    private boolean over;

    Dial(Dialer dialer, Endpoint endpoint, EventLoop loop, Deadline deadline, Function<FramedConnection, T> result) {
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
        if (dialer.group().isStopping()) {
            refuse();
            return;
        }
        long left = deadline.remainingNanos();
        if (left <= 0) {
            timedOut();
            return;
        }
        timer = loop.schedule(this::timedOut, left, TimeUnit.NANOSECONDS);
        SocketAddress target = endpoint.toSocketAddress();
        if (target instanceof InetSocketAddress literal && !literal.isUnresolved()) {
            resolvedNanos = startNanos;
            untried.add(literal);
            tryNext();
            return;
        }
        Future<List<InetSocketAddress>> lookup =
                dialer.resolver(loop).resolveAll(InetSocketAddress.createUnresolved(endpoint.host(), endpoint.port()));
        lookup.addListener(done -> onLoop(() -> lookedUp(lookup)));
    }

    private void lookedUp(Future<List<InetSocketAddress>> lookup) {
        if (over) {
            return;
        }
        resolved = true;
        resolvedNanos = deadline.timeSource().nanoTime();
        if (lookup.isSuccess()) {
            untried.addAll(lookup.getNow());
            tryNext();
        } else {
            finish(NetException.of(
                    lookup.cause(), Operation.RESOLVE, null, endpoint.toSocketAddress(), elapsedSince(startNanos)));
        }
    }

    private void tryNext() {
        InetSocketAddress address = untried.poll();
        if (address == null) {
            finish(failure != null ? failure : failure(Kind.DNS_NO_DATA, Operation.RESOLVE, "the name has no address"));
            return;
        }
        long attemptNanos = deadline.timeSource().nanoTime();
        ChannelFuture attempt = dialer.bootstrap(loop)
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, attemptMillis())
                .handler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        dialer.group().build(channel, Dial.this, endpoint.host(), endpoint.port());
                    }
                })
                .connect(address);
        underWay = attempt.channel();
        attempt.addListener(done -> onLoop(() -> {
            if (over) {
                attempt.channel().close();
            } else if (done.isSuccess()) {
                connected = true;
                connectedNanos = deadline.timeSource().nanoTime();
            } else {
                failed(done.cause(), address, attemptNanos);
            }
        }));
    }

    /** A connect timer of the channel's; zero means none, so it is never rounded down to that. */
    private int attemptMillis() {
        long nanos = deadline.remainingNanos();
        long perAddress = dialer.settings().timeouts.connectAddress().toNanos();
        long capped = perAddress == 0 ? nanos : Math.min(nanos, perAddress);
        return (int) Math.max(1, Math.min(Integer.MAX_VALUE, TimeUnit.NANOSECONDS.toMillis(capped)));
    }

    private void failed(Throwable cause, InetSocketAddress address, long attemptNanos) {
        if (dialer.group().isStopping()) {
            // The client's close has closed the channel: that is the reason, not this.
            refuse();
            return;
        }
        NetException next = NetException.of(cause, Operation.CONNECT, null, address, elapsedSince(attemptNanos));
        if (failure != null) {
            next.addSuppressed(failure);
        }
        failure = next;
        tryNext();
    }

    @Override
    public void opened(FramedConnection connection) {
        if (over || !future.succeed(result.apply(connection))) {
            connection.abort();
        }
        if (!over) {
            end();
        }
    }

    @Override
    public void failed(Throwable cause) {
        // Before the connection stands, the connect's own outcome tells more.
        if (connected && !over) {
            finish(cause);
        }
    }

    private void timedOut() {
        if (over) {
            return;
        }
        Operation operation = connected ? Operation.TLS : resolved || !untried.isEmpty() ? Operation.CONNECT : step();
        Kind kind = operation == Operation.TLS
                ? Kind.TLS_TIMEOUT
                : operation == Operation.RESOLVE ? Kind.DNS_TIMEOUT : Kind.CONNECT_TIMEOUT;
        NetException late = failure(kind, operation, "the deadline passed while connecting to " + endpoint);
        if (failure != null) {
            late.addSuppressed(failure);
        }
        finish(late);
        closeUnderWay();
    }

    private Operation step() {
        boolean hasName = endpoint.toSocketAddress() instanceof InetSocketAddress address && address.isUnresolved();
        return hasName && underWay == null ? Operation.RESOLVE : Operation.CONNECT;
    }

    private NetException failure(Kind kind, Operation operation, String detail) {
        return NetException.builder(kind, operation)
                .remote(endpoint.toSocketAddress())
                .elapsed(elapsedSince(startNanos))
                .retryable(operation != Operation.TLS)
                .detail(detail)
                .build();
    }

    private void finish(Throwable cause) {
        future.fail(cause);
        end();
    }

    private void end() {
        over = true;
        if (timer != null) {
            timer.cancel(false);
        }
        dialer.ended(this);
    }

    /** The client is closed. */
    void refuse() {
        if (!over) {
            finish(dialer.closed());
            closeUnderWay();
        }
    }

    /** The caller cancelled, or put a timeout on the future. */
    private void abandon() {
        if (!over) {
            end();
        }
        closeUnderWay();
    }

    private void closeUnderWay() {
        if (underWay != null) {
            underWay.close();
        }
    }

    private void onLoop(Runnable action) {
        if (loop.inEventLoop()) {
            action.run();
        } else {
            loop.execute(action);
        }
    }

    private Duration elapsedSince(long nanos) {
        return Duration.ofNanos(deadline.timeSource().nanoTime() - nanos);
    }

    @Override
    public @Nullable Duration resolve() {
        return resolved ? Duration.ofNanos(resolvedNanos - startNanos) : null;
    }

    @Override
    public Duration connect() {
        return Duration.ofNanos(
                (connected ? connectedNanos : deadline.timeSource().nanoTime()) - resolvedNanos);
    }
}
