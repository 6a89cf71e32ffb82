package io.nettoolkit.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nettoolkit.core.DrainReport;
import io.nettoolkit.core.NetException;
import io.nettoolkit.core.NetFailure;
import io.nettoolkit.core.RejectedException;
import io.nettoolkit.core.RejectedException.Reason;
import io.nettoolkit.pool.ConnectionPool.CloseCause;
import io.nettoolkit.testkit.LeakCheck;
import io.netty.channel.Channel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakCheck.class)
class KeyedConnectionPoolTest {

    private static final Duration SECOND = Duration.ofSeconds(1);

    private final ManyHosts hosts = new ManyHosts();
    private KeyedConnectionPool<String> pool = hosts.pool("a", "b", "c").build();

    @AfterEach
    void end() {
        CompletableFuture<DrainReport> closed = pool.close(Duration.ZERO);
        hosts.advance(SECOND);
        assertThat(closed).isCompleted();
        assertThat(hosts.connections).hasValue(0);
        hosts.close();
    }

    @Test
    void keepsTheConnectionsOfEachHostApart() {
        Lease a = acquire("a");
        Lease b = acquire("b");
        Channel toA = a.channel();
        assertThat(toA.remoteAddress()).isEqualTo(hosts.address("a"));
        assertThat(b.channel().remoteAddress()).isEqualTo(hosts.address("b"));

        assertThat(a.release()).isTrue();
        assertThat(b.release()).isTrue();
        hosts.settle();
        Lease again = pool.tryAcquire("a");
        assertThat(again.channel()).isSameAs(toA);
        assertThat(again.isReused()).isTrue();
        assertThat(pool.tryAcquire("a")).isNull();
        assertThat(pool.tryAcquire("c"))
                .as("asking for what is idle opens nothing")
                .isNull();
        assertThat(pool.statsByKey()).containsOnlyKeys("a", "b");
        again.release();
    }

    @Test
    void closesTheLongestIdleConnectionOfAnotherHostWhenItIsFull() {
        rebuild(hosts.pool("a", "b", "c").maxTotal(2));
        Lease a = acquire("a");
        Lease b = acquire("b");
        Channel toA = a.channel();
        Channel toB = b.channel();
        a.release();
        hosts.advance(SECOND);
        b.release();
        hosts.advance(SECOND);

        Lease c = acquire("c");
        assertThat(toA.isOpen()).isFalse();
        assertThat(toB.isOpen()).isTrue();
        assertThat(pool.stats().sum().closes()).containsEntry(CloseCause.EVICTED, 1L);
        assertThat(hosts.mostConnections).hasValueLessThanOrEqualTo(2);
        c.release();
    }

    @Test
    void leavesTheMinimumOfIdleConnectionsAlone() {
        rebuild(hosts.pool("a", "b")
                .maxTotal(1)
                .config(PoolConfig.builder().minIdle(1).build()));
        acquire("a").release();
        hosts.settle();
        CompletableFuture<Lease> b = pool.acquire("b", hosts.in(SECOND));
        hosts.advance(SECOND);

        assertThat(hosts.failureOf(b)).isInstanceOf(NetException.class);
        assertThat(pool.stats("a").idle()).isEqualTo(1);
    }

    @Test
    void givesAConnectionThatComesFreeToAHostThatWaits() {
        rebuild(hosts.pool("a", "b").maxTotal(1));
        Lease a = acquire("a");
        CompletableFuture<Lease> b = pool.acquire("b", hosts.in(SECOND));
        hosts.settle();
        assertThat(b).isNotDone();
        assertThat(pool.stats().waitingHosts()).isEqualTo(1);

        a.release();
        Lease lease = hosts.leaseOf(b);
        assertThat(lease.channel().remoteAddress()).isEqualTo(hosts.address("b"));
        assertThat(pool.stats().waitingHosts()).isZero();
        lease.release();
    }

    @Test
    void takesAConnectionFromAHostThatIsBusyForOneThatHasNone() {
        rebuild(hosts.pool("a", "b").maxTotal(2));
        List<Lease> busy = new ArrayList<>(List.of(acquire("a"), acquire("a")));
        List<CompletableFuture<Lease>> more = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            more.add(pool.acquire("a", hosts.in(SECOND)));
        }
        CompletableFuture<Lease> b = pool.acquire("b", hosts.in(SECOND));
        hosts.settle();

