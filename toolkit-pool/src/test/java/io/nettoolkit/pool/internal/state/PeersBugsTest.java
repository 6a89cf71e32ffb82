package io.nettoolkit.pool.internal.state;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.core.RejectedException;
import io.nettoolkit.pool.ConnectionPool.CloseCause;
import io.nettoolkit.pool.internal.hit.Entry.End;
import io.nettoolkit.pool.internal.state.Counts.Of;
import io.nettoolkit.pool.internal.state.Rig.FakeMember;
import io.nettoolkit.pool.internal.state.Rig.FakeWaiter;
import io.nettoolkit.pool.internal.state.Rig.Options;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What users of other pools reported, by project and number; each must not happen here. */
class PeersBugsTest {

    private static FakeMember leased(Rig rig) {
        FakeWaiter waiter = rig.acquire();
        if (waiter.got == null) {
            rig.connectOk();
        }
        return waiter.got;
    }

    @Test
    @DisplayName("netty #9669, #5553; r2dbc-pool #128, #143: a cancelled acquire keeps its connection for ever")
    void aCancelThatMeetsADeliveryLeavesTheConnectionInThePool() {
        Rig rig = Rig.of(1);
        FakeMember only = leased(rig);
        FakeWaiter cancelled = rig.acquire();
        cancelled.gaveUp = true;
        rig.release(only);
        rig.cancel(cancelled);

        assertThat(rig.bounced).isEqualTo(1);
        assertThat(rig.tryAcquire()).isSameAs(only);
    }

    @Test
    @DisplayName("vert.x #6169, #4392; reactor-pool #124: who began a connect and gave up is counted on")
    void aConnectWhoseCallerGaveUpServesTheNext() {
        Rig rig = Rig.of(1);
        FakeWaiter first = rig.acquire();
        rig.cancel(first);
        FakeWaiter second = rig.acquire();

        assertThat(rig.connecting).hasSize(1);
        rig.connectOk();
        assertThat(second.got).isNotNull();
        rig.release(second.got);
        assertThat(rig.idle()).isEqualTo(1);
        assertThat(rig.takenPermits).isEqualTo(1);
    }

    @Test
    @DisplayName("reactor-pool #106, #82; puddle 1.1.3: after failed connects nobody is woken")
    void aFailedConnectIsFollowedByAnother() {
        Rig rig = Rig.of(1);
        List<FakeWaiter> waiters = Stream.generate(rig::acquire).limit(2).toList();
        rig.connectFail();

        assertThat(waiters.get(1).failure).isNull();
        rig.advance(Duration.ofMillis(50));
        rig.connectOk();
        assertThat(waiters.get(1).got).isNotNull();
    }

    @Test
    @DisplayName("reactor-pool #40; POOL-424: what is invalidated is not replaced, and borrowers hang")
    void aDiscardedConnectionMakesRoomForWhoWaits() {
        Rig rig = Rig.of(1);
        FakeMember only = leased(rig);
        FakeWaiter waiter = rig.acquire();
        rig.discard(only);
        rig.finishCloses();
        rig.connectOk();
        assertThat(waiter.got).isNotNull();
    }

    @Test
    @DisplayName("HikariCP #2274, #2161: one connect that hangs stops every other")
    void aStuckConnectHoldsUpNobodyElse() {
        Options options = new Options();
        options.maxSize = 4;
        options.connect = Duration.ofSeconds(10);
        Rig rig = new Rig(options);
        rig.acquire();
        FakeWaiter second = rig.acquire();
        Attempt healthy = rig.connecting.peekLast();

        rig.connectOk(healthy);
        rig.acquire();
        rig.connectOk(rig.connecting.peekLast());

        assertThat(rig.delivered).hasSize(2);
        assertThat(second.failure).isNull();
    }

    @Test
    @DisplayName("HikariCP #452, #1972: a pool at zero does not fill again")
    void aPoolThatLostEverythingFillsAgain() {
        Options options = new Options();
        options.minIdle = 3;
        options.maxSize = 3;
        Rig rig = new Rig(options);
        rig.tick();
        while (!rig.connecting.isEmpty()) {
            rig.connectOk();
        }
        List.copyOf(rig.open).forEach(rig::closed);

        for (int i = 0; i < 10; i++) {
            if (!rig.connecting.isEmpty()) {
                rig.connectFail();
            }
            rig.advance(Duration.ofMillis(50));
        }
        while (!rig.connecting.isEmpty()) {
            rig.connectOk();
        }
        assertThat(rig.idle()).isEqualTo(3);
    }

