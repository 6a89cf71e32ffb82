package io.nettoolkit.core.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.core.internal.transport.LoopThread;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** The watchdog with loops that are queues, and with ticks by hand. */
class LoopWatchdogTest {

    private static final long THRESHOLD_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

    private final List<String> reports = new ArrayList<>();
    private final List<StackTraceElement[]> stacks = new ArrayList<>();
    private final LoopWatchdog watchdog = new LoopWatchdog(new StallReporter() {
        @Override
        public void onStall(String thread, long waitedNanos, StackTraceElement[] stack) {
            reports.add("stall " + thread);
            stacks.add(stack);
        }

        @Override
        public void onRecovery(String thread, long waitedNanos, StackTraceElement[] stack) {
            reports.add("recovery " + thread);
            stacks.add(stack);
        }
    });
    private long now;

    @Test
    void neverQueuesASecondHeartbeatToALoopThatDoesNotRun() {
        FakeLoop loop = startedLoop("a");
        tickFor(60_000);
        assertThat(loop.tasks).hasSize(1);
        assertThat(reports).containsExactly("stall a");
        assertThat(watchdog.stalls()).isEqualTo(1);
    }

    @Test
    void reusesOneHeartbeatObjectPerLoop() {
        FakeLoop loop = startedLoop("a");
        tickFor(10);
        Runnable first = loop.tasks.remove();
        first.run();
        tickFor(1_000);
        assertThat(loop.tasks).containsExactly(first);
    }

    @Test
    void noticesAStallThatComesAfterAnsweredHeartbeats() {
        FakeLoop loop = startedLoop("a");
        for (int i = 0; i < 300; i++) {
            tickFor(10);
            loop.runAll();
        }
        assertThat(reports).isEmpty();
        tickFor(1_600);
        assertThat(reports).containsExactly("stall a");
    }

    @Test
    void tellsTheLoopThatStallsFromTheOneThatDoesNot() {
        FakeLoop stuck = startedLoop("stuck");
        FakeLoop well = startedLoop("well");
        for (int i = 0; i < 500; i++) {
            tickFor(10);
            well.runAll();
        }
        assertThat(reports).containsExactly("stall stuck");
        stuck.runAll();
        tickFor(10);
        assertThat(reports).containsExactly("stall stuck", "recovery stuck");
        assertThat(stacks.get(1)).isSameAs(stacks.get(0));
    }

    @Test
    void doesNotStartALoopThatNobodyUses() {
        FakeLoop idle = new FakeLoop("idle");
        watch(idle);
        tickFor(5_000);
        assertThat(idle.tasks).isEmpty();
        idle.start();
        tickFor(10);
        assertThat(idle.tasks).hasSize(1);
    }

    @Test
    void dropsALoopThatShutsDownOrRefusesTheHeartbeat() {
        FakeLoop leaving = startedLoop("leaving");
        FakeLoop refusing = startedLoop("refusing");
        refusing.refuses = true;
        tickFor(100);
        leaving.gone = true;
        tickFor(5_000);
        refusing.refuses = false;
        tickFor(5_000);
        assertThat(refusing.tasks).isEmpty();
        assertThat(leaving.tasks).hasSize(1);
        assertThat(reports).isEmpty();
    }

    private FakeLoop startedLoop(String name) {
        FakeLoop loop = new FakeLoop(name);
        loop.start();
        watch(loop);
        return loop;
    }

    private void watch(FakeLoop loop) {
        watchdog.watch(loop, () -> loop.gone, loop.thread, THRESHOLD_NANOS);
    }

    private void tickFor(long millis) {
        for (long end = now + TimeUnit.MILLISECONDS.toNanos(millis); now < end; ) {
            now += CoarseClock.TICK_NANOS;
            watchdog.tick(now);
        }
    }

    private static final class FakeLoop implements Executor {
        final Queue<Runnable> tasks = new ArrayDeque<>();
        final LoopThread thread;
        boolean gone;
        boolean refuses;

        FakeLoop(String name) {
            thread = new LoopThread(name, true);
        }

        void start() {
            thread.newThread(() -> {});
        }

        void runAll() {
            for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
                task.run();
            }
        }

        @Override
        public void execute(Runnable task) {
            if (refuses) {
                throw new RejectedExecutionException("shut down");
            }
            tasks.add(task);
        }
    }
}
