package io.nettoolkit.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.DrainReport;
import io.nettoolkit.core.NetException;
import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.core.RejectedException;
import io.nettoolkit.core.RejectedException.Reason;
import io.nettoolkit.pool.ConnectionPool.CloseCause;
import io.nettoolkit.pool.ConnectionPool.Stats;
import io.nettoolkit.testkit.LeakCheck;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Leases, futures and control, as callers see them. */
@ExtendWith(LeakCheck.class)
class ConnectionPoolTest {

    private final PoolRig rig = new PoolRig(2);
    private final PoolConfig.Builder config = PoolConfig.builder();

    @AfterEach
    void close() {
        rig.close();
    }

    private static Reason reason(CompletableFuture<?> refused) {
        return ((RejectedException) failure(refused)).reason();
    }

    private static Kind kind(CompletableFuture<?> failed) {
        return ((NetException) failure(failed)).kind();
    }

    private static Throwable failure(CompletableFuture<?> failed) {
        assertThat(failed).isCompletedExceptionally();
        return failed.handle((value, cause) -> cause).join();
    }

    @Test
    void opensAConnectionOnceAndUsesItAgain() {
        ConnectionPool pool = rig.pool(config).build();
        assertThat(pool.tryAcquire()).as("never connects").isNull();
        Lease first = rig.lease(pool);
        Channel channel = first.channel();
        assertThat(first.isReused()).isFalse();
        rig.advance(Duration.ofSeconds(3));
        assertThat(first.age()).isEqualTo(Duration.ofSeconds(3));

        assertThat(first.release()).isTrue();
        Lease second = pool.tryAcquire();
        assertThat(second.channel()).isSameAs(channel);
        assertThat(second.isReused()).isTrue();
        assertThat(rig.connects).hasValue(1);
        second.close();
        assertThat(first.isReused()).as("also afterwards").isFalse();
    }

    @Test
    void isCompleteAtOnceWhereAConnectionIsIdle() {
        ConnectionPool pool = rig.pool(config).build();
        rig.lease(pool).release();

        CompletableFuture<Lease> hit = pool.acquire(rig.soon());

        assertThat(hit).isCompleted();
        assertThat(hit.join().channel().isActive()).isTrue();
        assertThat(hit.cancel(false)).isFalse();
    }

    @Test
    void endsALeaseOnce() {
        ConnectionPool pool = rig.pool(config).build();
        Lease lease = rig.lease(pool);

        assertThat(lease.release()).isTrue();
        assertThat(lease.release()).isFalse();
        assertThat(lease.discard(new Exception("late"))).isFalse();
        assertThatIllegalStateException()
                .isThrownBy(lease::channel)
                .withMessageContaining("released, discarded or closed");
        assertThat(pool.stats().doubleReleases()).isEqualTo(2);
        assertThat(pool.stats().idle()).isEqualTo(1);
    }

    @Test
    void knowsAStaleLeaseForSevenMoreLeasesAndAnExactOneForEver() {
        ConnectionPool pool = rig.pool(config).build();
        ConnectionPool exact = rig.pool(config.exactLeases(true)).build();
        Lease old = rig.lease(pool);
        old.release();
        Lease oldExact = rig.lease(exact);
        oldExact.release();

        for (int i = 0; i < 20; i++) {
            Lease now = pool.tryAcquire();
            if (i < 7) {
                assertThat(old.release()).as("%s leases later", i + 1).isFalse();
                assertThatIllegalStateException().isThrownBy(old::channel);
            }
            now.release();
            now = exact.tryAcquire();
            assertThat(oldExact.release()).isFalse();
            assertThat(now.release()).isTrue();
        }
        assertThat(exact.stats().doubleReleases()).isEqualTo(20);
    }

    @Test
    void closesWhatIsDiscardedAndOpensAnother() {
        List<String> closes = new ArrayList<>();
        ConnectionPool pool = rig.pool(config)
                .listener(new ConnectionPool.Listener() {
                    @Override
                    public void onClose(Object key, Channel channel, CloseCause cause, Throwable failure) {
                        closes.add(key + " " + cause + " " + failure);
                    }
                })
                .build();
        Lease lease = rig.lease(pool);
        Channel channel = lease.channel();

        assertThat(lease.discard(new Exception("half an answer"))).isTrue();
        rig.settle();

        assertThat(channel.isOpen()).isFalse();
        assertThat(closes).containsExactly("orders DISCARDED java.lang.Exception: half an answer");
        assertThat(rig.lease(pool).channel()).isNotSameAs(channel);
        assertThat(pool.stats().closes()).containsEntry(CloseCause.DISCARDED, 1L);
    }