    @Test
    @DisplayName("sqlx #622: a waiter that dies when it is woken swallows the wake-up")
    void aDeliveryToManyThatGaveUpReachesTheOneWhoDidNot() {
        Options options = new Options();
        options.maxSize = 1;
        options.maxPending = 1_000;
        Rig rig = new Rig(options);
        FakeMember only = leased(rig);
        IntStream.range(0, 500).forEach(i -> rig.acquire().gaveUp = true);
        FakeWaiter last = rig.acquire();
        rig.release(only);
        assertThat(last.got).isSameAs(only);
    }

    @Test
    @DisplayName("HikariCP #1909; sqlx #453: late comers overtake those who wait")
    void aReturnedConnectionIsNotForLateComers() {
        Rig rig = Rig.of(1);
        FakeMember only = leased(rig);
        FakeWaiter waiter = rig.acquire();
        for (int i = 0; i < 100; i++) {
            assertThat(rig.tryAcquire()).isNull();
        }
        rig.release(only);
        assertThat(waiter.got).isSameAs(only);
    }

    @Test
    @DisplayName("reactor-netty #388, #413, #796: a connection that the peer has closed is handed out")
    void aClosedConnectionIsNotHandedOutEvenBeforeThePoolHearsOfIt() {
        Rig rig = Rig.of(1);
        FakeMember only = leased(rig);
        rig.release(only);
        only.active = false;

        FakeWaiter waiter = rig.acquire();
        assertThat(waiter.got).isNull();
        rig.closed(only);
        rig.connectOk();
        assertThat(waiter.got).isNotSameAs(only);
    }

    @Test
    @DisplayName("reactor-pool #121, #122: 3,100 wait where 1,000 may")
    void theBoundOfTheLineIsStrict() {
        Options options = new Options();
        options.maxPending = 10;
        Rig rig = new Rig(options);
        for (int i = 0; i < 100; i++) {
            rig.acquire();
            assertThat(rig.shelf.waiting()).isLessThanOrEqualTo(10);
        }
        assertThat(rig.count(Of.REJECTIONS)).isEqualTo(90);
    }

    @Test
    @DisplayName("POOL-419; netty #3988: a return that meets an invalidation corrupts the counters")
    void aLeaseThatEndsTwiceCountsOnce() {
        Rig rig = Rig.of(1);
        FakeMember only = leased(rig);
        long generation = only.generation();
        rig.discard(only);
        assertThat(only.release(generation, Rig.ALL_BITS, rig.now)).isEqualTo(End.STALE);
        rig.finishCloses();
        assertThat(rig.takenPermits).isZero();
        assertThat(rig.closes).containsExactly(CloseCause.DISCARDED);
    }

    @Test
    @DisplayName("reactor-pool #80, #81; vert.x #4284: who comes while the pool closes waits for ever")
    void whoComesAfterTheCloseIsRefused() {
        Rig rig = Rig.of(1);
        leased(rig);
        FakeWaiter before = rig.acquire();
        rig.event(nowNanos -> rig.state.close(Duration.ofSeconds(5).toNanos(), nowNanos));
        FakeWaiter after = rig.acquire();
        assertThat(before.failure).isInstanceOf(RejectedException.class);
        assertThat(after.failure).isInstanceOf(RejectedException.class).isNotSameAs(before.failure);
    }

    @Test
    @DisplayName("vert.x PR #4798: a connection that is being evicted is handed out")
    void whatEndsIsNotHandedOut() {
        Options options = new Options();
        options.maxSize = 1;
        options.idle = Duration.ofSeconds(1);
        Rig rig = new Rig(options);
        FakeMember only = leased(rig);
        rig.release(only);
        rig.advance(Duration.ofSeconds(1));
        assertThat(rig.closing).containsExactly(only);
        assertThat(rig.tryAcquire()).isNull();
        assertThat(rig.acquire().got).isNull();
    }

