package io.nettoolkit.pool.internal.state;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.core.Backoff;
import io.nettoolkit.core.RejectedException;
import io.nettoolkit.pool.ConnectionPool.CloseCause;
import io.nettoolkit.pool.ConnectionPool.Timing;
import io.nettoolkit.pool.PoolConfig;
import io.nettoolkit.pool.internal.hit.Entry;
import io.nettoolkit.pool.internal.state.Counts.Of;
import io.nettoolkit.pool.internal.state.Rig.FakeMember;
import io.nettoolkit.pool.internal.state.Rig.FakeWaiter;
import io.nettoolkit.pool.internal.state.Rig.Options;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** What is counted and published, and that the machine asks to be woken after every kind of event. */
class BookkeepingTest {

    private static Timing timing(long count, int sumMillis, int longestMillis) {
        return new Timing(count, Duration.ofMillis(sumMillis), Duration.ofMillis(longestMillis));
    }

    private static FakeMember open(Rig rig) {
        FakeWaiter waiter = rig.acquire();
        if (waiter.got == null) {
            rig.connectOk();
        }
        return waiter.got;
    }

    @Test
    void timesConnectsAndWaits() {
        Rig rig = Rig.of(1);
        FakeWaiter first = rig.acquire();
        rig.advance(Duration.ofMillis(150));
        rig.connectOk();
        FakeWaiter second = rig.acquire();
        rig.advance(Duration.ofMillis(50));
        rig.release(first.got);

        assertThat(second.got).isNotNull();
        assertThat(rig.state.counts().connects()).isEqualTo(timing(1, 150, 150));
        assertThat(rig.state.counts().waits()).isEqualTo(timing(2, 200, 150));
    }

    @Test
    void countsHowThingsEnd() {
        Rig rig = Rig.of(2);
        FakeMember discarded = open(rig);
        FakeMember lost = open(rig);
        rig.discard(discarded);
        rig.finishCloses();
        rig.closed(lost);
        FakeWaiter unlucky = rig.acquire();
        rig.advance(Duration.ofMillis(20));
        rig.connectFail();

        assertThat(unlucky.failure).hasMessageContaining("the last 1 connect failed; next try in PT0.05S: refused");
        assertThat(rig.closes).containsExactly(CloseCause.DISCARDED, CloseCause.LOST);
        assertThat(rig.state.counts().closes()).isEqualTo(Map.of(CloseCause.DISCARDED, 1L, CloseCause.LOST, 1L));
        assertThat(rig.state.snapshot().pastLeases()).isEqualTo(2);
        assertThat(rig.count(Of.CONNECT_FAILURES)).isEqualTo(1);
        assertThat(rig.count(Of.REJECTIONS)).isEqualTo(1);
        assertThat(rig.failedAfter).containsExactly(Duration.ofMillis(20));
    }

    @Test
    void publishesWhatThereIs() {
        Rig rig = Rig.of(2);
        HostState.Snapshot empty = rig.state.snapshot();
        rig.tick();
        assertThat(rig.state.snapshot().members()).isEmpty();
        rig.acquire();
        assertThat(rig.state.snapshot().connecting()).isEqualTo(1);
        FakeMember member = rig.connectOk();
        assertThat(rig.state.snapshot().connecting()).isZero();
        assertThat(rig.state.snapshot().members()).containsExactly(member);
        HostState.Snapshot full = rig.state.snapshot();
        rig.tick();
        assertThat(rig.state.snapshot()).as("nothing changed").isSameAs(full).isNotSameAs(empty);
        rig.event(nowNanos -> rig.state.resize(0, 7, nowNanos));
        assertThat(rig.state.snapshot().maxSize()).isEqualTo(7);
    }

