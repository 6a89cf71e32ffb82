package io.nettoolkit.tcp.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.core.TimeSource;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.util.concurrent.MockTicker;
import io.netty.util.concurrent.Ticker;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class DeadlineWheelTest {

    private static final long TURN_NANOS = DeadlineWheel.TICK_NANOS * 1024;

    private final MockTicker ticker = Ticker.newMockTicker();
    private final EmbeddedChannel channel =
            EmbeddedChannel.builder().ticker(ticker).build();
    private final DeadlineWheel wheel = new DeadlineWheel(channel.eventLoop(), TimeSource.of(ticker));

    @AfterEach
    void close() {
        channel.finishAndReleaseAll();
    }

    @Test
    void callsSoonAfterTheDeadlineAndNeverBefore() {
        Timed timed = new Timed();
        long due = now() + TimeUnit.SECONDS.toNanos(3);
        wheel.arm(timed, due);

        advance(due - now() - 1);
        assertThat(timed.calls).isEmpty();
        advance(1 + DeadlineWheel.TICK_NANOS);

        assertThat(timed.calls).hasSize(1);
        assertThat(timed.calls.get(0) - due).isBetween(0L, DeadlineWheel.TICK_NANOS);
    }

    @Test
    void armingLaterChangesNothingAndArmingEarlierDoes() {
        Timed timed = new Timed();
        long start = now();
        wheel.arm(timed, start + TimeUnit.SECONDS.toNanos(5));
        wheel.arm(timed, start + TimeUnit.SECONDS.toNanos(9));
        wheel.arm(timed, start + TimeUnit.SECONDS.toNanos(2));

        advance(TimeUnit.SECONDS.toNanos(2) + DeadlineWheel.TICK_NANOS);

        assertThat(timed.calls).hasSize(1);
    }

    @Test
    void aDisarmedHandlerIsNotCalled() {
        Timed timed = new Timed();
        wheel.arm(timed, now() + TimeUnit.SECONDS.toNanos(1));
        wheel.disarm(timed);
        wheel.disarm(timed);

        advance(TURN_NANOS * 2);

        assertThat(timed.calls).isEmpty();
    }

    @Test
    void anEmptyWheelDoesNotWakeTheLoop() {
        Timed timed = new Timed();
        wheel.arm(timed, now() + TimeUnit.SECONDS.toNanos(1));
        advance(TimeUnit.SECONDS.toNanos(2));

        assertThat(channel.hasPendingTasks()).isFalse();
    }

    @Test
    void worksAfterALongSilence() {
        Timed timed = new Timed();
        wheel.arm(timed, now() + TimeUnit.SECONDS.toNanos(1));
        advance(TimeUnit.SECONDS.toNanos(2));
        advance(TURN_NANOS * 100 + 12_345);

        long due = now() + TimeUnit.SECONDS.toNanos(5);
        wheel.arm(timed, due);
        advance(due - now() - 1);
        assertThat(timed.calls).hasSize(1);
        advance(1 + DeadlineWheel.TICK_NANOS);
        assertThat(timed.calls).hasSize(2);
    }

    @Test
    void aCallMayEndOrArmItsNeighbours() {
        Timed first = new Timed();
        Timed second = new Timed();
        Timed third = new Timed();
        long due = now() + TimeUnit.SECONDS.toNanos(1);
        for (Timed timed : List.of(first, second, third)) {
            wheel.arm(timed, due);
        }
        first.onCall = () -> {
            wheel.disarm(second);
            wheel.disarm(third);
            wheel.arm(third, now() + TimeUnit.SECONDS.toNanos(1));
        };

        advance(TimeUnit.SECONDS.toNanos(1) + DeadlineWheel.TICK_NANOS);
        assertThat(first.calls).hasSize(1);
        assertThat(second.calls).isEmpty();
        assertThat(third.calls).isEmpty();
        advance(TimeUnit.SECONDS.toNanos(1) + DeadlineWheel.TICK_NANOS);
        assertThat(third.calls).hasSize(1);
    }

    /** Thousands of random operations, in steps from under a tick to many turns, against a list that is just searched. */
    @Test
    void agreesWithASortedListUnderRandomUse() {
        long seed = System.getProperty("seed") == null ? new Random().nextLong() : Long.getLong("seed");
        System.out.println("DeadlineWheelTest seed " + seed + " (replay with -Dseed=" + seed + ")");
        Random random = new Random(seed);
        List<Timed> handlers = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            handlers.add(new Timed());
        }
        for (int step = 0; step < 20_000; step++) {
            Timed timed = handlers.get(random.nextInt(handlers.size()));
            switch (random.nextInt(4)) {
                case 0, 1 -> {
                    long due = now() + (long) (Math.pow(random.nextDouble(), 4) * TURN_NANOS * 3);
                    wheel.arm(timed, due);
                    timed.expected = timed.expected == DeadlineWheel.NEVER ? due : Math.min(timed.expected, due);
                }
                case 2 -> {
                    wheel.disarm(timed);
                    timed.expected = DeadlineWheel.NEVER;
                }
                default -> advance((long) (Math.pow(random.nextDouble(), 6) * TURN_NANOS * 2));
            }
            for (Timed each : handlers) {
                boolean overdue =
                        each.expected != DeadlineWheel.NEVER && now() - each.expected > DeadlineWheel.TICK_NANOS;
                assertThat(overdue)
                        .as("step %d: due %d, now %d", step, each.expected, now())
                        .isFalse();
            }
        }
    }

    private long now() {
        return ticker.nanoTime();
    }

    /** In small steps, so that a scheduled task runs close to its time as on a real loop. */
    private void advance(long nanos) {
        long end = now() + nanos;
        while (now() < end) {
            long next = channel.runScheduledPendingTasks();
            long step = next < 0 ? end - now() : Math.min(Math.max(next, 1), end - now());
            ticker.advance(step, TimeUnit.NANOSECONDS);
        }
        channel.runScheduledPendingTasks();
    }

    private static final class Timed extends TimedHandler {
        final List<Long> calls = new ArrayList<>();
        long expected = DeadlineWheel.NEVER;
        Runnable onCall = () -> {};

        @Override
        long onDue(long nowNanos) {
            if (expected != DeadlineWheel.NEVER) {
                assertThat(nowNanos - expected).as("called early").isNotNegative();
                expected = DeadlineWheel.NEVER;
            }
            calls.add(nowNanos);
            onCall.run();
            return DeadlineWheel.NEVER;
        }
    }
}