    @Test
    @DisplayName("vert.x #4680: under constant load an old connection is never idle, and never ends")
    void anOldConnectionEndsUnderConstantLoad() {
        Options options = new Options();
        options.maxSize = 1;
        options.lifetime = Duration.ofSeconds(10);
        Rig rig = new Rig(options);
        FakeMember only = leased(rig);
        for (int i = 0; i < 12; i++) {
            rig.acquire(Duration.ofMinutes(1));
            rig.advance(Duration.ofSeconds(1));
            if (rig.release(only) == End.CLOSING) {
                break;
            }
        }
        assertThat(rig.closing).containsExactly(only);
    }

    @Test
    @DisplayName("pgdog #1488: a limit on connects that never gives way starves cold callers")
    void theLimitOnConnectsGivesWayToALongLine() {
        Options options = new Options();
        options.maxSize = 18;
        options.maxPending = 18;
        Rig rig = new Rig(options);
        IntStream.range(0, 18).forEach(i -> rig.acquire());
        int rounds = 0;
        while (rig.delivered.size() < 18) {
            List.copyOf(rig.connecting).forEach(rig::connectOk);
            rounds++;
        }
        assertThat(rounds).isLessThanOrEqualTo(5);
    }

    @Test
    @DisplayName("vert.x #6251, #6255: connections are renewed to an address that is gone")
    void aConnectToARetiredAddressIsNotUsed() {
        Rig rig = Rig.of(1);
        FakeWaiter waiter = rig.acquire();
        rig.event(nowNanos -> rig.state.retire(address -> true, null, nowNanos));
        rig.connectOk();
        rig.check(false);
        assertThat(waiter.got).isNull();
    }

    @Test
    @DisplayName("vert.x Waiters.addFirst: a waiter put back in front unlinks the others")
    void anyOrderOfLeavingTheLineKeepsTheRest() {
        Options options = new Options();
        options.maxSize = 1;
        Rig rig = new Rig(options);
        FakeMember only = leased(rig);
        List<FakeWaiter> waiters =
                new ArrayList<>(Stream.generate(rig::acquire).limit(8).toList());
        for (int leaves : new int[] {3, 0, 5, 2}) {
            rig.cancel(waiters.remove(leaves));
        }
        for (FakeWaiter waiter : waiters) {
            rig.release(only);
            assertThat(waiter.got).isSameAs(only);
        }
    }

    @Test
    @DisplayName("lettuce: what is released twice has two holders")
    void aSecondReleaseMakesNoSecondHolder() {
        Rig rig = Rig.of(1);
        FakeMember only = leased(rig);
        long generation = only.generation();
        rig.release(only);
        assertThat(only.release(generation, Rig.ALL_BITS, rig.now)).isEqualTo(End.STALE);
        assertThat(rig.tryAcquire()).isSameAs(only);
        assertThat(only.release(generation, Rig.ALL_BITS, rig.now)).isEqualTo(End.STALE);
        assertThat(rig.tryAcquire()).isNull();
    }

    @Test
    @DisplayName("netty notifyHealthCheck: a caller that gives up during the check costs a healthy channel")
    void aCheckWhoseCallerGaveUpKeepsTheConnection() {
        Options options = new Options();
        options.maxSize = 1;
        options.validateAfter = Duration.ofMillis(500);
        Rig rig = new Rig(options);
        FakeMember only = leased(rig);
        rig.release(only);
        rig.advance(Duration.ofSeconds(1));
        FakeWaiter waiter = rig.acquire();
        rig.cancel(waiter);
        rig.check(true);
        assertThat(rig.closing).isEmpty();
        assertThat(rig.tryAcquire()).isSameAs(only);
    }

    @Test
    @DisplayName("node-mysql2 #4498; POOL-418, POOL-420: a wait that is interrupted by others starts anew")
    void aDeadlineIsAbsolute() {
        Rig rig = Rig.of(1);
        FakeMember only = leased(rig);
        FakeWaiter waiter = rig.acquire(Duration.ofSeconds(2));
        for (int i = 0; i < 20; i++) {
            rig.advance(Duration.ofMillis(100));
            rig.acquire(Duration.ofMillis(10));
            rig.tick();
        }
        assertThat(waiter.failure).isNotNull();
        rig.release(only);
        assertThat(waiter.got).isNull();
    }
}
