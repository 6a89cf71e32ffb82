package io.nettoolkit.pool.internal.state;

import static org.assertj.core.api.Assertions.assertThat;

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

/** Idle time, life time, checks and the minimum of idle connections. */
class AgesTest {

    private final Options options = new Options();

    private Rig open(int connections) {
        options.maxSize = Math.max(options.maxSize, connections);
        Rig rig = new Rig(options);
        rig.warmUp(connections);
        while (!rig.connecting.isEmpty()) {
            rig.connectOk();
        }
        assertThat(rig.idle()).isEqualTo(connections);
        return rig;
    }

    /** Answers connects at once while time passes. */
    private static void live(Rig rig, Duration duration) {
        for (long left = duration.toMillis(); left > 0; left -= 100) {
            rig.advance(Duration.ofMillis(100));
            rig.finishCloses();
            while (!rig.connecting.isEmpty()) {
                rig.connectOk();
            }
        }
    }

    @Test
    void closesAConnectionThatWasIdleForTooLong() {
        options.idle = Duration.ofSeconds(55);
        Rig rig = open(2);
        rig.advance(Duration.ofSeconds(30));
        FakeMember used = rig.tryAcquire();
        rig.advance(Duration.ofSeconds(1));
        rig.release(used);

        rig.advance(Duration.ofMillis(23_999));
        assertThat(rig.closing).isEmpty();
        rig.advance(Duration.ofMillis(1));
        assertThat(rig.closing).hasSize(1).doesNotContain(used);
        rig.finishCloses();
        rig.advance(Duration.ofSeconds(32));
        assertThat(rig.closing).containsExactly(used);
        rig.finishCloses();
        assertThat(rig.closes).containsOnly(CloseCause.IDLE_TIMEOUT);
        assertThat(rig.wakeAt).as("an empty pool sleeps").isNull();
    }

    @Test
    void doesNotTimeOutAConnectionInUse() {
        options.idle = Duration.ofSeconds(55);
        Rig rig = open(1);
        FakeMember used = rig.tryAcquire();

        rig.advance(Duration.ofMinutes(10));

        assertThat(rig.closing).isEmpty();
        rig.release(used);
        rig.advance(Duration.ofMinutes(2));
        assertThat(rig.closing).containsExactly(used);
    }

    @Test
    void keepsTheMinimumIdle() {
        options.idle = Duration.ofSeconds(1);
        options.minIdle = 2;
        Rig rig = open(4);

        live(rig, Duration.ofSeconds(10));

        assertThat(rig.idle()).isEqualTo(2);
        FakeMember used = rig.tryAcquire();
        live(rig, Duration.ofSeconds(2));
        assertThat(rig.idle()).as("made up for what is in use").isEqualTo(2);
        rig.release(used);
        live(rig, Duration.ofSeconds(10));
        assertThat(rig.total()).isEqualTo(2);
    }

    @Test
    void opensTheMinimumByItself() {
        options.minIdle = 2;
        options.maxSize = 4;
        Rig rig = new Rig(options);
        rig.tick();

        assertThat(rig.connecting).hasSize(2);
        rig.connectOk();
        rig.connectOk();
        assertThat(rig.connecting).isEmpty();
    }

    @Test
    void endsAnIdleConnectionThatIsOldEnoughWithSomeJitter() {
        options.lifetime = Duration.ofSeconds(100);
        Rig rig = open(20);

        rig.advance(Duration.ofSeconds(89));
        assertThat(rig.closing).isEmpty();
        int before = 0;
        for (int second = 0; second < 11; second++) {
            rig.advance(Duration.ofSeconds(1));
            before += rig.closing.size();
        }
        rig.advance(Duration.ofSeconds(40));
        assertThat(before).as("spread over the last tenth").isPositive();
        rig.finishCloses();
        assertThat(rig.total()).isZero();
        assertThat(rig.closes).containsOnly(CloseCause.LIFETIME).hasSize(20);
    }

    @Test
    void endsOneInTwentyPerSecondAtMost() {
        options.lifetime = Duration.ofMillis(10);
        Rig rig = open(40);
        rig.advance(Duration.ofMillis(10));
        assertThat(rig.closing).hasSizeBetween(1, 2);
        rig.advance(Duration.ofSeconds(5));
        assertThat(rig.closing).hasSizeBetween(8, 14);
    }

    @Test
    void endsAnOldConnectionInUseWhenItIsReleased() {
        options.lifetime = Duration.ofSeconds(10);
        Rig rig = open(1);
        FakeMember used = rig.tryAcquire();

        rig.advance(Duration.ofSeconds(20));
        assertThat(rig.closing).isEmpty();
        assertThat(rig.release(used)).isEqualTo(End.CLOSING);
        rig.finishCloses();
        assertThat(rig.closes).containsExactly(CloseCause.LIFETIME);
    }

