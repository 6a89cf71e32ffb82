package io.nettoolkit.core.internal;

import static java.util.concurrent.TimeUnit.NANOSECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.abort;

import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.util.concurrent.DefaultEventExecutor;
import io.netty.util.concurrent.MockTicker;
import io.netty.util.concurrent.Ticker;
import java.io.IOException;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The rules that need no thread: one loop on a mock clock, driven by hand. Threads: {@link ToolkitFutureLoopTest}. */
class ToolkitFutureTest {

    private final MockTicker ticker = Ticker.newMockTicker();
    private final EmbeddedChannel channel =
            EmbeddedChannel.builder().ticker(ticker).build();
    private final AtomicInteger abandoned = new AtomicInteger();
    private final ToolkitFuture<String> future = new ToolkitFuture<>(channel.eventLoop(), abandoned::incrementAndGet);

    @AfterEach
    void closeChannel() {
        channel.finishAndReleaseAll();
    }

    @Test
    void givesTheResultOfTheOperation() throws Exception {
        assertThat(future.succeed("done")).isTrue();

        assertThat(future.get()).isEqualTo("done");
        assertThat(future.get(1, SECONDS)).isEqualTo("done");
        assertThat(future.join()).isEqualTo("done");
        assertThat(future.getNow("none")).isEqualTo("done");
        assertThat(abandoned).hasValue(0);
    }

    @Test
    void givesTheFailureOfTheOperation() {
        IOException cause = new IOException("lost");
        assertThat(future.fail(cause)).isTrue();

        assertThatExceptionOfType(ExecutionException.class)
                .isThrownBy(future::get)
                .withCause(cause);
        assertThatExceptionOfType(CompletionException.class)
                .isThrownBy(future::join)
                .withCause(cause);
        assertThat(future.isCompletedExceptionally()).isTrue();
        assertThat(future.isCancelled()).isFalse();
    }

    @Test
    void mayBeCompleteWhenItIsMade() {
        assertThat(ToolkitFuture.succeeded(channel.eventLoop(), "at once").join())
                .isEqualTo("at once");
        ToolkitFuture<String> failed = ToolkitFuture.failed(channel.eventLoop(), new IOException("at once"));
        assertThat(failed).isCompletedExceptionally();
        assertThat(failed.succeed("late")).isFalse();
        assertThat(ToolkitFuture.succeeded(channel.eventLoop(), null).join()).isNull();
    }

    @Test
    void decidesAtOnceAndCompletesInATaskOfItsOwnWhereThatIsWanted() {
        EmbeddedChannel other = new EmbeddedChannel();
        List<String> heard = new ArrayList<>();
        future.thenAccept(heard::add);

        assertThat(future.succeedLater(other.eventLoop(), "later")).isTrue();
        assertThat(future.cancel(false)).isFalse();
        assertThat(future.succeedLater(other.eventLoop(), "too late")).isFalse();
        assertThat(heard).isEmpty();
        other.runPendingTasks();
        assertThat(heard).containsExactly("later");

        ToolkitFuture<String> failing = new ToolkitFuture<>(channel.eventLoop());
        IOException cause = new IOException("lost");
        assertThat(failing.failLater(other.eventLoop(), cause)).isTrue();
        assertThat(failing.failLater(other.eventLoop(), cause)).isFalse();
        assertThat(failing).isNotDone();
        other.runPendingTasks();
        assertThat(failing).isCompletedExceptionally();
        other.finishAndReleaseAll();
    }

    @Test
    void takesOneOutcomeAndTellsTheOthersNo() {
        assertThat(future.succeed("first")).isTrue();
        assertThat(future.succeed("second")).isFalse();
        assertThat(future.fail(new IOException())).isFalse();
        assertThat(future.cancel(true)).isFalse();

        assertThat(future.join()).isEqualTo("first");
        assertThat(abandoned).hasValue(0);
    }

    @Test
    void refusesToBeCompletedByOutsiders() {
        List<ThrowingCallable> attempts = List.of(
                () -> future.complete("x"),
                () -> future.completeExceptionally(new IOException()),
                () -> future.completeAsync(() -> "x"),
                () -> future.completeAsync(() -> "x", Runnable::run),
                () -> future.obtrudeValue("x"),
                () -> future.obtrudeException(new IOException()));
        for (ThrowingCallable attempt : attempts) {
            assertThatThrownBy(attempt)
                    .isInstanceOf(UnsupportedOperationException.class)
                    .hasMessageContaining("only the operation completes this future");
        }
        assertThat(future).isNotDone();
        future.succeed("done");
        for (ThrowingCallable attempt : attempts) {
            assertThatThrownBy(attempt).isInstanceOf(UnsupportedOperationException.class);
        }
        assertThat(future.join()).isEqualTo("done");
    }