    @Test
    void asksToBeWokenAfterEveryEvent() {
        List<Consumer<Rig>> events = List.of(
                Rig::tick,
                rig -> rig.cancel(rig.acquire()),
                rig -> rig.event(nowNanos -> rig.state.resize(0, 1, nowNanos)),
                rig -> rig.event(nowNanos -> rig.state.retire(null, null, nowNanos)),
                rig -> rig.event(nowNanos -> rig.state.retire(address -> false, null, nowNanos)),
                rig -> rig.event(nowNanos -> rig.state.retire(List.of(), nowNanos)),
                Rig::grant,
                rig -> rig.event(rig.state::resume),
                rig -> rig.warmUp(1),
                rig -> rig.discard(rig.open.get(0)),
                rig -> rig.closed(rig.open.get(0)),
                rig -> rig.event(nowNanos -> rig.state.close(Duration.ofHours(1).toNanos(), nowNanos)));
        for (int i = 0; i < events.size(); i++) {
            Rig rig = Rig.of(1);
            open(rig);
            rig.acquire(Duration.ofHours(1));
            rig.wakeAt = null;
            rig.now++;

            events.get(i).accept(rig);

            assertThat(rig.wakeAt).as("event %s", i).isNotNull();
        }
    }

    @Test
    void asksToBeWokenForAConnectAndACheckThatMayNotEnd() {
        Options options = new Options();
        options.maxSize = 1;
        options.validateAfter = Duration.ofMillis(500);
        Rig rig = new Rig(options);
        FakeWaiter waiter = rig.acquire(Duration.ofHours(1));
        assertThat(rig.wakeAt).isEqualTo(rig.now + Duration.ofSeconds(15).toNanos());
        rig.connectOk();
        rig.release(waiter.got);
        rig.advance(Duration.ofSeconds(1));

        assertThat(rig.tryAcquire()).isNull();
        assertThat(rig.wakeAt).isEqualTo(rig.now + Duration.ofSeconds(1).toNanos());
        rig.check(true);
        assertThat(rig.idle()).isEqualTo(1);
    }

    @Test
    void retiresWhatWasChosen() {
        Rig rig = Rig.of(3);
        FakeMember leased = open(rig);
        FakeMember idle = open(rig);
        FakeMember other = open(rig);
        rig.release(idle);
        rig.release(other);

        rig.event(nowNanos -> rig.state.retire(List.of(leased, idle), nowNanos));

        assertThat(leased.phase()).isEqualTo(Entry.RETIRING);
        assertThat(rig.closing).containsExactly(idle);
        assertThat(other.phase()).isEqualTo(Entry.IDLE);
    }

    @Test
    void forgetsTheCheckOfAConnectionThatEnds() {
        Options options = new Options();
        options.maxSize = 2;
        options.validateAfter = Duration.ofMillis(500);
        Rig rig = new Rig(options);
        FakeMember member = open(rig);
        rig.release(member);
        rig.advance(Duration.ofSeconds(1));
        rig.acquire(Duration.ofHours(1));
        assertThat(rig.connecting).isEmpty();

        rig.closed(member);

        assertThat(rig.connecting).as("the check serves nobody any more").hasSize(1);
        rig.check(true);
        assertThat(rig.idle()).isZero();
    }

    @Test
    void refusesAWarmUpOfAClosedPool() {
        Rig rig = Rig.of(1);
        rig.event(nowNanos -> rig.state.close(0, nowNanos));
        assertThat(rig.warmUp(1).failure).isInstanceOf(RejectedException.class);
        assertThat(rig.drained.elapsed()).isZero();
    }

    @Test
    void endsAWarmUpWithTheClose() {
        Rig rig = Rig.of(2);
        Rig.FakeWarmUp warmUp = rig.warmUp(2);
        rig.event(nowNanos -> rig.state.close(0, nowNanos));
        assertThat(warmUp.failure).isInstanceOf(RejectedException.class);
        assertThat(rig.abandoned).hasSize(2);
        assertThat(rig.takenPermits).isZero();
        assertThat(rig.tryAcquire()).isNull();
    }

    @Test
    void takesItsRulesFromTheConfiguration() {
        PoolConfig config = PoolConfig.builder()
                .maxPending(7)
                .maxConnecting(6)
                .connectsPerSecond(5)
                .connectBackoff(Backoff.fixed(Duration.ofSeconds(4)))
                .connectTimeout(Duration.ofNanos(3))
                .idleTimeout(Duration.ofNanos(2))
                .maxLifetime(Duration.ofNanos(1))
                .probeInterval(Duration.ofNanos(8))
                .validationTimeout(Duration.ofNanos(9))
                .build();
        Backoff backoff = Backoff.fixed(Duration.ofSeconds(4));
        assertThat(Rules.of("name", config, true, 10))
                .isEqualTo(new Rules("name", 7, 6, 5, backoff, 3, 2, 1, 8, 9, true, 10));
        assertThat(Rules.of("name", config, false, 10).probeNanos()).isZero();
    }