    @Test
    void opensTheReplacementBeforeItEndsAnOldOneOfTheMinimum() {
        options.lifetime = Duration.ofSeconds(10);
        options.minIdle = 1;
        options.maxSize = 2;
        Rig rig = open(1);

        rig.advance(Duration.ofSeconds(10));
        assertThat(rig.closing).isEmpty();
        assertThat(rig.connecting).hasSize(1);
        rig.connectOk();
        assertThat(rig.closing).hasSize(1);
        rig.finishCloses();
        assertThat(rig.idle()).isEqualTo(1);
        assertThat(rig.connecting).isEmpty();
    }

    @Test
    void endsAnOldOneFirstWhereThereIsNoRoomForItsReplacement() {
        options.lifetime = Duration.ofSeconds(10);
        options.minIdle = 1;
        options.maxSize = 1;
        Rig rig = open(1);

        rig.advance(Duration.ofSeconds(10));
        assertThat(rig.closing).hasSize(1);
        rig.finishCloses();
        assertThat(rig.connecting).hasSize(1);
    }

    @Test
    void hasAConnectionCheckedThatWasIdleForLongBeforeSomebodyGetsIt() {
        options.validateAfter = Duration.ofMillis(500);
        Rig rig = open(1);
        rig.advance(Duration.ofMillis(501));

        FakeWaiter waiter = rig.acquire();
        assertThat(waiter.got).isNull();
        assertThat(rig.checks).hasSize(1);
        assertThat(rig.connecting).as("the check may serve the waiter").isEmpty();
        rig.check(true);
        assertThat(waiter.got).isNotNull();
    }

    @Test
    void replacesAConnectionThatFailsItsCheck() {
        options.validateAfter = Duration.ofMillis(500);
        Rig rig = open(1);
        rig.advance(Duration.ofSeconds(1));
        FakeWaiter waiter = rig.acquire();

        rig.check(false);
        rig.finishCloses();
        assertThat(rig.closes).containsExactly(CloseCause.UNHEALTHY);
        rig.connectOk();
        assertThat(waiter.got).isNotNull();
    }

    @Test
    void treatsACheckWithoutAnAnswerAsFailed() {
        options.validateAfter = Duration.ofMillis(500);
        Rig rig = open(1);
        rig.advance(Duration.ofSeconds(1));
        FakeWaiter waiter = rig.acquire();

        rig.advance(Duration.ofSeconds(1));

        assertThat(rig.closing).hasSize(1);
        rig.check(true);
        assertThat(waiter.got).as("a late answer").isNull();
        rig.finishCloses();
        rig.connectOk();
        assertThat(waiter.got).isNotNull();
    }

    @Test
    void passesOverWhatNeedsACheckAndHasItChecked() {
        options.validateAfter = Duration.ofMillis(500);
        Rig rig = open(1);
        rig.advance(Duration.ofSeconds(1));

        assertThat(rig.tryAcquire()).isNull();
        assertThat(rig.in(Entry.VALIDATING)).isEqualTo(1);
        rig.check(true);
        assertThat(rig.tryAcquire()).isNotNull();
    }

    @Test
    void prefersAConnectionThatNeedsNoCheck() {
        options.validateAfter = Duration.ofMillis(500);
        Rig rig = open(2);
        List<FakeMember> both = new ArrayList<>(List.of(rig.tryAcquire(), rig.tryAcquire()));
        rig.release(both.get(0));
        rig.advance(Duration.ofSeconds(1));
        rig.release(both.get(1));

        FakeWaiter waiter = rig.acquire();
        assertThat(waiter.got).isSameAs(both.get(1));
        assertThat(rig.checks).isEmpty();
    }

    @Test
    void checksIdleConnectionsInTheBackground() {
        options.validateAfter = Duration.ofMillis(500);
        options.probe = Duration.ofSeconds(30);
        options.idle = Duration.ofSeconds(70);
        Rig rig = open(1);

        rig.advance(Duration.ofSeconds(30));
        assertThat(rig.checks).hasSize(1);
        rig.check(true);
        rig.advance(Duration.ofMillis(29_900));
        assertThat(rig.checks).isEmpty();
        rig.advance(Duration.ofMillis(100));
        assertThat(rig.checks).hasSize(1);
        rig.check(true);
        rig.advance(Duration.ofSeconds(15));
        assertThat(rig.closing).as("a check is no use").hasSize(1);
    }

    @Test
    void endsOneInTwentyOfThoseInUsePerSecondAtMost() {
        options.lifetime = Duration.ofMillis(10);
        Rig rig = open(40);
        for (int i = 0; i < 40; i++) {
            rig.tryAcquire();
        }
        assertThat(rig.in(Entry.LEASED)).isEqualTo(40);

        rig.advance(Duration.ofMillis(10));
        assertThat(rig.in(Entry.RETIRING)).isBetween(1, 2);
        rig.advance(Duration.ofSeconds(5));
        assertThat(rig.in(Entry.RETIRING)).isBetween(8, 14);
        rig.advance(Duration.ofSeconds(20));
        assertThat(rig.in(Entry.RETIRING)).isEqualTo(40);
    }

