package io.nettoolkit.core.internal;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.channel.DefaultEventLoop;
import io.netty.channel.EventLoop;
import io.netty.channel.ManualIoEventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.util.concurrent.DefaultEventExecutor;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.Future;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The rules of {@link ToolkitFuture} that are about threads, on real loops. */
class ToolkitFutureLoopTest {

    private final MultiThreadIoEventLoopGroup group = new MultiThreadIoEventLoopGroup(2, NioIoHandler.newFactory());
    private final EventLoop loop = group.next();
    private final EventLoop otherLoop = group.next();

    @AfterEach
    void stopLoops() throws InterruptedException {
        group.shutdownGracefully(0, 0, SECONDS).sync();
    }

    @Test
    void completesOnItsLoopFromWhicheverThreadTheOutcomeComes() throws Exception {
        for (boolean failing : List.of(false, true)) {
            ToolkitFuture<String> future = new ToolkitFuture<>(loop);
            CompletableFuture<Boolean> onLoop = new CompletableFuture<>();
            future.whenComplete((value, cause) -> onLoop.complete(loop.inEventLoop()));

            boolean first = failing ? future.fail(new IllegalStateException()) : future.succeed("done");

            assertThat(first).isTrue();
            assertThat(onLoop.get(30, SECONDS)).isTrue();
        }
    }

    @Test
    void completesInlineWhenTheOutcomeComesOnItsLoop() throws Exception {
        ToolkitFuture<String> future = new ToolkitFuture<>(loop);

        assertThat(on(loop, () -> future.succeed("done") && future.isDone())).isTrue();
    }

    @Test
    void runsCallbacksOnTheCallerWhenItIsComplete() throws Exception {
        ToolkitFuture<String> future = ToolkitFuture.succeeded(loop, "done");
        AtomicReference<Thread> callback = new AtomicReference<>();

        future.thenAccept(value -> callback.set(Thread.currentThread()));

        assertThat(callback).hasValue(Thread.currentThread());
    }

    @Test
    void wakesAThreadThatWaits() throws Exception {
        ToolkitFuture<String> future = new ToolkitFuture<>(loop);
        loop.execute(() -> future.succeed("done"));

        assertThat(future.get(30, SECONDS)).isEqualTo("done");
        assertThat(future.join()).isEqualTo("done");
        assertThat(future.get()).isEqualTo("done");
    }

    @Test
    void refusesToWaitOnItsOwnLoopAndOnAnyOther() throws Exception {
        ToolkitFuture<String> future = new ToolkitFuture<>(loop);
        DefaultEventLoop localLoop = new DefaultEventLoop();
        for (EventExecutor executor : List.of(loop, otherLoop, localLoop)) {
            assertThat(messageOf(on(executor, () -> thrownBy(future::join)))).contains("event loop", "whenComplete");
            assertThat(messageOf(on(executor, () -> thrownBy(future::get)))).contains("incomplete future");
            assertThat(messageOf(on(executor, () -> thrownBy(() -> future.get(1, SECONDS)))))
                    .isNotEmpty();
            assertThat(messageOf(on(executor, () -> thrownBy(future.thenApply(text -> text)::join))))
                    .isNotEmpty();
        }
        future.succeed("done");
        assertThat(future.get(30, SECONDS)).isEqualTo("done");
        for (EventExecutor executor : List.of(loop, otherLoop, localLoop)) {
            assertThat(on(executor, future::join)).isEqualTo("done");
        }
        localLoop.shutdownGracefully(0, 0, SECONDS).sync();
    }

    @Test
    void refusesToWaitInALoopThatSomebodyElsesThreadDrives() {
        ManualIoEventLoop manual = new ManualIoEventLoop(Thread.currentThread(), NioIoHandler.newFactory());
        ToolkitFuture<String> ofOtherLoop = new ToolkitFuture<>(loop);
        ToolkitFuture<String> ofThisLoop = new ToolkitFuture<>(manual);
        AtomicReference<Throwable> refusal = new AtomicReference<>();
        manual.execute(() -> refusal.set(thrownBy(ofOtherLoop::join)));
        manual.runNow();

        assertThat(messageOf(refusal.get())).contains("an event loop");
        // Outside of a run too: nobody but this thread could complete it.
        assertThat(messageOf(thrownBy(ofThisLoop::join))).contains("an event loop");
        ofOtherLoop.succeed("done");
        assertThat(ofOtherLoop.join()).isEqualTo("done");
        manual.shutdownGracefully(0, 0, SECONDS);
        while (!manual.isTerminated()) {
            manual.runNow();
        }
    }