    @Test
    void tellsForWhomAConnectProbablyIs() {
        Rig rig = Rig.of(4);
        FakeWaiter first = rig.acquire();
        FakeWaiter second = rig.acquire();
        assertThat(rig.forWhom).containsExactly(first, second);
    }

    @Test
    void countsAConnectionInACheckAsForTheFirstWaiter() {
        Options options = new Options();
        options.maxSize = 4;
        options.validateAfter = Duration.ofMillis(500);
        Rig rig = new Rig(options);
        FakeMember only = open(rig);
        rig.release(only);
        rig.advance(Duration.ofSeconds(1));
        FakeWaiter first = rig.acquire();
        FakeWaiter second = rig.acquire();

        assertThat(rig.checks).hasSize(1);
        assertThat(rig.forWhom).endsWith(second).doesNotContain(first);
        rig.check(true);
        assertThat(first.got).isSameAs(only);
    }

    @Test
    void findsAConnectionAgainThatWasLookedForDuringItsCheck() {
        Options options = new Options();
        options.validateAfter = Duration.ofMillis(500);
        Rig rig = new Rig(options);
        FakeMember only = open(rig);
        rig.release(only);
        rig.advance(Duration.ofSeconds(1));
        assertThat(rig.tryAcquire()).as("to be checked").isNull();
        assertThat(rig.tryAcquire()).as("being checked").isNull();

        rig.check(true);

        assertThat(rig.tryAcquire()).isSameAs(only);
    }

    @Test
    void usesThePlacesOfConnectionsThatAreGone() {
        Rig rig = Rig.of(1);
        for (int i = 0; i < 200; i++) {
            FakeMember only = open(rig);
            assertThat(only.index()).isZero();
            rig.discard(only);
            rig.finishCloses();
        }
        assertThat(rig.state.snapshot().pastLeases()).isEqualTo(200);
        assertThat(rig.state.snapshot().members()).isEmpty();
    }

    @Test
    void closesOnceWhatLeavesTwice() {
        Rig rig = Rig.of(2);
        FakeMember leaving = open(rig);
        rig.discard(leaving);
        rig.event(nowNanos -> rig.state.leaving(leaving, CloseCause.UNWANTED, null, nowNanos));

        assertThat(leaving.closeEffects).isEqualTo(1);
        rig.finishCloses();
        assertThat(rig.closes).as("the first reason counts").containsExactly(CloseCause.DISCARDED);
    }

    @Test
    void tellsInTheMessageOfATimeoutWhatEndsWithItsLease() {
        Options options = new Options();
        options.maxSize = 3;
        Rig rig = new Rig(options);
        FakeMember used = open(rig);
        FakeMember ending = open(rig);
        rig.event(nowNanos -> rig.state.retire(List.of(ending), nowNanos));
        FakeWaiter late = rig.acquire(Duration.ofSeconds(1));
        rig.connectFail();
        rig.advance(Duration.ofSeconds(1));

        assertThat(used.phase()).isEqualTo(Entry.LEASED);
        assertThat(late.failure)
                .hasMessageContaining("2 of 3 are open (2 in use, 0 idle, 0 in a check, 0 closing)")
                .hasMessageContaining("1 callers wait; the last connect failed, see the cause")
                .hasRootCauseMessage("refused");
    }

    @Test
    void knowsWhoWaitsSinceAndUntilWhen() {
        Rig rig = Rig.of(1);
        FakeWaiter waiter = rig.acquire(Duration.ofSeconds(3));
        assertThat(waiter.sinceNanos()).isEqualTo(rig.now);
        assertThat(waiter.deadlineNanos())
                .isEqualTo(rig.now + Duration.ofSeconds(3).toNanos());
        assertThat(rig.connecting.peek().beganNanos()).isEqualTo(rig.now);
    }
}
