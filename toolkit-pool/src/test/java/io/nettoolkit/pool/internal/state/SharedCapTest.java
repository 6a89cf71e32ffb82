package io.nettoolkit.pool.internal.state;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.pool.ConnectionPool.CloseCause;
import io.nettoolkit.pool.internal.hit.Entry;
import io.nettoolkit.pool.internal.state.Rig.FakeMember;
import io.nettoolkit.pool.internal.state.Rig.FakeWaiter;
import io.nettoolkit.pool.internal.state.Rig.Options;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a host gives up for others, and what it keeps. */
class SharedCapTest {

    private final Options options = new Options();

    private Rig idle(int count) {
        options.maxSize = Math.max(count, options.maxSize);
        Rig rig = new Rig(options);
        rig.warmUp(count);
        while (!rig.connecting.isEmpty()) {
            rig.connectOk();
        }
        assertThat(rig.idle()).isEqualTo(count);
        return rig;
    }

    @Test
    void givesUpIdleConnectionsDownToItsMinimum() {
        options.minIdle = 1;
        Rig rig = idle(4);
        rig.wantedByOthers = 9;

        rig.tick();

        assertThat(rig.closing).hasSize(3);
        assertThat(rig.idle()).isEqualTo(1);
        assertThat(rig.askedForOthers).isEqualTo(3);
        rig.finishCloses();
        assertThat(rig.closes).containsOnly(CloseCause.EVICTED).hasSize(3);
        assertThat(rig.takenPermits).isEqualTo(1);
    }

    @Test
    void givesUpNoMoreThanOthersWant() {
        Rig rig = idle(4);
        rig.wantedByOthers = 1;

        rig.tick();

        assertThat(rig.closing).containsExactly(rig.open.get(3));
        assertThat(rig.askedForOthers).isEqualTo(1);
        rig.tick();
        assertThat(rig.closing).hasSize(1);
    }

    @Test
    void givesUpItsMinimumWhereTheCapIsLowerThanWhatThereIs() {
        options.minIdle = 4;
        Rig rig = idle(4);
        rig.freePermits = 0;
        rig.wantedByOthers = 3;
        rig.isCapExceeded = true;
        rig.meanwhile = () -> rig.isCapExceeded = rig.wantedByOthers > 1;

        rig.tick();

        assertThat(rig.closing).as("until the cap is kept").hasSize(2);
        assertThat(rig.idle()).isEqualTo(2);
    }

    @Test
    void keepsWhatIsInUse() {
        Rig rig = idle(2);
        FakeMember used = rig.tryAcquire();
        rig.wantedByOthers = 9;

        rig.tick();
        assertThat(rig.closing).hasSize(1).doesNotContain(used);
        assertThat(rig.askedForOthers).isEqualTo(1);
        rig.release(used);
        rig.tick();
        assertThat(rig.closing).hasSize(2);
    }

    @Test
    void servesItsOwnCallersWhereOthersNeedNotBeServedFirst() {
        options.maxSize = 1;
        Rig rig = idle(1);
        FakeMember only = rig.tryAcquire();
        FakeWaiter waiter = rig.acquire();
        rig.wantedByOthers = 1;

        rig.release(only);

        assertThat(waiter.got).isSameAs(only);
        assertThat(rig.closing).isEmpty();
        assertThat(rig.askedForOthers).isEqualTo(1);
    }

    @Test
    void givesUpWhatItsOwnCallersWaitForWhereItHasToo() {
        options.maxSize = 1;
        options.minIdle = 1;
        Rig rig = idle(1);
        FakeMember only = rig.tryAcquire();
        FakeWaiter waiter = rig.acquire();
        rig.freePermits = 0;
        rig.wantedByOthers = 1;
        rig.isCapExceeded = true;

        rig.release(only);

        assertThat(waiter.got).isNull();
        assertThat(rig.closing).containsExactly(only);
    }

    @Test
    void saysSoWhereSomebodyWasFasterThanTheCap() {
        Rig rig = idle(1);
        List<FakeMember> taken = new ArrayList<>();
        rig.wantedByOthers = 1;
        rig.meanwhile = () -> taken.add(rig.tryAcquire());

        rig.tick();

        assertThat(taken).doesNotContainNull().hasSize(1);
        assertThat(rig.keptFromOthers).isEqualTo(1);
        assertThat(rig.closing).isEmpty();
        assertThat(taken.get(0).phase()).isEqualTo(Entry.LEASED);
    }

    @Test
    void leavesTheLineForAPermitWhenNobodyWaitsAnyMore() {
        options.freePermits = 0;
        Rig rig = new Rig(options);
        FakeWaiter first = rig.acquire();
        FakeWaiter second = rig.acquire();
        assertThat(rig.wantedPermits).isEqualTo(1);
        rig.cancel(first);
        rig.cancel(second);

        FakeWaiter third = rig.acquire();

        assertThat(rig.wantedPermits).as("in line once more").isEqualTo(2);
        rig.grant();
        rig.connectOk();
        assertThat(third.got).isNotNull();
    }

    @Test
    void balancesItsConnectsHoweverTheyEnd() {
        options.maxSize = 8;
        Rig rig = new Rig(options);
        for (int i = 0; i < 4; i++) {
            rig.acquire();
        }
        assertThat(rig.connectsOut).isEqualTo(rig.connecting.size()).isEqualTo(2);
        rig.connectOk();
        assertThat(rig.connectsOut).isEqualTo(rig.connecting.size());
        rig.connectFail();
        assertThat(rig.connectsOut).isEqualTo(rig.connecting.size());
        rig.advance(options.connect.plusSeconds(1));
        assertThat(rig.abandoned).isNotEmpty();
        assertThat(rig.connectsOut).isEqualTo(rig.connecting.size());
        rig.acquire();
        rig.event(nowNanos -> rig.state.close(0, nowNanos));
        rig.finishCloses();
        assertThat(rig.connectsOut).isZero();
        assertThat(rig.drained).isNotNull();
        assertThat(rig.takenPermits).isZero();
    }

    @Test
    void endsTheConnectOfAPermitItHasNoUseFor() {
        options.freePermits = 0;
        Rig rig = new Rig(options);
        FakeWaiter waiter = rig.acquire();
        rig.cancel(waiter);
        rig.grant();
        assertThat(rig.connectsOut).isZero();
    }
}
