package io.nettoolkit.pool.internal.state;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.core.NetException;
import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.core.RejectedException;
import io.nettoolkit.core.RejectedException.Reason;
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
import org.junit.jupiter.api.Test;

/** Waiting, connecting and giving up, one rule at a time. */
class HostStateTest {

    private static Reason reason(FakeWaiter waiter) {
        return ((RejectedException) waiter.failure).reason();
    }

    private static Kind kind(FakeWaiter waiter) {
        return ((NetException) waiter.failure).kind();
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
    void opensAConnectionForWhoWaits() {
        Rig rig = Rig.of(2);

        FakeWaiter waiter = rig.acquire();

        assertThat(rig.connecting).hasSize(1);
        assertThat(rig.forWhom).containsExactly(waiter);
        assertThat(rig.connectOk()).isSameAs(waiter.got);
        assertThat(waiter.generation).isEqualTo(1);
    }

    @Test
    void handsAReturnedConnectionToWhoHasWaitedLongest() {
        Rig rig = Rig.of(1);
        FakeMember only = lease(rig, 1).get(0);
        FakeWaiter first = rig.acquire();
        FakeWaiter second = rig.acquire();

        assertThat(rig.release(only)).isEqualTo(End.IDLE);
        assertThat(first.got).isSameAs(only);
        assertThat(second.got).isNull();
        rig.release(only);
        assertThat(second.got).isSameAs(only);
    }

    @Test
    void letsNobodyPastThoseWhoWait() {
        Rig rig = Rig.of(1);
        FakeMember only = lease(rig, 1).get(0);
        rig.acquire();
        rig.swapToIdle(only, only.generation());
        rig.shelf.offer(only);

        assertThat(rig.tryAcquire()).isNull();
    }

    @Test
    void letsOthersPastWhenBargingIsAllowed() {
        Options options = new Options();
        options.maxSize = 1;
        options.fair = false;
        Rig rig = new Rig(options);
        FakeMember only = lease(rig, 1).get(0);
        FakeWaiter waiter = rig.acquire();
        End end = rig.swapToIdle(only, only.generation());
        rig.shelf.offer(only);

        assertThat(rig.tryAcquire()).isSameAs(only);
        rig.finishRelease(only, end);
        assertThat(waiter.got).isNull();
        rig.release(only);
        assertThat(waiter.got).isSameAs(only);
    }

    @Test
    void givesWhatACancelledWaiterWouldHaveHadToTheNext() {
        Rig rig = Rig.of(1);
        FakeMember only = lease(rig, 1).get(0);
        FakeWaiter first = rig.acquire();
        FakeWaiter second = rig.acquire();

        rig.cancel(first);
        rig.release(only);

        assertThat(first.got).isNull();
        assertThat(second.got).isSameAs(only);
        assertThat(rig.count(Of.CANCELS)).isEqualTo(1);
    }

    @Test
    void passesOnADeliveryThatMeetsACancel() {
        Rig rig = Rig.of(1);
        FakeMember only = lease(rig, 1).get(0);
        FakeWaiter first = rig.acquire();
        FakeWaiter second = rig.acquire();
        first.gaveUp = true;

        rig.release(only);

        assertThat(rig.bounced).isEqualTo(1);
        assertThat(second.got).isSameAs(only);
    }

    @Test
    void endsAWaitAtItsDeadlineAndTellsWhatTheConnectionsWereDoing() {
        Rig rig = Rig.of(1);
        lease(rig, 1);
        FakeWaiter late = rig.acquire(Duration.ofSeconds(2));
        FakeWaiter later = rig.acquire(Duration.ofSeconds(3));
        FakeWaiter first = rig.acquire(Duration.ofSeconds(1));

        rig.advance(Duration.ofNanos(999_999_999));
        assertThat(first.failure).isNull();
        rig.advance(Duration.ofNanos(1));
        assertThat(kind(first)).isEqualTo(Kind.ACQUIRE_TIMEOUT);
        assertThat(first.failure)
                .hasMessageContaining("after 1.00 s")
                .hasMessageContaining("1 of 1 are open (1 in use, 0 idle")
                .hasMessageContaining("3 callers wait");
        rig.advance(Duration.ofSeconds(1));
        assertThat(rig.failed).containsExactly(first, late);
        rig.advance(Duration.ofSeconds(1));
        assertThat(rig.failed).containsExactly(first, late, later);
        assertThat(rig.count(Of.TIMEOUTS)).isEqualTo(3);
    }

    @Test
    void refusesWhoWouldWaitBehindTooMany() {
        Options options = new Options();
        options.maxSize = 1;
        options.maxPending = 2;
        Rig rig = new Rig(options);
        lease(rig, 1);
        FakeWaiter first = rig.acquire();
        rig.acquire();

        FakeWaiter third = rig.acquire();

        assertThat(reason(third)).isEqualTo(Reason.PENDING_LIMIT);
        rig.cancel(first);
        assertThat(rig.acquire().failure).isNull();
    }

    @Test
    void neverOpensMoreThanTheMaximum() {
        Rig rig = Rig.of(3);
        IntStream.range(0, 8).forEach(i -> rig.acquire());
        for (int i = 0; i < 3; i++) {
            rig.connectOk();
        }

        assertThat(rig.connecting).isEmpty();
        assertThat(rig.total()).isEqualTo(3);
    }

    @Test
    void holdsThePlaceOfAConnectionUntilItsChannelIsClosed() {
        Rig rig = Rig.of(1);
        FakeMember only = lease(rig, 1).get(0);
        FakeWaiter waiter = rig.acquire();

        rig.discard(only);
        assertThat(rig.connecting).isEmpty();
        rig.finishCloses();
        assertThat(rig.connecting).hasSize(1);
        rig.connectOk();
        assertThat(waiter.got).isNotNull();
    }

    @Test
    void beginsWithTwoConnectsAndGoesFurtherWhileManyWaitInSpiteOfThem() {
        Options options = new Options();
        options.maxSize = 100;
        options.maxPending = 100;
        Rig rig = new Rig(options);
        IntStream.range(0, 60).forEach(i -> rig.acquire());

        assertThat(rig.connecting).hasSize(2);
        rig.connectOk();
        assertThat(rig.connecting).hasSize(4);
        rig.connectOk();
        assertThat(rig.connecting).hasSize(8);
        rig.connectOk();
        assertThat(rig.connecting).hasSize(8);
        while (!rig.connecting.isEmpty()) {
            rig.connectOk();
        }
        assertThat(rig.total()).isEqualTo(60);
        IntStream.range(0, 9).forEach(i -> rig.acquire());
        assertThat(rig.connecting).hasSize(2);
    }

    @Test
    void opensNoMoreConnectionsThanWaiters() {
        Rig rig = Rig.of(8);
        rig.acquire();
        assertThat(rig.connecting).hasSize(1);
        rig.acquire();
        assertThat(rig.connecting).hasSize(2);
    }

    @Test
    void spreadsConnectsOverTime() {
        Options options = new Options();
        options.maxSize = 100;
        options.maxPending = 100;
        options.connectsPerSecond = 10;
        Rig rig = new Rig(options);
        IntStream.range(0, 60).forEach(i -> rig.acquire(Duration.ofHours(1)));
        int begun = 0;

        for (int tenth = 0; tenth < 20; tenth++) {
            while (!rig.connecting.isEmpty()) {
                rig.connectOk();
                begun++;
            }
            rig.advance(Duration.ofMillis(100));
        }

        assertThat(begun).isBetween(19, 21);
    }

    @Test
    void freesThePlaceOfAStuckConnectAtItsDeadline() {
        Options options = new Options();
        options.maxSize = 1;
        options.connect = Duration.ofSeconds(1);
        Rig rig = new Rig(options);
        FakeWaiter waiter = rig.acquire();
        Attempt stuck = rig.connecting.peek();

        rig.advance(Duration.ofSeconds(1));

        assertThat(rig.abandoned).containsExactly(stuck);
        assertThat(kind(waiter)).isEqualTo(Kind.CONNECT_TIMEOUT);
        assertThat(rig.takenPermits).isZero();
        FakeWaiter next = rig.acquire();
        rig.advance(Duration.ofMillis(50));
        FakeMember late = rig.connectOk(stuck);
        assertThat(rig.closing).containsExactly(late);
        rig.finishCloses();
        assertThat(rig.closes).containsExactly(CloseCause.UNWANTED);
        assertThat(next.failure).isNull();
        rig.connectOk();
        assertThat(next.got).isNotNull();
        assertThat(rig.takenPermits).isEqualTo(1);
    }

    @Test
    void failsTheOldestWaiterWithAFailedConnectWhileNothingIsOpen() {
        Rig rig = Rig.of(4);
        FakeWaiter first = rig.acquire();
        FakeWaiter second = rig.acquire();
        FakeWaiter third = rig.acquire();

        rig.connectFail();
        assertThat(first.failure).hasRootCauseMessage("refused");
        assertThat(second.failure).isNull();
        rig.connectFail();
        assertThat(second.failure).isNotNull();
        assertThat(rig.connecting).isEmpty();
        rig.advance(Duration.ofMillis(50));
        rig.connectOk();
        assertThat(third.got).isNotNull();
    }

    @Test
    void keepsWaitersWhenAConnectFailsWhileConnectionsAreOpen() {
        Rig rig = Rig.of(4);
        FakeMember open = lease(rig, 1).get(0);
        List<FakeWaiter> waiters =
                Stream.generate(() -> rig.acquire(Duration.ofHours(1))).limit(3).toList();

        for (int i = 0; i < 5; i++) {
            rig.connectFail();
            rig.advance(Duration.ofSeconds(1));
            while (rig.connecting.size() > 1) {
                rig.connectFail();
            }
        }

        assertThat(rig.failed).doesNotContain(waiters.get(0));
        assertThat(rig.health).isEmpty();
        rig.release(open);
        assertThat(waiters.get(0).got).isSameAs(open);
    }

    @Test
    void failsEverybodyAtOnceWhenTheHostIsDownAndOthersFast() {
        Rig rig = Rig.of(4);
        List<FakeWaiter> waiters =
                Stream.generate(() -> rig.acquire(Duration.ofHours(1))).limit(8).toList();

        rig.connectFail();
        rig.connectFail();
        rig.advance(Duration.ofMillis(50));
        assertThat(rig.connecting).as("one at a time after a failure").hasSize(1);
        assertThat(rig.failed).hasSize(2);
        rig.connectFail();

        assertThat(rig.failed).containsExactlyElementsOf(waiters);
        assertThat(rig.health).containsExactly("down");
        FakeWaiter refused = rig.acquire();
        assertThat(refused.failure).hasMessageContaining("3 connects failed").hasRootCauseMessage("refused");
        assertThat(rig.connecting).isEmpty();
    }

    private static Rig down() {
        Rig rig = Rig.of(4);
        for (int i = 0; i < 3; i++) {
            rig.acquire();
            rig.connectFail();
            rig.advance(Duration.ofMillis(50));
        }
        assertThat(rig.health).containsExactly("down");
        return rig;
    }

    @Test
    void findsOutInTheBackgroundWhetherAHostIsUpAgainIfSomebodyAsked() {
        Rig rig = Rig.of(4);
        for (int i = 0; i < 2; i++) {
            rig.acquire();
            rig.connectFail();
            rig.advance(Duration.ofMillis(50));
        }
        rig.acquire();
        rig.connectFail();
        FakeWaiter refused = rig.acquire();
        assertThat(refused.failure).isNotNull();
        assertThat(rig.connecting).isEmpty();

        rig.advance(Duration.ofMillis(50));
        assertThat(rig.connecting).as("a probe").hasSize(1);
        rig.connectFail();
        rig.advance(Duration.ofMinutes(1));
        assertThat(rig.connecting).as("nobody asked since").isEmpty();
    }

    @Test
    void fillsGraduallyAfterTheHostWasDown() {
        Rig rig = down();
        List<FakeWaiter> waiters = Stream.generate(rig::acquire).limit(4).toList();

        assertThat(rig.connecting).hasSize(1);
        rig.connectOk();
        assertThat(rig.health).containsExactly("down", "up");
        assertThat(rig.connecting).hasSize(1);
        rig.connectOk();
        assertThat(rig.connecting).hasSize(2);
        rig.connectOk();
        rig.connectOk();
        assertThat(waiters).allMatch(waiter -> waiter.got != null);
    }

    @Test
    void letsWhoComesWhileAProbeIsUnderWayWaitForIt() {
        Rig rig = down();
        FakeWaiter first = rig.acquire();
        FakeWaiter second = rig.acquire();
        assertThat(second.failure).isNull();

        rig.connectFail();

        assertThat(first.failure).isNotNull();
        assertThat(second.failure).isNotNull();
    }

    @Test
    void noticesAConnectionThatIsLostInUseAndLetsItsLeaseEndOnce() {
        Rig rig = Rig.of(1);
        FakeMember lost = lease(rig, 1).get(0);
        FakeWaiter waiter = rig.acquire();

        rig.closed(lost);
        assertThat(rig.connecting).hasSize(1);
        assertThat(rig.release(lost)).isEqualTo(End.GONE);
        assertThat(rig.release(lost)).isEqualTo(End.STALE);
        rig.connectOk();
        assertThat(waiter.got).isNotSameAs(lost);
        assertThat(rig.closes).containsExactly(CloseCause.LOST);
    }

    @Test
    void handsOutNoConnectionThatIsClosedAlready() {
        Rig rig = Rig.of(2);
        List<FakeMember> leased = lease(rig, 2);
        leased.forEach(rig::release);
        leased.get(0).active = false;
        leased.get(1).active = false;

        assertThat(rig.tryAcquire()).isNull();
        leased.forEach(rig::closed);
        FakeWaiter waiter = rig.acquire();
        assertThat(waiter.got).isNull();
        assertThat(rig.connecting).hasSize(1);
    }

    @Test
    void servesWaitersWithActiveConnectionsOnly() {
        Rig rig = Rig.of(2);
        List<FakeMember> leased = lease(rig, 2);
        FakeWaiter waiter = rig.acquire();
        leased.get(0).active = false;

        rig.release(leased.get(0));
        assertThat(waiter.got).isNull();
        rig.release(leased.get(1));
        assertThat(waiter.got).isSameAs(leased.get(1));
    }
}