        busy.get(0).release();
        Lease lease = hosts.leaseOf(b);
        assertThat(more).as("b came later and has fewer").noneMatch(CompletableFuture::isDone);
        busy.get(1).release();
        lease.release();
        more.forEach(waiting -> hosts.leaseOf(waiting).release());
    }

    /** I18. */
    @Test
    void givesEachOfTheHostsThatWaitOneOfTheNextConnections() {
        String[] keys = new String[12];
        for (int i = 0; i < keys.length; i++) {
            keys[i] = "host-" + i;
        }
        rebuild(hosts.pool(keys).maxTotal(4));
        hosts.address("hog");
        List<Lease> taken = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            taken.add(acquire("hog"));
        }
        List<CompletableFuture<Lease>> waiting = new ArrayList<>();
        for (String key : keys) {
            waiting.add(pool.acquire(key, hosts.in(SECOND)));
            pool.acquire("hog", hosts.in(SECOND)).thenAccept(Lease::release);
        }
        hosts.settle();

        for (int freed = 0; freed < keys.length; freed++) {
            taken.remove(0).release();
            hosts.settle();
            Lease next = hosts.leaseOf(waiting.get(freed));
            assertThat(waiting.subList(freed + 1, keys.length)).noneMatch(CompletableFuture::isDone);
            taken.add(next);
        }
        taken.forEach(Lease::release);
        hosts.settle();
    }

    @Test
    void boundsTheConnectsThatAreUnderWay() {
        String[] keys = new String[50];
        for (int i = 0; i < keys.length; i++) {
            keys[i] = "host-" + i;
        }
        rebuild(hosts.pool(keys).maxConnecting(8));
        hosts.connectTime(Duration.ofMillis(100));
        List<CompletableFuture<Lease>> all = new ArrayList<>();
        for (String key : keys) {
            all.add(pool.acquire(key, hosts.in(SECOND)));
        }
        hosts.settle();
        assertThat(hosts.connecting).hasValue(8);
        hosts.advance(SECOND);

        assertThat(hosts.mostConnecting).hasValue(8);
        all.forEach(acquired -> hosts.leaseOf(acquired).release());
    }

    @Test
    void refusesEveryHostWhileItIsSuspended() {
        Lease a = acquire("a");
        CompletableFuture<Lease> waiting = pool.acquire("b", hosts.in(SECOND));
        pool.suspend();
        hosts.settle();
        assertThat(reasonOf(pool.acquire("a", hosts.in(SECOND)))).isEqualTo(Reason.SUSPENDED);
        assertThat(reasonOf(pool.acquire("c", hosts.in(SECOND))))
                .as("a new host")
                .isEqualTo(Reason.SUSPENDED);
        assertThat(a.release()).isTrue();

        pool.resume();
        acquire("a").release();
        acquire("c").release();
        waiting.exceptionally(refused -> null).thenAccept(lease -> {
            if (lease != null) {
                lease.release();
            }
        });
    }

    @Test
    void resizesTheHostsThereAreAndThoseToCome() {
        acquire("a").release();
        pool.resize(0, 1);
        Lease a = acquire("a");
        Lease b = acquire("b");
        CompletableFuture<Lease> secondA = pool.acquire("a", hosts.in(SECOND));
        CompletableFuture<Lease> secondB = pool.acquire("b", hosts.in(SECOND));
        hosts.settle();
        assertThat(secondA).isNotDone();
        assertThat(secondB).isNotDone();

        pool.resize(0, 2);
        hosts.leaseOf(secondA).release();
        hosts.leaseOf(secondB).release();
        a.release();
        b.release();
    }

    @Test
    void shrinksAsConnectionsComeFree() {
        List<Lease> leases = List.of(acquire("a"), acquire("a"), acquire("b"), acquire("c"));
        leases.get(3).release();
        hosts.settle();
        pool.resizeTotal(2);
        hosts.settle();
        assertThat(pool.stats().sum().total()).as("the idle one has gone").isEqualTo(3);

        leases.get(0).release();
        hosts.settle();
        assertThat(pool.stats().sum().total()).isEqualTo(2);
        assertThat(pool.stats().sum().maxSize()).isEqualTo(2);
        leases.get(1).release();
        leases.get(2).release();
        hosts.settle();
        assertThat(pool.stats().sum().idle()).isEqualTo(2);
    }

    @Test
    void retiresTheConnectionsToAnAddressOfEveryHost() {
        Lease a = acquire("a");
        Lease b = acquire("b");
        Channel toA = a.channel();
        Channel toB = b.channel();
        a.release();
        b.release();
        hosts.settle();
        pool.retire(hosts.address("a")::equals);
        hosts.settle();
        assertThat(toA.isOpen()).isFalse();
        assertThat(toB.isOpen()).isTrue();

        pool.retireAll(new IllegalStateException("failover"));
        hosts.settle();
        assertThat(toB.isOpen()).isFalse();
        assertThat(pool.stats().sum().closes()).containsEntry(CloseCause.RETIRED, 2L);
    }

    @Test
    void opensConnectionsAheadOfNeed() {
        CompletableFuture<Integer> warm = pool.warmUp("a", 3);
        hosts.advance(SECOND);
        assertThat(warm).isCompletedWithValue(3);
        assertThat(pool.stats("a").idle()).isEqualTo(3);
    }

    @Test
    void refusesEverybodyOnceItIsClosed() {
        Lease a = acquire("a");
        acquire("b").release();
        rejectLater(pool.acquire("a", hosts.in(SECOND)));
        hosts.settle();
        CompletableFuture<DrainReport> first = pool.close(Duration.ofSeconds(5));
        CompletableFuture<DrainReport> second = pool.close(Duration.ofHours(1));
        hosts.settle();
        assertThat(first).isNotDone();
        assertThat(reasonOf(pool.acquire("a", hosts.in(SECOND)))).isEqualTo(Reason.SHUTTING_DOWN);
        assertThat(reasonOf(pool.acquire("c", hosts.in(SECOND)))).isEqualTo(Reason.SHUTTING_DOWN);
        assertThatThrownBy(() -> pool.acquireBlocking("c", hosts.in(SECOND)))
                .isInstanceOf(RejectedException.class)
                .hasMessageContaining("SHUTTING_DOWN");
        assertThat(pool.tryAcquire("b")).isNull();

        hosts.advance(SECOND);
        a.release();
        hosts.settle();
        assertThat(first.join().forced()).isZero();
        assertThat(first.join().elapsed()).isEqualTo(SECOND);
        assertThat(second).isCompletedWithValue(first.join());
        assertThat(pool.stats().sum().total()).isZero();
    }

    @Test
    void cutsWhatIsStillInUseWhenTheGraceIsOver() {
        Lease a = acquire("a");
        CompletableFuture<DrainReport> closed = pool.close(Duration.ofSeconds(5));
        hosts.advance(Duration.ofSeconds(4));
        assertThat(closed).isNotDone();
        hosts.advance(SECOND);
        assertThat(closed.join().forced()).isEqualTo(1);
        assertThat(hosts.connections).hasValue(0);
        a.release();
    }

    @Test
    void failsTheCallersOfADeadHostAlone() {
        hosts.down.add("a");
        CompletableFuture<Lease> a = pool.acquire("a", hosts.in(SECOND));
        acquire("b").release();
        assertThat(hosts.failureOf(a))
                .isInstanceOfSatisfying(
                        NetException.class,
                        failure -> assertThat(failure.kind()).isEqualTo(NetFailure.Kind.CONNECT_REFUSED));
        assertThat(pool.stats().sum().connectFailures()).isPositive();
    }

    @Test
    void forgetsAHostThatNobodyUses() {
        rebuild(hosts.pool("a")
                .hostTimeout(Duration.ofSeconds(10))
                .config(PoolConfig.builder().idleTimeout(Duration.ofSeconds(5)).build()));
        acquire("a").release();
        hosts.advance(Duration.ofSeconds(4));
        assertThat(pool.stats().hosts()).isEqualTo(1);
        hosts.advance(Duration.ofSeconds(30));
        assertThat(pool.stats("a")).isNull();
        KeyedConnectionPool.Stats stats = pool.stats();
        assertThat(stats.hosts()).isZero();
        assertThat(stats.removedHosts()).isEqualTo(1);
        assertThat(stats.sum().acquired()).as("what it did is not forgotten").isEqualTo(1);

        acquire("a").release();
        assertThat(pool.stats().hosts()).isEqualTo(1);
        assertThat(pool.stats().sum().acquired()).isEqualTo(2);
    }

    @Test
    void keepsAHostThatHasACallerOrAConnection() {
        rebuild(hosts.pool("a", "b")
                .hostTimeout(SECOND)
                .config(PoolConfig.builder().idleTimeout(Duration.ZERO).build()));
        Lease a = acquire("a");
        acquire("b").release();
        hosts.advance(Duration.ofMinutes(5));
        assertThat(pool.statsByKey()).containsOnlyKeys("a", "b");
        a.release();
    }

    @Test
    void forgetsADeadHostToo() {
        rebuild(hosts.pool("a").hostTimeout(SECOND));
        hosts.down.add("a");
        for (int i = 0; i < 5; i++) {
            hosts.failureOf(pool.acquire("a", hosts.in(SECOND)));
            hosts.advance(SECOND);
        }
        hosts.advance(Duration.ofSeconds(30));
        assertThat(pool.stats().hosts()).isZero();
        int connects = hosts.connects.get();
        hosts.advance(Duration.ofMinutes(10));
        assertThat(hosts.connects).as("nobody asks for it any more").hasValue(connects);
    }

    @Test
    void addsUpWhatItsHostsDo() {
        Lease a = acquire("a");
        acquire("b").release();
        hosts.settle();
        ConnectionPool.Stats sum = pool.stats().sum();
        assertThat(sum.active()).isEqualTo(1);
        assertThat(sum.idle()).isEqualTo(1);
        assertThat(sum.total()).isEqualTo(2);
        assertThat(sum.acquired()).isEqualTo(2);
        assertThat(sum.connects().count()).isEqualTo(2);
        assertThat(pool.stats().toString()).contains("hosts=2");
        a.release();
    }

    @Test
    void saysWhatIsWrongWithItsArguments() {
        assertThatNullPointerException()
                .isThrownBy(() -> pool.acquire(null, hosts.in(SECOND)))
                .withMessage("key: must not be null");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> pool.resizeTotal(0))
                .withMessage("maxTotal: 0 (must be 1 or more)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> hosts.pool().maxConnecting(-1))
                .withMessage("maxConnecting: -1 (must be 1 or more)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> hosts.pool().hostTimeout(Duration.ofSeconds(-1)))
                .withMessage("hostTimeout: PT-1S (must be zero to 365 days)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> pool.warmUp("a", -1))
                .withMessage("connections: -1 (must be 0 or more)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> pool.close(Duration.ofSeconds(-1)))
                .withMessage("grace: PT-1S (must not be negative)");
        assertThat(pool.toString()).contains("maxTotal=256", "maxConnecting=64", "hostTimeout=PT1M");
    }

    private void rebuild(KeyedConnectionPool.Builder<String> builder) {
        pool.close();
        pool = builder.build();
    }

    private Lease acquire(String key) {
        return hosts.leaseOf(pool.acquire(key, hosts.in(SECOND)));
    }

    private void rejectLater(CompletableFuture<Lease> acquired) {
        acquired.whenComplete((lease, failure) -> {
            if (lease != null) {
                lease.release();
            }
        });
    }

    private Reason reasonOf(CompletableFuture<Lease> refused) {
        Throwable failure = hosts.failureOf(refused);
        assertThat(failure).isInstanceOf(RejectedException.class);
        return ((RejectedException) failure).reason();
    }

    @Test
    void comesDownToALowerBoundWhateverTheMinimumOfIdleConnections() {
        rebuild(hosts.pool("a", "b")
                .maxTotal(6)
                .config(PoolConfig.builder().minIdle(3).build()));
        acquire("a").release();
        acquire("b").release();
        hosts.advance(SECOND);
        assertThat(pool.stats().sum().idle()).isEqualTo(6);

        pool.resizeTotal(4);
        hosts.advance(SECOND);
        assertThat(pool.stats().sum().total()).isEqualTo(4);
        pool.resizeTotal(1);
        hosts.advance(SECOND);
        assertThat(pool.stats().sum().total()).isEqualTo(1);
        Lease last = pool.tryAcquire(pool.stats("a").idle() == 1 ? "a" : "b");
        hosts.advance(SECOND);
        last.release();
        hosts.advance(SECOND);
        assertThat(pool.stats().sum().idle()).as("no more goes than has to").isEqualTo(1);

        pool.resizeTotal(6);
        hosts.advance(Duration.ofSeconds(2));
        assertThat(pool.stats().sum().idle()).isEqualTo(6);
    }

    @Test
    void closesWhatComesFreeAboveALowerBoundWhateverTheMinimum() {
        rebuild(hosts.pool("a")
                .maxTotal(4)
                .config(PoolConfig.builder().minIdle(2).build()));
        List<Lease> leases = List.of(acquire("a"), acquire("a"), acquire("a"), acquire("a"));
        pool.resizeTotal(1);
        hosts.advance(SECOND);
        for (Lease lease : leases) {
            lease.release();
            hosts.settle();
        }
        assertThat(pool.stats().sum().total()).isEqualTo(1);
    }

    @Test
    void closesNothingForACallerThatGaveUp() {
        rebuild(hosts.pool("a", "b").maxTotal(1));
        Lease a = acquire("a");
        CompletableFuture<Lease> b = pool.acquire("b", hosts.in(SECOND));
        hosts.settle();
        assertThat(pool.stats().waitingHosts()).isEqualTo(1);
        b.cancel(false);
        hosts.settle();

        assertThat(pool.stats().waitingHosts()).isZero();
        a.release();
        hosts.settle();
        assertThat(pool.stats("a").idle()).isEqualTo(1);
        assertThat(pool.stats().sum().closes()).isEmpty();
        assertThat(acquire("b").release()).as("who comes later has it").isTrue();
    }

    @Test
    void opensAheadOfNeedWhatTheBoundLeavesAndTakesNothingFromOthers() {
        rebuild(hosts.pool("a", "b").maxTotal(4));
        Lease b = acquire("b");
        b.release();
        hosts.settle();

        CompletableFuture<Integer> warm = pool.warmUp("a", 10);
        hosts.advance(SECOND);

        assertThat(warm).isCompletedWithValue(3);
        assertThat(pool.stats("b").idle()).isEqualTo(1);
        assertThat(pool.stats().waitingHosts()).isZero();
        CompletableFuture<Integer> more = pool.warmUp("a", 4);
        hosts.settle();
        assertThat(more).as("nothing is left").isCompletedWithValue(3);
    }

    @Test
    void cutsSoonerWhereALaterCloseSaysSo() {
        Lease a = acquire("a");
        CompletableFuture<DrainReport> patient = pool.close(Duration.ofHours(1));
        hosts.settle();
        assertThat(patient).isNotDone();

        CompletableFuture<DrainReport> now = pool.close(Duration.ZERO);
        hosts.settle();

        assertThat(now).isCompletedWithValueMatching(report -> report.forced() == 1);
        assertThat(patient).isCompletedWithValue(now.join());
        assertThat(hosts.connections).hasValue(0);
        a.release();
    }

    @Test
    void endsACloseWhoseEventLoopsAreGone() {
        acquire("a");
        CompletableFuture<Lease> waiter = pool.acquire("b", hosts.in(SECOND));
        hosts.loops.shutdownGracefully(0, 0, TimeUnit.SECONDS).syncUninterruptibly();

        CompletableFuture<DrainReport> closed = pool.close(Duration.ZERO);

        assertThat(closed.orTimeout(5, TimeUnit.SECONDS)).succeedsWithin(Duration.ofSeconds(10));
        assertThat(waiter).isDone();
        assertThat(pool.stats().sum().total()).isZero();
    }
}
