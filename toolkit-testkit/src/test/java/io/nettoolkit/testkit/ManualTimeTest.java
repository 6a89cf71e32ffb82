package io.nettoolkit.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.util.concurrent.MockTicker;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakCheck.class)
class ManualTimeTest {

    private final ManualTime time = ManualTime.create();
    private final List<String> log = new ArrayList<>();

    @AfterEach
    void close() {
        time.close();
    }

    @Test
    void movesOnlyWhenAdvancedAndNeverReadsZero() {
        long start = time.nanoTime();
        assertThat(start).isPositive();
        assertThat(time.elapsed()).isZero();
        time.advance(Duration.ofMillis(3));
        assertThat(time.nanoTime() - start).isEqualTo(3_000_000);
        assertThat(time.ticker().nanoTime()).isEqualTo(time.nanoTime());
        assertThat(time.elapsed()).isEqualTo(Duration.ofMillis(3));
        assertThat(time).hasToString("ManualTime(PT0.003S)");
    }

    @Test
    void runsTasksInTheOrderOfTimeThenOfScheduling() {
        schedule("late", 20);
        schedule("first", 10);
        schedule("second", 10);
        schedule("never", 31);
        time.advance(Duration.ofMillis(30));
        assertThat(log).containsExactly("first@10", "second@10", "late@20");
        assertThat(time.elapsed()).isEqualTo(Duration.ofMillis(30));
    }

    @Test
    void runsATaskThatIsDueExactlyAtTheEndOfTheAdvance() {
        schedule("edge", 10);
        time.advance(Duration.ofMillis(10).minusNanos(1));
        assertThat(log).isEmpty();
        time.advance(Duration.ofNanos(1));
        assertThat(log).containsExactly("edge@10");
    }

    @Test
    void runsTasksScheduledByTasksInTheSameAdvance() {
        time.executor()
                .schedule(
                        () -> {
                            note("outer");
                            schedule("inner", 5);
                            time.executor().execute(() -> note("now"));
                        },
                        10,
                        TimeUnit.MILLISECONDS);
        time.advance(Duration.ofMillis(15));
        assertThat(log).containsExactly("outer@10", "now@10", "inner@15");
    }

    @Test
    void advancingTheTickerRunsTasksToo() {
        schedule("task", 10);
        MockTicker ticker = time.ticker();
        ticker.advanceMillis(10);
        assertThat(log).containsExactly("task@10");
    }

    @Test
    void zeroAdvanceRunsWhatIsDueNow() {
        time.executor().execute(() -> note("executed"));
        assertThat(log).isEmpty();
        time.advance(Duration.ZERO);
        assertThat(log).containsExactly("executed@0");
    }

    @Test
    void runsTasksOfAttachedChannelsAtTheirInstantAndInStepWithTheExecutor() {
        EmbeddedChannel channel = attachedChannel();
        channel.eventLoop().schedule(() -> note("channel"), 10, TimeUnit.MILLISECONDS);
        channel.eventLoop()
                .schedule(
                        () -> {
                            note("channel");
                            schedule("fromChannel", 1);
                        },
                        30,
                        TimeUnit.MILLISECONDS);
        schedule("executor", 20);
        time.advance(Duration.ofMillis(100));
        assertThat(log).containsExactly("channel@10", "executor@20", "channel@30", "fromChannel@31");
        channel.close();
    }

    @Test
    void runsTasksThatTheExecutorGivesToAChannelAtTheSameInstant() {
        EmbeddedChannel channel = attachedChannel();
        time.executor()
                .schedule(
                        () -> channel.eventLoop().execute(() -> {
                            note("channel");
                            time.executor().execute(() -> note("back"));
                        }),
                        10,
                        TimeUnit.MILLISECONDS);
        time.advance(Duration.ofMillis(10));
        assertThat(log).containsExactly("channel@10", "back@10");
        channel.close();
    }