    @Test
    void mayWaitOnAnExecutorThatIsNoEventLoop() throws Exception {
        DefaultEventExecutor blocking = new DefaultEventExecutor();
        ToolkitFuture<String> future = new ToolkitFuture<>(loop);
        AtomicReference<Thread> thread = new AtomicReference<>();
        Future<String> waiting = blocking.submit(() -> {
            thread.set(Thread.currentThread());
            return future.join();
        });
        while (thread.get() == null || thread.get().getState() != Thread.State.WAITING) {
            assertThat(waiting.isDone()).isFalse();
            Thread.onSpinWait();
        }

        future.succeed("done");

        assertThat(waiting.get(30, SECONDS)).isEqualTo("done");
        ToolkitFuture<String> own = new ToolkitFuture<>(blocking);
        assertThat(messageOf(on(blocking, () -> thrownBy(own::join)))).contains("an event loop");
        blocking.shutdownGracefully(0, 0, SECONDS).sync();
    }

    @Test
    void reachesTheOperationOnItsLoopWhenCancelledElsewhere() throws Exception {
        CompletableFuture<Boolean> stoppedOnLoop = new CompletableFuture<>();
        ToolkitFuture<String> future = new ToolkitFuture<>(loop, () -> stoppedOnLoop.complete(loop.inEventLoop()));

        assertThat(future.cancel(true)).isTrue();

        assertThat(future.isDone()).isTrue();
        assertThat(stoppedOnLoop.get(30, SECONDS)).isTrue();
    }

    @Test
    void timesOutOnItsLoop() throws Exception {
        ToolkitFuture<String> future = new ToolkitFuture<>(loop);
        CompletableFuture<Boolean> onLoop = new CompletableFuture<>();
        future.whenComplete((value, cause) -> onLoop.complete(loop.inEventLoop()));

        future.orTimeout(1, MILLISECONDS);

        assertThat(onLoop.get(30, SECONDS)).isTrue();
    }

    @Test
    void completesOnTheCallerWhenItsLoopHasGone() throws Exception {
        AtomicInteger abandoned = new AtomicInteger();
        ToolkitFuture<String> result = new ToolkitFuture<>(loop);
        ToolkitFuture<String> cancelled = new ToolkitFuture<>(loop, abandoned::incrementAndGet);
        group.shutdownGracefully(0, 0, SECONDS).sync();

        assertThat(result.succeed("done")).isTrue();
        assertThat(result.join()).isEqualTo("done");
        assertThat(cancelled.cancel(true)).isTrue();
        assertThat(abandoned).hasValue(1);
    }

    @Test
    void decidesForOneSideWhenOperationAndCallerRace() throws Exception {
        for (int round = 0; round < 2000; round++) {
            AtomicInteger abandoned = new AtomicInteger();
            ToolkitFuture<String> future = new ToolkitFuture<>(loop, abandoned::incrementAndGet);
            CountDownLatch start = new CountDownLatch(1);
            Future<Boolean> operation = otherLoop.submit(() -> {
                start.await();
                return future.succeed("done");
            });
            start.countDown();
            boolean cancelled = future.cancel(true);
            boolean succeeded = operation.get(30, SECONDS);
            on(loop, () -> true); // whatever was posted to the loop has run

            assertThat(succeeded).as("round %d", round).isNotEqualTo(cancelled);
            assertThat(abandoned.get()).as("round %d", round).isEqualTo(cancelled ? 1 : 0);
            assertThat(future.isCancelled()).as("round %d", round).isEqualTo(cancelled);
        }
    }

    @Test
    void canBeInterruptedWhileItWaits() {
        ToolkitFuture<String> future = new ToolkitFuture<>(loop);
        Thread.currentThread().interrupt();

        assertThatThrownBy(future::get).isInstanceOf(InterruptedException.class);
        assertThat(future.cancel(true)).isTrue();
        assertThatThrownBy(future::get).isInstanceOf(CancellationException.class);
    }

    @FunctionalInterface
    private interface Wait {
        Object run() throws Exception;
    }

    private static Throwable thrownBy(Wait wait) {
        try {
            wait.run();
            return null;
        } catch (Throwable thrown) {
            return thrown;
        }
    }

    private static String messageOf(Throwable thrown) {
        assertThat(thrown).isExactlyInstanceOf(IllegalStateException.class);
        return thrown.getMessage();
    }

    private static <T> T on(EventExecutor executor, Callable<T> task) throws InterruptedException, ExecutionException {
        return executor.submit(task).get();
    }
}