    @Test
    void abandonsTheOperationOnceWhenCancelled() {
        assertThat(future.cancel(false)).isTrue();
        assertThat(future.cancel(false)).isTrue();

        assertThat(future.isCancelled()).isTrue();
        assertThatExceptionOfType(CancellationException.class).isThrownBy(future::join);
        assertThat(abandoned).hasValue(1);
        assertThat(future.succeed("late")).isFalse();
    }

    @Test
    void leavesTheOperationAloneWhenADependentIsCancelled() {
        CompletableFuture<Integer> dependent = future.thenApply(String::length);
        CompletableFuture<String> copy = future.copy();

        assertThat(dependent.cancel(true)).isTrue();
        assertThat(copy.cancel(true)).isTrue();

        assertThat(abandoned).hasValue(0);
        assertThat(future).isNotDone();
        assertThat(future.succeed("done")).isTrue();
    }

    @Test
    void outlivesAHookThatThrows() {
        ToolkitFuture<String> fragile = new ToolkitFuture<>(channel.eventLoop(), () -> {
            throw new IllegalStateException("on purpose");
        });

        assertThat(fragile.cancel(true)).isTrue();
        assertThat(fragile.isCancelled()).isTrue();
    }

    @Test
    void timesOutOnTheTimerOfItsLoopAndAbandonsTheOperation() {
        assertThat(future.orTimeout(5, SECONDS)).isSameAs(future);
        advanceNanos(SECONDS.toNanos(5) - 1);
        assertThat(future).isNotDone();

        advanceNanos(1);

        assertThat(future.isCompletedExceptionally()).isTrue();
        assertThatExceptionOfType(ExecutionException.class)
                .isThrownBy(future::get)
                .withCauseExactlyInstanceOf(TimeoutException.class)
                .withMessageContaining("no result within 5 SECONDS");
        assertThat(abandoned).hasValue(1);
        assertThat(future.succeed("late")).isFalse();
        assertThat(future.cancel(true)).isFalse();
        assertThat(abandoned).hasValue(1);
    }

    @Test
    void completesOnTimeoutOnTheTimerOfItsLoop() {
        assertThat(future.completeOnTimeout("default", 5, SECONDS)).isSameAs(future);
        advanceNanos(SECONDS.toNanos(5) - 1);
        assertThat(future).isNotDone();

        advanceNanos(1);

        assertThat(future.join()).isEqualTo("default");
        assertThat(abandoned).hasValue(1);
    }

    @Test
    void takesItsTimerBackWhenTheOperationIsFaster() {
        future.orTimeout(5, SECONDS);
        future.completeOnTimeout("default", 6, SECONDS);
        future.succeed("done");
        // What remains are the two cancelled entries, which the loop drops: nothing is due any more.
        advanceNanos(SECONDS.toNanos(10));

        assertThat(future.join()).isEqualTo("done");
        assertThat(abandoned).hasValue(0);
        assertThat(channel.runScheduledPendingTasks()).isEqualTo(-1);
    }

    @Test
    void setsNoTimerWhenItIsDone() {
        future.succeed("done");
        assertThat(future.orTimeout(5, SECONDS)).isSameAs(future);
        assertThat(future.completeOnTimeout("default", 6, SECONDS)).isSameAs(future);

        assertThat(channel.runScheduledPendingTasks()).isEqualTo(-1);
    }

    @Test
    void treatsZeroAndNegativeTimeoutsAsOver() {
        future.orTimeout(-5, SECONDS);
        channel.runScheduledPendingTasks();

        assertThat(future).isCompletedExceptionally();
        ToolkitFuture<String> patient = new ToolkitFuture<>(channel.eventLoop());
        patient.orTimeout(Long.MAX_VALUE, SECONDS);
        advanceNanos(SECONDS.toNanos(1_000_000));
        assertThat(patient).isNotDone();
    }

    @Test
    void refusesToWaitInAnEmbeddedChannel() {
        assertRefused(future::get);
        assertRefused(future::join);
        assertRefused(() -> future.get(1, SECONDS));
        assertRefused(() -> future.get(0, SECONDS));

        assertThat(future.getNow("not yet")).isEqualTo("not yet");
    }