    @Test
    void runsWhatAChannelsTimerGivesToItsLoopAtTheSameInstant() {
        EmbeddedChannel channel = attachedChannel();
        channel.eventLoop()
                .schedule(() -> channel.eventLoop().execute(() -> note("follows")), 10, TimeUnit.MILLISECONDS);
        time.advance(Duration.ofMillis(20));
        assertThat(log).containsExactly("follows@10");
        channel.close();
    }

    @Test
    void repeatsAChannelsFixedRateAtEachInstant() {
        EmbeddedChannel channel = attachedChannel();
        channel.eventLoop().scheduleAtFixedRate(() -> note("tick"), 0, 10, TimeUnit.MILLISECONDS);
        time.advance(Duration.ofMillis(25));
        assertThat(log).containsExactly("tick@0", "tick@10", "tick@20");
        channel.close();
        time.advance(Duration.ofMillis(25));
        assertThat(log).hasSize(3);
    }

    @Test
    void refusesAChannelOnAnotherClock() {
        EmbeddedChannel other = new EmbeddedChannel();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> time.attach(other))
                .withMessageContaining("EmbeddedChannel.builder().ticker(time.ticker())");
        other.close();
    }

    @Test
    void refusesBadDurations() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> time.advance(Duration.ofNanos(-1)))
                .withMessage("duration: PT-0.000000001S (must not be negative)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> time.advance(Duration.ofNanos(Long.MAX_VALUE)))
                .withMessageContaining("292 years");
        assertThatIllegalArgumentException().isThrownBy(() -> time.newEventLoopGroup(0, NioIoHandler.newFactory()));
    }

    @Test
    void advancesToTheEndOfTheRange() {
        schedule("last", Long.MAX_VALUE / 1_000_000 - 2_000);
        time.executor().schedule(() -> note("never"), Long.MAX_VALUE, TimeUnit.NANOSECONDS);
        time.advance(Duration.ofNanos(Long.MAX_VALUE - 1 - time.nanoTime()));
        assertThat(log).hasSize(1);
    }

    @Test
    void refusesToBeAdvancedByATask() {
        time.executor().execute(() -> time.advance(Duration.ofMillis(1)));
        assertThatIllegalStateException()
                .isThrownBy(() -> time.advance(Duration.ZERO))
                .withMessageContaining("must not advance");
        time.advance(Duration.ofMillis(1));
        assertThat(time.elapsed()).isEqualTo(Duration.ofMillis(1));
    }

    @Test
    void refusesToBeAdvancedByTwoThreads() {
        CompletableFuture<Throwable> refusal = new CompletableFuture<>();
        time.executor().execute(() -> {
            Thread other = new Thread(() -> {
                try {
                    time.advance(Duration.ZERO);
                } catch (IllegalStateException e) {
                    refusal.complete(e);
                }
            });
            other.start();
            refusal.join();
            join(other);
        });
        time.advance(Duration.ZERO);
        assertThat(refusal.join()).hasMessageContaining("another thread");
    }

    @Test
    void throwsWhatACommandOfExecuteThrowsAndGoesOnFromThere() {
        IllegalStateException failure = new IllegalStateException("bang");
        time.executor()
                .schedule(
                        () -> time.executor().execute(() -> {
                            throw failure;
                        }),
                        10,
                        TimeUnit.MILLISECONDS);
        schedule("after", 20);
        assertThatThrownBy(() -> time.advance(Duration.ofMillis(30))).isSameAs(failure);
        assertThat(time.elapsed()).isEqualTo(Duration.ofMillis(10));
        time.advance(Duration.ofMillis(20));
        assertThat(log).containsExactly("after@20");
    }

    private EmbeddedChannel attachedChannel() {
        return time.attach(EmbeddedChannel.builder().ticker(time.ticker()).build());
    }

    private void schedule(String name, long delayMillis) {
        time.executor().schedule(() -> note(name), delayMillis, TimeUnit.MILLISECONDS);
    }

    private void note(String name) {
        log.add(name + "@" + time.elapsed().toMillis());
    }

    private static void join(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
