package io.nettoolkit.pool;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.testkit.ManualTime;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.local.LocalAddress;
import io.netty.channel.local.LocalChannel;
import io.netty.channel.local.LocalIoHandler;
import io.netty.channel.local.LocalServerChannel;
import java.net.ConnectException;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

/** Hosts within this JVM, on loops whose timers are virtual; it counts what is asked of it and never allows too much. */
final class ManyHosts implements AutoCloseable {

    final ManualTime time = ManualTime.create();
    final TimeSource timeSource = TimeSource.of(time.ticker());
    final EventLoopGroup loops = time.newEventLoopGroup(2, LocalIoHandler.newFactory());

    /** Hosts that refuse connects. */
    final Set<String> down = ConcurrentHashMap.newKeySet();

    /** Hosts whose connects never end. */
    final Set<String> hanging = ConcurrentHashMap.newKeySet();

    /** Connections that are open or being opened now, and the most there were. */
    final AtomicInteger connections = new AtomicInteger();

    final AtomicInteger mostConnections = new AtomicInteger();
    final AtomicInteger connecting = new AtomicInteger();
    final AtomicInteger mostConnecting = new AtomicInteger();
    final AtomicInteger connects = new AtomicInteger();

    private final Map<String, LocalAddress> addresses = new ConcurrentHashMap<>();
    private final String run = Integer.toHexString(System.identityHashCode(this));
    private volatile Duration connectTime = Duration.ZERO;

    ManyHosts connectTime(Duration duration) {
        connectTime = duration;
        return this;
    }

    /** Where connections to a host lead. */
    LocalAddress address(String key) {
        return addresses.computeIfAbsent(key, this::listen);
    }

    private LocalAddress listen(String key) {
        LocalAddress address = new LocalAddress("many-hosts-" + run + "-" + key);
        new ServerBootstrap()
                .group(loops)
                .channel(LocalServerChannel.class)
                .childHandler(new Peer())
                .bind(address)
                .syncUninterruptibly();
        return address;
    }

    CompletionStage<Channel> connect(String key, EventLoop loop, Deadline deadline) {
        connects.incrementAndGet();
        mostConnections.accumulateAndGet(connections.incrementAndGet(), Math::max);
        mostConnecting.accumulateAndGet(connecting.incrementAndGet(), Math::max);
        CompletableFuture<Channel> connected = new CompletableFuture<>();
        if (hanging.contains(key)) {
            loop.schedule(() -> gaveUp(), deadline.remainingNanos(), TimeUnit.NANOSECONDS);
        } else if (connectTime.isZero()) {
            connectNow(key, loop, connected);
        } else {
            loop.schedule(() -> connectNow(key, loop, connected), connectTime.toNanos(), TimeUnit.NANOSECONDS);
        }
        return connected;
    }

    private void gaveUp() {
        connecting.decrementAndGet();
        connections.decrementAndGet();
    }

    private void connectNow(String key, EventLoop loop, CompletableFuture<Channel> connected) {
        if (down.contains(key)) {
            gaveUp();
            connected.completeExceptionally(new ConnectException(key + " is down"));
            return;
        }
        ChannelFuture connect = new Bootstrap()
                .group(loop)
                .channel(LocalChannel.class)
                .handler(new Peer())
                .connect(addresses.get(key));
        connect.addListener(done -> {
            connecting.decrementAndGet();
            if (done.isSuccess()) {
                connect.channel().closeFuture().addListener(closed -> connections.decrementAndGet());
                connected.complete(connect.channel());
            } else {
                connections.decrementAndGet();
                connected.completeExceptionally(done.cause());
            }
        });
    }

    /** A pool on these loops and this clock. */
    KeyedConnectionPool.Builder<String> pool(String... keys) {
        for (String key : keys) {
            address(key);
        }
        return KeyedConnectionPool.<String>builder(this::connect)
                .eventLoops(loops)
                .timeSource(timeSource)
                .random(new SplittableRandom(7));
    }

    Deadline in(Duration duration) {
        return Deadline.after(duration, timeSource);
    }

    /** Lets everything happen that is due now. */
    void settle() {
        advance(Duration.ZERO);
    }

    void advance(Duration duration) {
        time.advance(duration);
    }

    /** A lease that has to be there by now. */
    Lease leaseOf(CompletableFuture<Lease> acquired) {
        settle();
        assertThat(acquired).isCompletedWithValueMatching(lease -> lease != null);
        return acquired.join();
    }

    /** What a future failed with by now. */
    Throwable failureOf(CompletableFuture<?> failed) {
        settle();
        assertThat(failed).isCompletedExceptionally();
        AtomicReference<Throwable> cause = new AtomicReference<>();
        failed.whenComplete((value, failure) -> cause.set(failure));
        return cause.get();
    }

    @Override
    public void close() {
        time.close();
    }

    @ChannelHandler.Sharable
    private static final class Peer extends ChannelInboundHandlerAdapter {}
}
