package io.nettoolkit.pool.internal.state;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.core.RejectedException;
import io.nettoolkit.core.RejectedException.Reason;
import io.nettoolkit.pool.ConnectionPool.CloseCause;
import io.nettoolkit.pool.internal.hit.Entry;
import io.nettoolkit.pool.internal.hit.Entry.End;
import io.nettoolkit.pool.internal.state.Rig.FakeMember;
import io.nettoolkit.pool.internal.state.Rig.FakeWaiter;
import io.nettoolkit.pool.internal.state.Rig.Options;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Suspending, resizing, retiring, warming up, sharing a cap, and closing. */
class ControlTest {

    private static Reason reason(FakeWaiter waiter) {
        return ((RejectedException) waiter.failure).reason();
    }

    /** A pool that is full of leased connections. */
    private static List<FakeMember> lease(Rig rig, int count) {
        List<FakeMember> leased = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            FakeWaiter waiter = rig.acquire();
            if (waiter.got == null) {
                rig.connectOk();
            }
            leased.add(waiter.got);
        }
        return leased;
    }

    @Test
    void refusesEverybodyWhileSuspended() {
        Rig rig = Rig.of(1);
        FakeMember leased = lease(rig, 1).get(0);
        FakeWaiter waiting = rig.acquire();

        rig.event(rig.state::suspend);
        assertThat(reason(waiting)).isEqualTo(Reason.SUSPENDED);
        assertThat(rig.release(leased)).isEqualTo(End.IDLE);
        assertThat(rig.tryAcquire()).isNull();
        assertThat(reason(rig.acquire())).isEqualTo(Reason.SUSPENDED);
        rig.event(rig.state::resume);
        assertThat(rig.tryAcquire()).isSameAs(leased);
    }

    @Test
    void closesWhatIsAboveANewMaximumAsItBecomesIdle() {
        Rig rig = Rig.of(4);
        List<FakeMember> leased = lease(rig, 4);
        rig.release(leased.get(3));

        rig.event(nowNanos -> rig.state.resize(0, 2, nowNanos));
        assertThat(rig.closing).containsExactly(leased.get(3));
        rig.finishCloses();
        rig.release(leased.get(0));
        assertThat(rig.closing).containsExactly(leased.get(0));
        rig.finishCloses();
        rig.release(leased.get(1));
        assertThat(rig.closing).isEmpty();
        assertThat(rig.idle()).isEqualTo(1);
        rig.acquire();
        rig.acquire();
        assertThat(rig.connecting).isEmpty();
        rig.event(nowNanos -> rig.state.resize(0, 3, nowNanos));
        assertThat(rig.connecting).hasSize(1);
    }

    @Test
    void retiresIdleConnectionsAtOnceLeasedOnesAtReleaseAndThoseToComeWhenTheyAreOpen() {
        Rig rig = Rig.of(3);
        List<FakeMember> leased = lease(rig, 2);
        rig.release(leased.get(1));
        FakeWaiter second = rig.acquire();
        FakeWaiter third = rig.acquire();
        rig.release(second.got);

        rig.event(nowNanos -> rig.state.retire(null, new Exception("failover"), nowNanos));

        assertThat(rig.release(leased.get(0))).isEqualTo(End.CLOSING);
        assertThat(rig.closing).contains(leased.get(0));
        if (!rig.connecting.isEmpty()) {
            FakeMember fresh = rig.connectOk(rig.connecting.peek());
            assertThat(rig.closing).contains(fresh);
        }
        rig.finishCloses();
        assertThat(rig.closes).containsOnly(CloseCause.RETIRED);
        assertThat(third.isDecided() || !rig.connecting.isEmpty()).isTrue();
    }

    @Test
    void asksConnectionsToComeWhetherTheirAddressWasRetired() {
        Rig rig = Rig.of(1);
        FakeWaiter waiter = rig.acquire();
        rig.event(nowNanos -> rig.state.retire(address -> true, null, nowNanos));

        FakeMember suspect = rig.connectOk();
        assertThat(waiter.got).isNull();
        assertThat(rig.checks.peek().avoided()).hasSize(1);
        rig.check(false);
        assertThat(rig.closing).containsExactly(suspect);
        rig.finishCloses();
        assertThat(rig.closes).containsExactly(CloseCause.RETIRED);
        rig.connectOk();
        assertThat(waiter.got).isNotNull();
    }

    @Test
    void warmsUp() {
        Rig rig = Rig.of(4);
        Rig.FakeWarmUp three = rig.warmUp(3);
        Rig.FakeWarmUp more = rig.warmUp(100);

        rig.connectOk();
        rig.connectOk();
        assertThat(three.open).isNull();
        rig.connectOk();
        assertThat(three.open).isEqualTo(3);
        rig.connectOk();
        assertThat(more.open).isEqualTo(4);
        assertThat(rig.warmUp(2).open).isEqualTo(4);
        assertThat(rig.idle()).isEqualTo(4);
    }

    @Test
    void endsAWarmUpWithAFailedConnect() {
        Rig rig = Rig.of(4);
        Rig.FakeWarmUp three = rig.warmUp(3);
        rig.connectOk();
        rig.connectFail();

        assertThat(three.open).isEqualTo(1);
        assertThat(three.failure).hasMessage("refused");
        rig.advance(Duration.ofMinutes(1));
        assertThat(rig.total() - rig.connecting.size()).isEqualTo(1);
    }

    @Test
    void takesPermitsAndGivesThemBackOnceEach() {
        Options options = new Options();
        options.maxSize = 4;
        options.freePermits = 1;
        Rig rig = new Rig(options);
        FakeWaiter first = rig.acquire();
        FakeWaiter second = rig.acquire();

        assertThat(rig.connecting).hasSize(1);
        assertThat(rig.wantedPermits).isEqualTo(1);
        rig.connectOk();
        rig.acquire();
        assertThat(rig.wantedPermits).as("in line once").isEqualTo(1);
        rig.grant();
        assertThat(rig.connecting).hasSize(1);
        rig.connectOk();
        assertThat(second.got).isNotNull();
        rig.discard(first.got);
        assertThat(rig.takenPermits).isEqualTo(2);
        rig.finishCloses();
        assertThat(rig.takenPermits).isEqualTo(2);
        assertThat(rig.connecting).as("the freed permit serves the third").hasSize(1);
        rig.connectFail();
        assertThat(rig.takenPermits).isEqualTo(1);
    }

    @Test
    void givesBackAPermitItHasNoUseForAnyMore() {
        Options options = new Options();
        options.freePermits = 0;
        Rig rig = new Rig(options);
        FakeWaiter waiter = rig.acquire();
        rig.cancel(waiter);

        rig.grant();

        assertThat(rig.takenPermits).isZero();
        assertThat(rig.connecting).isEmpty();
    }

    @Test
    void drainsAndReports() {
        Rig rig = Rig.of(3);
        List<FakeMember> leased = lease(rig, 3);
        rig.release(leased.get(0));
        FakeWaiter refused = null;

        rig.event(nowNanos -> rig.state.close(Duration.ofSeconds(10).toNanos(), nowNanos));
        refused = rig.acquire();
        assertThat(reason(refused)).isEqualTo(Reason.SHUTTING_DOWN);
        assertThat(rig.tryAcquire()).isNull();
        assertThat(rig.closing).containsExactly(leased.get(0));
        rig.finishCloses();
        rig.advance(Duration.ofSeconds(3));
        assertThat(rig.release(leased.get(1))).isEqualTo(End.CLOSING);
        rig.finishCloses();
        assertThat(rig.drained).isNull();
        rig.advance(Duration.ofSeconds(7));
        assertThat(rig.closing).containsExactly(leased.get(2));
        rig.finishCloses();
        assertThat(rig.drained.drained()).isEqualTo(2);
        assertThat(rig.drained.forced()).isEqualTo(1);
        assertThat(rig.drained.elapsed()).isEqualTo(Duration.ofSeconds(10));
        assertThat(rig.release(leased.get(2))).isEqualTo(End.GONE);
        assertThat(rig.takenPermits).isZero();
        assertThat(rig.wakeAt).isNull();
    }

    @Test
    void closesWhatConnectsAfterTheClose() {
        Rig rig = Rig.of(3);
        FakeWaiter waiter = rig.acquire();
        rig.acquire();
        Attempt slow = rig.connecting.peekLast();

        rig.event(nowNanos -> rig.state.close(Duration.ofSeconds(1).toNanos(), nowNanos));
        assertThat(reason(waiter)).isEqualTo(Reason.SHUTTING_DOWN);
        FakeMember inTime = rig.connectOk();
        assertThat(rig.closing).containsExactly(inTime);
        rig.finishCloses();
        assertThat(rig.drained).isNull();
        rig.advance(Duration.ofSeconds(1));
        assertThat(rig.drained).isNotNull();
        FakeMember late = rig.connectOk(slow);
        assertThat(rig.closing).containsExactly(late);
        rig.finishCloses();
        assertThat(rig.takenPermits).isZero();
    }

    @Test
    void shortensTheGraceOfACloseUnderWay() {
        Rig rig = Rig.of(1);
        lease(rig, 1);
        rig.event(nowNanos -> rig.state.close(Duration.ofHours(1).toNanos(), nowNanos));
        rig.event(nowNanos -> rig.state.close(0, nowNanos));

        rig.finishCloses();
        assertThat(rig.drained.forced()).isEqualTo(1);
    }

    @Test
    void countsEachConnectionOnceInASnapshot() {
        Rig rig = Rig.of(4);
        List<FakeMember> leased = lease(rig, 3);
        rig.release(leased.get(0));
        rig.discard(leased.get(1));
        rig.acquire();
        rig.acquire();

        assertThat(rig.in(Entry.LEASED)).isEqualTo(2);
        assertThat(rig.in(Entry.CLOSING)).isEqualTo(1);
        assertThat(rig.state.snapshot().connecting()).isEqualTo(1);
        assertThat(rig.total()).isEqualTo(4);
    }

    @Test
    void forgetsAWarmUpThatWasGivenUp() {
        Rig rig = Rig.of(4);
        Rig.FakeWarmUp four = rig.warmUp(4);
        assertThat(rig.connecting).hasSize(2);

        rig.event(nowNanos -> rig.state.giveUp(four, nowNanos));
        rig.connectOk();
        rig.connectOk();

        assertThat(rig.connecting).isEmpty();
        assertThat(rig.idle()).isEqualTo(2);
        assertThat(four.open).isNull();
    }

    @Test
    void endsAWarmUpWithWhatTheSharedCapLeaves() {
        Options options = new Options();
        options.maxSize = 8;
        options.freePermits = 3;
        Rig rig = new Rig(options);
        Rig.FakeWarmUp five = rig.warmUp(5);
        while (!rig.connecting.isEmpty()) {
            assertThat(five.open).as("while connects are under way").isNull();
            assertThat(rig.wakeAt - rig.now)
                    .as("nothing to do before one of them ends")
                    .isEqualTo(options.connect.toNanos());
            rig.connectOk();
        }
        assertThat(five.open).isEqualTo(3);
        assertThat(five.failure).isNull();
        assertThat(rig.wantedPermits).as("it gets in nobody's way").isZero();
    }

    @Test
    void getsInLineForAWarmUpThatOnlyTheNumberOfConnectsHoldsUp() {
        Options options = new Options();
        options.freePermits = 0;
        options.isCapFull = false;
        Rig rig = new Rig(options);
        Rig.FakeWarmUp one = rig.warmUp(1);
        assertThat(one.open).isNull();
        assertThat(rig.wantedPermits).isEqualTo(1);

        rig.grant();
        rig.connectOk();
        assertThat(one.open).isEqualTo(1);
    }

    @Test
    void checksNothingThatIsGone() {
        Options options = new Options();
        options.validateAfter = Duration.ofMillis(500);
        Rig rig = new Rig(options);
        FakeMember only = lease(rig, 1).get(0);
        rig.release(only);
        only.move(Entry.IDLE, Entry.VALIDATING);

        rig.closed(only);
        rig.needsCheck(only);

        assertThat(rig.checks).isEmpty();
        rig.acquire();
        assertThat(rig.connecting).as("no check to wait for").hasSize(1);
    }

    @Test
    void countsConnectsUnderWayWhenItShrinks() {
        Options options = new Options();
        options.maxSize = 4;
        Rig rig = new Rig(options);
        rig.warmUp(2);
        rig.connectOk();
        rig.connectOk();
        rig.warmUp(4);
        assertThat(rig.connecting).hasSize(2);

        rig.event(nowNanos -> rig.state.resize(0, 3, nowNanos));

        assertThat(rig.closing).hasSize(1);
        rig.finishCloses();
        rig.connectOk();
        rig.connectOk();
        assertThat(rig.total()).isEqualTo(3);
    }

    @Test
    void retiresWhatIsBeingChecked() {
        Options options = new Options();
        options.validateAfter = Duration.ofMillis(500);
        Rig rig = new Rig(options);
        FakeMember only = lease(rig, 1).get(0);
        rig.release(only);
        rig.advance(Duration.ofSeconds(1));
        rig.tryAcquire();
        assertThat(only.phase()).isEqualTo(Entry.VALIDATING);

        rig.event(nowNanos -> rig.state.retire(null, new Exception("failover"), nowNanos));

        assertThat(rig.closing).containsExactly(only);
        rig.check(true);
        assertThat(only.phase()).isEqualTo(Entry.CLOSING);
        rig.finishCloses();
        assertThat(rig.closes).containsExactly(CloseCause.RETIRED);
    }

    @Test
    void endsAWarmUpOnce() {
        Rig rig = Rig.of(2);
        Rig.FakeWarmUp two = rig.warmUp(2);
        rig.connectFail();
        assertThat(two.failure).hasMessage("refused");
        two.failure = null;
        two.open = null;
        rig.advance(Duration.ofMinutes(1));
        while (!rig.connecting.isEmpty()) {
            rig.connectOk();
        }
        assertThat(two.open).isNull();
    }
}
