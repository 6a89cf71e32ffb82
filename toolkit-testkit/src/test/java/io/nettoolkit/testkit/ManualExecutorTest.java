package io.nettoolkit.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakCheck.class)
class ManualExecutorTest {

    private final ManualTime time = ManualTime.create();
    private final ScheduledExecutorService executor = time.executor();
    private final List<Long> runs = new ArrayList<>();

    @AfterEach
    void close() {
        time.close();
    }

    @Test
    void fixedRateKeepsItsGridFromTheInitialDelay() {
        executor.scheduleAtFixedRate(this::note, 5, 10, TimeUnit.MILLISECONDS);
        time.advance(Duration.ofMillis(35));
        assertThat(runs).containsExactly(5L, 15L, 25L, 35L);
    }

    @Test
    void fixedDelayRepeatsAfterTheDelay() {
        executor.scheduleWithFixedDelay(this::note, 0, 7, TimeUnit.MILLISECONDS);
        time.advance(Duration.ofMillis(20));
        assertThat(runs).containsExactly(0L, 7L, 14L);
    }

    @Test
    void aFailureEndsAPeriodicTaskAndStaysInItsFuture() {
        ScheduledFuture<?> future = executor.scheduleAtFixedRate(
                () -> {
                    note();
                    throw new IllegalStateException("bang");
                },
                1,
                1,
                TimeUnit.MILLISECONDS);
        time.advance(Duration.ofMillis(5));
        assertThat(runs).containsExactly(1L);
        assertThatThrownBy(future::get).hasRootCauseMessage("bang");
    }

    @Test
    void aCancelledTaskNeverRuns() {
        ScheduledFuture<?> future = executor.schedule(this::note, 10, TimeUnit.MILLISECONDS);
        assertThat(future.cancel(false)).isTrue();
        assertThat(future.isCancelled()).isTrue();
        executor.shutdown();
        assertThat(executor.isTerminated()).isTrue();
        time.advance(Duration.ofMillis(20));
        assertThat(runs).isEmpty();
    }

    @Test
    void aPeriodicTaskCanCancelItself() {
        List<ScheduledFuture<?>> self = new ArrayList<>();
        self.add(executor.scheduleAtFixedRate(
                () -> {
                    note();
                    self.get(0).cancel(false);
                },
                1,
                1,
                TimeUnit.MILLISECONDS));
        time.advance(Duration.ofMillis(5));
        assertThat(runs).containsExactly(1L);
        executor.shutdown();
        assertThat(executor.isTerminated()).isTrue();
    }

    @Test
    void givesResultsAndFailuresThroughFutures() throws Exception {
        ScheduledFuture<String> delayed = executor.schedule(() -> "late", 10, TimeUnit.MILLISECONDS);
        Future<String> submitted = executor.submit(() -> "now");
        Future<?> failed = executor.submit((Callable<String>) () -> {
            throw new IllegalStateException("bang");
        });
        assertThat(delayed.getDelay(TimeUnit.MILLISECONDS)).isEqualTo(10);
        time.advance(Duration.ofMillis(4));
        assertThat(submitted.get()).isEqualTo("now");
        assertThatThrownBy(failed::get).hasRootCauseMessage("bang");
        assertThat(delayed.isDone()).isFalse();
        assertThat(delayed.getDelay(TimeUnit.MILLISECONDS)).isEqualTo(6);
        time.advance(Duration.ofMillis(6));
        assertThat(delayed.get()).isEqualTo("late");
    }

    @Test
    void comparesTasksByDueTime() {
        ScheduledFuture<?> late = executor.schedule(this::note, 10, TimeUnit.MILLISECONDS);
        ScheduledFuture<?> early = executor.schedule(this::note, 9, TimeUnit.MILLISECONDS);
        assertThat(early.compareTo(late)).isNegative();
        assertThat(late.compareTo(early)).isPositive();
    }

    @Test
    void aNegativeDelayCountsAsZero() {
        executor.schedule(this::note, -5, TimeUnit.MILLISECONDS);
        time.advance(Duration.ZERO);
        assertThat(runs).containsExactly(0L);
    }

    @Test
    void refusesPeriodsThatAreNotPositive() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> executor.scheduleAtFixedRate(this::note, 0, 0, TimeUnit.SECONDS))
                .withMessage("period: 0 (must be positive)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> executor.scheduleWithFixedDelay(this::note, 0, -1, TimeUnit.SECONDS))
                .withMessage("delay: -1 (must be positive)");
    }

    @Test
    void shutdownKeepsDelayedTasksDropsPeriodicOnesAndRefusesNewOnes() {
        executor.schedule(this::note, 10, TimeUnit.MILLISECONDS);
        ScheduledFuture<?> periodic = executor.scheduleAtFixedRate(this::note, 1, 1, TimeUnit.MILLISECONDS);
        executor.shutdown();
        assertThat(executor.isShutdown()).isTrue();
        assertThat(executor.isTerminated()).isFalse();
        assertThat(periodic.isCancelled()).isTrue();
        assertThatThrownBy(() -> executor.execute(this::note)).isInstanceOf(RejectedExecutionException.class);
        time.advance(Duration.ofMillis(20));
        assertThat(runs).containsExactly(10L);
        assertThat(executor.isTerminated()).isTrue();
    }

    @Test
    void aPeriodicTaskThatShutsDownIsCancelled() {
        ScheduledFuture<?> periodic = executor.scheduleAtFixedRate(
                () -> {
                    note();
                    executor.shutdown();
                    assertThat(executor.isTerminated()).isFalse();
                },
                1,
                1,
                TimeUnit.MILLISECONDS);
        time.advance(Duration.ofMillis(5));
        assertThat(runs).containsExactly(1L);
        assertThat(periodic.isCancelled()).isTrue();
        assertThat(executor.isTerminated()).isTrue();
    }

    @Test
    void shutdownNowReturnsWhatNeverRan() {
        executor.schedule(this::note, 10, TimeUnit.MILLISECONDS);
        executor.execute(this::note);
        assertThat(executor.shutdownNow()).hasSize(2);
        assertThat(executor.isTerminated()).isTrue();
        time.advance(Duration.ofMillis(20));
        assertThat(runs).isEmpty();
    }

    @Test
    void awaitTerminationWaitsByAdvancingTheClock() throws Exception {
        executor.schedule(this::note, 10, TimeUnit.MILLISECONDS);
        executor.schedule(this::note, 30, TimeUnit.MILLISECONDS);
        assertThat(executor.awaitTermination(1, TimeUnit.DAYS)).isFalse();
        assertThat(time.elapsed()).isZero();
        executor.shutdown();
        assertThat(executor.awaitTermination(20, TimeUnit.MILLISECONDS)).isFalse();
        assertThat(time.elapsed()).isEqualTo(Duration.ofMillis(20));
        assertThat(executor.awaitTermination(Long.MAX_VALUE, TimeUnit.DAYS)).isTrue();
        assertThat(time.elapsed()).isEqualTo(Duration.ofMillis(30));
        assertThat(runs).containsExactly(10L, 30L);
    }

    @Test
    void runsACommandScheduledOnAnotherThread() throws Exception {
        Thread other = new Thread(() -> executor.schedule(this::note, 10, TimeUnit.MILLISECONDS));
        other.start();
        other.join();
        time.advance(Duration.ofMillis(10));
        assertThat(runs).containsExactly(10L);
    }

    private void note() {
        runs.add(time.elapsed().toMillis());
    }
}