    @Test
    void servesWaitersInTheOrderOfTheirComing() {
        ConnectionPool pool = rig.pool(config.maxSize(1)).build();
        Lease held = rig.lease(pool);
        List<CompletableFuture<Lease>> waiters =
                Stream.generate(() -> pool.acquire(rig.soon())).limit(5).toList();
        List<Integer> order = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            int number = i;
            waiters.get(i).thenAccept(lease -> {
                order.add(number);
                lease.release();
            });
        }

        assertThat(pool.stats().pending()).isEqualTo(5);
        held.release();
        rig.settle();

        assertThat(order).containsExactly(0, 1, 2, 3, 4);
        assertThat(pool.stats().pending()).isZero();
        assertThat(pool.stats().waits().count()).isEqualTo(6);
    }

    @Test
    void leavesNothingWithAWaiterThatGaveUp() {
        ConnectionPool pool = rig.pool(config.maxSize(1)).build();
        Lease held = rig.lease(pool);
        CompletableFuture<Lease> cancelled = pool.acquire(rig.soon());
        CompletableFuture<Lease> impatient =
                pool.acquire(rig.soon()).orTimeout(1, java.util.concurrent.TimeUnit.SECONDS);
        CompletableFuture<Lease> last = pool.acquire(rig.soon());

        assertThat(cancelled.cancel(false)).isTrue();
        rig.advance(Duration.ofSeconds(1));
        assertThat(impatient).isCompletedExceptionally();
        held.release();
        rig.settle();

        assertThat(last).isCompleted();
        assertThat(pool.stats().cancels() + pool.stats().lateCancels()).isEqualTo(2);
        assertThat(pool.stats().active()).isEqualTo(1);
    }

    @Test
    void passesOnADeliveryThatMeetsACancel() {
        ConnectionPool pool = rig.pool(config.maxSize(1)).build();
        Lease held = rig.lease(pool);
        CompletableFuture<Lease> cancelled = pool.acquire(rig.soon());
        CompletableFuture<Lease> next = pool.acquire(rig.soon());

        // The pool hears of the cancel on its loop, and of the release before that or after.
        cancelled.cancel(false);
        held.release();
        rig.settle();

        assertThat(next).isCompleted();
        assertThat(pool.stats().cancels() + pool.stats().lateCancels()).isEqualTo(1);
    }

    @Test
    void cancelsAHundredThousandWaitersInNoMoreThanTheirTime() {
        ConnectionPool pool = rig.pool(config.maxSize(1).maxPending(200_000)).build();
        Lease held = rig.lease(pool);
        List<CompletableFuture<Lease>> waiters =
                Stream.generate(() -> pool.acquire(rig.soon())).limit(100_000).toList();
        CompletableFuture<Lease> last = pool.acquire(rig.soon());

        waiters.forEach(waiter -> waiter.cancel(false));
        held.release();
        rig.settle();

        assertThat(last).isCompleted();
        assertThat(pool.stats().cancels() + pool.stats().lateCancels()).isEqualTo(100_000);
        assertThat(pool.stats().pending()).isZero();
    }

    @Test
    void failsAtTheDeadlineWithWhatItWasDoing() {
        ConnectionPool pool = rig.pool(config.maxSize(1)).build();
        rig.lease(pool);
        CompletableFuture<Lease> waiter = pool.acquire(rig.in(Duration.ofMillis(250)));

        rig.advance(Duration.ofMillis(249));
        assertThat(waiter).isNotDone();
        rig.advance(Duration.ofMillis(1));

        assertThat(kind(waiter)).isEqualTo(Kind.ACQUIRE_TIMEOUT);
        assertThat(failure(waiter)).hasMessageContaining("1 of 1 are open (1 in use");
        assertThat(pool.stats().timeouts()).isEqualTo(1);
    }

    @Test
    void takesDeadlinesOfItsOwnClockOnly() {
        ConnectionPool pool = rig.pool(config).build();
        Deadline other = Deadline.after(Duration.ofSeconds(1));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> pool.acquire(other))
                .withMessageContaining("build both from the same TimeSource");
        assertThatIllegalArgumentException().isThrownBy(() -> pool.acquireBlocking(other));
    }

    @Test
    void givesALoopItsOwnConnectionsAndConnectsOnIt() {
        ConnectionPool pool = rig.pool(config).build();
        EventLoop one = rig.loops.next();
        EventLoop two = rig.loops.next();
        List<Lease> leases = new ArrayList<>();
        for (EventLoop loop : List.of(one, two)) {
            loop.execute(() -> pool.acquire(rig.soon()).thenAccept(lease -> {
                assertThat(loop.inEventLoop()).isTrue();
                leases.add(lease);
            }));
            rig.settle();
        }
        assertThat(leases).extracting(lease -> lease.channel().eventLoop()).containsExactly(one, two);
        leases.forEach(Lease::release);

        for (EventLoop loop : List.of(two, one, two)) {
            List<Lease> got = new ArrayList<>();
            loop.execute(() -> got.add(pool.tryAcquire()));
            rig.settle();
            assertThat(got.get(0).channel().eventLoop()).isSameAs(loop);
            loop.execute(() -> got.get(0).release());
            rig.settle();
        }
    }

    @Test
    void completesOnTheConnectionsLoopForCallersWithoutOne() {
        ConnectionPool pool = rig.pool(config.maxSize(1)).build();
        Lease held = rig.lease(pool);
        List<Boolean> inLoop = new ArrayList<>();
        // It waits, so that nothing is complete before there is somebody to hear of it.
        pool.acquire(rig.soon())
                .thenAccept(lease -> inLoop.add(lease.channel().eventLoop().inEventLoop()));
        held.release();
        rig.settle();
        assertThat(inLoop).containsExactly(true);
    }

    @Test
    void refusesToWaitOnAnEventLoop() {
        ConnectionPool pool = rig.pool(config).build();
        CompletableFuture<Throwable> thrown = new CompletableFuture<>();
        rig.loops.next().execute(() -> {
            try {
                pool.acquire(rig.soon()).join();
            } catch (Throwable refusal) {
                thrown.complete(refusal);
            }
        });
        rig.settle();
        assertThat(thrown.join()).isInstanceOf(IllegalStateException.class);
        CompletableFuture<Throwable> blocking = new CompletableFuture<>();
        rig.loops.next().execute(() -> {
            try {
                pool.acquireBlocking(rig.soon());
            } catch (Throwable refusal) {
                blocking.complete(refusal);
            }
        });
        rig.settle();
        assertThat(blocking.join()).isInstanceOf(IllegalStateException.class).hasMessageContaining("acquire");
    }

    @Test
    void refusesWhileSuspended() {
        ConnectionPool pool = rig.pool(config.maxSize(1)).build();
        Lease held = rig.lease(pool);
        CompletableFuture<Lease> waiter = pool.acquire(rig.soon());

        pool.suspend();
        rig.settle();
        assertThat(reason(waiter)).isEqualTo(Reason.SUSPENDED);
        held.release();
        assertThat(pool.tryAcquire()).isNull();
        assertThat(reason(settled(pool.acquire(rig.soon())))).isEqualTo(Reason.SUSPENDED);
        pool.resume();
        assertThat(pool.tryAcquire()).isNotNull();
    }

    private <T> CompletableFuture<T> settled(CompletableFuture<T> future) {
        rig.settle();
        return future;
    }

    @Test
    void changesItsSize() {
        ConnectionPool pool = rig.pool(config.maxSize(4)).build();
        List<Lease> leases = Stream.generate(() -> rig.lease(pool)).limit(4).toList();

        pool.resize(0, 1);
        leases.forEach(Lease::release);
        rig.settle();

        assertThat(pool.stats().total()).isEqualTo(1);
        assertThat(pool.stats().maxSize()).isEqualTo(1);
        assertThat(pool.stats().closes()).containsEntry(CloseCause.SURPLUS, 3L);
        pool.resize(2, 2);
        rig.settle();
        assertThat(pool.stats().idle()).isEqualTo(2);
        assertThatIllegalArgumentException().isThrownBy(() -> pool.resize(3, 2)).withMessageContaining("minIdle: 3");
        assertThatIllegalArgumentException().isThrownBy(() -> pool.resize(0, 0)).withMessageContaining("maxSize: 0");
    }

    @Test
    void warmsUp() {
        ConnectionPool pool = rig.pool(config.maxSize(4)).build();
        CompletableFuture<Integer> three = settled(pool.warmUp(3));
        assertThat(three).isCompletedWithValue(3);
        assertThat(pool.stats().idle()).isEqualTo(3);
        assertThatIllegalArgumentException().isThrownBy(() -> pool.warmUp(-1));
    }

    @Test
    void retiresEveryConnection() {
        ConnectionPool pool = rig.pool(config).build();
        Lease held = rig.lease(pool);
        rig.lease(pool).release();

        pool.retireAll(new Exception("failover"));
        rig.settle();
        assertThat(pool.stats().total()).isEqualTo(1);
        assertThat(held.channel().isActive()).isTrue();
        held.release();
        rig.settle();
        assertThat(pool.stats().total()).isZero();
        assertThat(pool.stats().closes()).containsEntry(CloseCause.RETIRED, 2L);
    }

    @Test
    void retiresConnectionsToSomeAddresses() {
        ConnectionPool pool = rig.pool(config).build();
        Lease held = rig.lease(pool);

        pool.retire(address -> false);
        pool.retire(address -> {
            throw new IllegalStateException("thrown by a predicate");
        });
        rig.settle();
        pool.retire(held.channel().remoteAddress()::equals);
        held.release();
        rig.settle();

        assertThat(pool.stats().closes()).containsEntry(CloseCause.RETIRED, 1L);
    }

    @Test
    void closesWithGrace() {
        ConnectionPool pool = rig.pool(config).build();
        Lease returned = rig.lease(pool);
        Lease kept = rig.lease(pool);
        Channel channel = kept.channel();
        rig.lease(pool).release();

        CompletableFuture<DrainReport> closed = pool.close(Duration.ofSeconds(10));
        rig.settle();
        assertThat(reason(settled(pool.acquire(rig.soon())))).isEqualTo(Reason.SHUTTING_DOWN);
        assertThat(pool.tryAcquire()).isNull();
        rig.advance(Duration.ofSeconds(4));
        returned.release();
        rig.advance(Duration.ofSeconds(6));

        assertThat(closed).isCompletedWithValue(new DrainReport(2, 1, Duration.ofSeconds(10)));
        assertThat(channel.isOpen()).isFalse();
        assertThat(kept.release()).isTrue();
        assertThat(kept.release()).isFalse();
        assertThat(settled(pool.close(Duration.ZERO)).join()).isEqualTo(closed.join());
        assertThat(pool.stats().total()).isZero();
        assertThatIllegalArgumentException().isThrownBy(() -> pool.close(Duration.ofNanos(-1)));
    }

    @Test
    void countsWhatItDoes() {
        ConnectionPool pool = rig.pool(config.maxSize(2)).build();
        Lease first = rig.lease(pool);
        rig.lease(pool);
        pool.acquire(rig.soon());
        first.release();
        rig.settle();
        Stats stats = pool.stats();

        assertThat(stats.total()).isEqualTo(2);
        assertThat(stats.active()).isEqualTo(2);
        assertThat(stats.pending()).isZero();
        assertThat(stats.acquired()).isEqualTo(3);
        assertThat(stats.connects().count()).isEqualTo(2);
        assertThat(pool.toString()).contains("orders").contains("maxSize=2");
    }

    @Test
    void timesOneLeaseIn64() {
        ConnectionPool pool = rig.pool(config).build();
        rig.lease(pool).release();
        for (int i = 0; i < 128; i++) {
            Lease lease = pool.tryAcquire();
            rig.time.advance(Duration.ofMillis(2));
            lease.release();
        }
        assertThat(pool.stats().uses().count()).isEqualTo(2);
        assertThat(pool.stats().uses().longest()).isEqualTo(Duration.ofMillis(2));
    }

    @Test
    void knowsWhatItsOptionsMayBe() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> PoolConfig.builder().maxSize(0))
                .withMessage("maxSize: 0 (must be 1 to 65536)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> PoolConfig.builder().minIdle(5).maxSize(4).build())
                .withMessage("minIdle: 5 (must be at most maxSize, which is 4)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> PoolConfig.builder().connectTimeout(Duration.ZERO))
                .withMessageContaining("more than zero");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> PoolConfig.builder().idleTimeout(Duration.ofSeconds(-1)));
        PoolConfig values = PoolConfig.builder().maxSize(3).barging(true).build();
        assertThat(values.toBuilder().build()).isEqualTo(values).hasSameHashCodeAs(values);
        assertThat(values).isNotEqualTo(PoolConfig.defaults());
        assertThatThrownBy(() -> ConnectionPool.builder("key", null)).hasMessage("connector: must not be null");
        assertThatIllegalArgumentException().isThrownBy(() -> rig.pool(config).name(" "));
    }

    @Test
    void keepsNothingOfAConnectionThatIsGone() {
        ConnectionPool pool = rig.pool(config).build();
        List<WeakReference<Channel>> gone = new ArrayList<>();
        gone.add(use(pool, lease -> lease.discard(new Exception("of no use"))));
        gone.add(use(pool, Lease::release));
        pool.retireAll(new Exception("failover"));
        rig.settle();
        assertThat(pool.stats().total()).isZero();
        rig.accepted.clear();

        for (int i = 0; i < 100 && gone.stream().anyMatch(channel -> channel.get() != null); i++) {
            System.gc();
            rig.settle();
        }

        assertThat(gone).allMatch(channel -> channel.get() == null);
        assertThat(pool.stats().acquired()).isEqualTo(2);
    }

    private WeakReference<Channel> use(ConnectionPool pool, Consumer<Lease> end) {
        Lease lease = rig.lease(pool);
        WeakReference<Channel> channel = new WeakReference<>(lease.channel());
        end.accept(lease);
        rig.settle();
        return channel;
    }
}