    /** JDK 19 and later: it says no instead of waiting, here as anywhere. */
    @Test
    void answersResultNowWithoutWaiting() throws Exception {
        Method resultNow;
        try {
            resultNow = CompletableFuture.class.getMethod("resultNow");
        } catch (NoSuchMethodException older) {
            abort("this JDK has no resultNow");
            return;
        }
        assertThatThrownBy(() -> resultNow.invoke(future)).hasCauseInstanceOf(IllegalStateException.class);
        future.succeed("done");
        assertThat(resultNow.invoke(future)).isEqualTo("done");
    }

    @Test
    void refusesToWaitForWhatFollowsFromIt() {
        List<CompletableFuture<?>> dependents = new ArrayList<>();
        dependents.add(future.thenApply(String::length));
        dependents.add(future.thenCompose(text -> new CompletableFuture<>()));
        dependents.add(future.copy());
        dependents.add(future.whenComplete((value, cause) -> {}));
        dependents.add(future.exceptionally(cause -> "x"));
        dependents.add(future.handleAsync((value, cause) -> 1));
        dependents.add(future.thenCombine(new CompletableFuture<>(), (a, b) -> a));
        dependents.add(future.thenAccept(text -> {}).thenRun(() -> {}).thenApply(nothing -> 2));
        dependents.add(future.newIncompleteFuture());
        for (CompletableFuture<?> dependent : dependents) {
            assertRefused(dependent::get);
            assertRefused(dependent::join);
            assertRefused(() -> dependent.get(1, SECONDS));
        }
    }

    @Test
    void letsDependentsBehaveAsTheJdkHasThem() {
        CompletableFuture<String> copy = future.copy();
        CompletableFuture<Integer> length = future.thenApply(String::length);

        assertThat(copy.complete("mine")).isTrue();
        copy.obtrudeValue("changed");
        assertThat(copy.join()).isEqualTo("changed");
        assertThat(length.completeExceptionally(new IOException())).isTrue();
        assertThat(future).isNotDone();
    }

    @Test
    void givesDependentsTheirResult() throws Exception {
        CompletableFuture<Integer> length = future.thenApply(String::length);
        future.succeed("done");

        assertThat(length.get()).isEqualTo(4);
        assertThat(length.get(1, SECONDS)).isEqualTo(4);
        assertThat(length.join()).isEqualTo(4);
    }

    @Test
    void goesThroughTheCombinatorsOfTheJdk() {
        CompletableFuture<Object> any = CompletableFuture.anyOf(future, new CompletableFuture<>());
        CompletableFuture<Void> all = CompletableFuture.allOf(future, CompletableFuture.completedFuture(1));
        CompletableFuture<String> composed =
                CompletableFuture.completedFuture(1).thenCompose(one -> future);

        future.succeed("done");

        assertThat(any).isCompletedWithValue("done");
        assertThat(all).isCompleted();
        assertThat(composed).isCompletedWithValue("done");
        assertThat(future.toCompletableFuture()).isSameAs(future);
        assertThat(future.minimalCompletionStage().toCompletableFuture().join()).isEqualTo("done");
    }

    @Test
    void runsAsyncStagesWhereTheJdkDoes() {
        CompletableFuture<String> plain = new CompletableFuture<>();

        assertThat(future.defaultExecutor()).isSameAs(plain.defaultExecutor());
        assertThat(future.thenApply(text -> text).defaultExecutor()).isSameAs(plain.defaultExecutor());
    }

    @Test
    void failsWhenTheLoopOfItsTimerIsGone() throws Exception {
        DefaultEventExecutor executor = new DefaultEventExecutor();
        ToolkitFuture<String> orphan = new ToolkitFuture<>(executor, abandoned::incrementAndGet);
        executor.shutdownGracefully(0, 0, SECONDS).sync();
        assertThat(executor.awaitTermination(30, SECONDS)).isTrue();

        orphan.orTimeout(1, SECONDS);

        assertThat(orphan).isCompletedExceptionally();
    }

    private static void assertRefused(ThrowingCallable wait) {
        assertThatIllegalStateException()
                .isThrownBy(wait)
                .withMessageContaining("incomplete future would block")
                .withMessageContaining(Thread.currentThread().getName());
    }

    private void advanceNanos(long nanos) {
        ticker.advance(nanos, NANOSECONDS);
        channel.runScheduledPendingTasks();
    }
}