    @Test
    void hasNothingToBeWokenForWithoutRules() {
        Rig rig = open(2);
        assertThat(rig.wakeAt).isNull();
        rig.tryAcquire();
        rig.tick();
        assertThat(rig.wakeAt).isNull();
    }

    @Test
    void isWokenWhenTheFirstRuleIsDueAndNotSooner() {
        options.idle = Duration.ofSeconds(55);
        Rig rig = open(1);
        assertThat(rig.wakeAt - rig.now).isEqualTo(options.idle.toNanos());

        options.validateAfter = Duration.ofMillis(500);
        options.probe = Duration.ofSeconds(30);
        rig = open(1);
        assertThat(rig.wakeAt - rig.now).isEqualTo(options.probe.toNanos());

        options.lifetime = Duration.ofSeconds(10);
        rig = open(1);
        assertThat(rig.wakeAt - rig.now)
                .isBetween(
                        Duration.ofSeconds(9).toNanos(), Duration.ofSeconds(10).toNanos());
    }

    @Test
    void waitsOneTickMoreForAClockThatMayLag() {
        options.idle = Duration.ofSeconds(1);
        options.tick = Duration.ofMillis(10);
        Rig rig = open(1);
        rig.advance(Duration.ofMillis(1_009));
        rig.tick();
        assertThat(rig.closing).isEmpty();
        rig.advance(Duration.ofMillis(1_001));
        assertThat(rig.closing).hasSize(1);
    }

    @Test
    void probesOneTickLaterForAClockThatMayLag() {
        options.validateAfter = Duration.ofMillis(500);
        options.probe = Duration.ofSeconds(1);
        options.tick = Duration.ofMillis(10);
        Rig rig = open(1);
        rig.advance(Duration.ofMillis(1_009));
        rig.tick();
        assertThat(rig.checks).isEmpty();
        rig.advance(Duration.ofMillis(1_001));
        assertThat(rig.checks).hasSize(1);
    }

    @Test
    void probesAgainAnIntervalAfterTheLastProofOfLife() {
        options.validateAfter = Duration.ofSeconds(100);
        options.probe = Duration.ofSeconds(10);
        Rig rig = open(1);
        rig.advance(Duration.ofSeconds(10));
        rig.check(true);
        rig.advance(Duration.ofSeconds(4));
        FakeMember used = rig.tryAcquire();
        rig.advance(Duration.ofSeconds(2));
        rig.release(used);

        rig.advance(Duration.ofMillis(9_999));
        assertThat(rig.checks).as("it was used 9.999 s ago").isEmpty();
        rig.advance(Duration.ofMillis(1));
        assertThat(rig.checks).hasSize(1);
        rig.check(true);
        rig.advance(Duration.ofSeconds(9));
        assertThat(rig.checks).as("it was checked 9 s ago").isEmpty();
        rig.advance(Duration.ofSeconds(1));
        assertThat(rig.checks).hasSize(1);
    }

    @Test
    void looksOftenAtConnectionsThatAreNotOldYet() {
        options.lifetime = Duration.ofSeconds(100);
        options.minIdle = 1;
        Rig rig = open(2);
        FakeMember used = rig.tryAcquire();

        rig.advance(Duration.ofSeconds(50));

        assertThat(rig.closing).isEmpty();
        assertThat(used.phase()).isEqualTo(Entry.LEASED);
    }

    @Test
    void endsNoMoreThanTheMinimumAllowsAtATime() {
        options.lifetime = Duration.ofMillis(10);
        options.minIdle = 39;
        options.maxSize = 80;
        Rig rig = open(40);

        rig.advance(Duration.ofMillis(10));

        assertThat(rig.closing).as("the others wait for their replacements").hasSize(1);
    }

    @Test
    void noticesWithinASecondThatTheMinimumIsInUse() {
        options.minIdle = 2;
        options.maxSize = 4;
        Rig rig = open(2);
        rig.tryAcquire();

        rig.advance(Duration.ofMillis(999));
        assertThat(rig.connecting).isEmpty();
        rig.advance(Duration.ofMillis(1));
        assertThat(rig.connecting).hasSize(1);
    }

    @Test
    void keepsAMinimumThatWasSetLater() {
        options.maxSize = 4;
        Rig rig = open(2);
        rig.event(nowNanos -> rig.state.resize(2, 4, nowNanos));
        rig.tryAcquire();

        rig.advance(Duration.ofSeconds(1));

        assertThat(rig.connecting).hasSize(1);
    }
}
