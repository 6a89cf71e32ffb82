package io.nettoolkit.core.internal;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.util.concurrent.DefaultEventExecutor;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.MockTicker;
import io.netty.util.concurrent.Ticker;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SharedOperationTest {

    private final MockTicker ticker = Ticker.newMockTicker();
    private final EmbeddedChannel channel =
            EmbeddedChannel.builder().ticker(ticker).build();
    private final EventExecutor loop = channel.eventLoop();
    private final AtomicInteger abandoned = new AtomicInteger();
    private final SharedOperation<String> operation = new SharedOperation<>(abandoned::incrementAndGet);

    @AfterEach
    void closeChannel() {
        channel.finishAndReleaseAll();
    }

    @Test
    void givesEveryCallerTheResultInAFutureOfItsOwn() {
        CompletableFuture<String> first = operation.join(loop);
        CompletableFuture<String> second = operation.join(loop);

        assertThat(operation.succeed("done")).isTrue();

        assertThat(first).isNotSameAs(second).isCompletedWithValue("done");
        assertThat(second).isCompletedWithValue("done");
        assertThat(abandoned).hasValue(0);
    }

    @Test
    void givesEveryCallerTheFailure() {
        CompletableFuture<String> first = operation.join(loop);
        CompletableFuture<String> second = operation.join(loop);

        assertThat(operation.fail(new IOException())).isTrue();

        assertThat(first).isCompletedExceptionally();
        assertThat(second).isCompletedExceptionally();
    }

    @Test
    void goesOnUntilTheLastCallerHasLeft() {
        CompletableFuture<String> first = operation.join(loop);
        CompletableFuture<String> second = operation.join(loop);

        first.cancel(true);
        first.cancel(true);
        assertThat(abandoned).hasValue(0);
        assertThat(second).isNotDone();
        second.cancel(true);

        assertThat(abandoned).hasValue(1);
        assertThat(operation.succeed("late")).isFalse();
    }

    @Test
    void countsATimeoutAsLeaving() {
        CompletableFuture<String> first = operation.join(loop);
        CompletableFuture<String> second = operation.join(loop);
        first.orTimeout(1, SECONDS);
        second.completeOnTimeout("default", 2, SECONDS);

        ticker.advance(1, SECONDS);
        channel.runScheduledPendingTasks();
        assertThat(abandoned).hasValue(0);
        ticker.advance(1, SECONDS);
        channel.runScheduledPendingTasks();

        assertThat(abandoned).hasValue(1);
        assertThat(second).isCompletedWithValue("default");
    }

    @Test
    void servesThoseWhoStay() {
        CompletableFuture<String> leaving = operation.join(loop);
        CompletableFuture<String> staying = operation.join(loop);
        leaving.cancel(true);

        assertThat(operation.succeed("done")).isTrue();

        assertThat(staying).isCompletedWithValue("done");
        assertThat(leaving).isCancelled();
        assertThat(abandoned).hasValue(0);
    }

    @Test
    void takesNobodyInOnceItIsOver() {
        operation.join(loop);
        operation.succeed("done");
        assertThat(operation.join(loop)).isNull();
        assertThat(operation.fail(new IOException())).isFalse();

        SharedOperation<String> given = new SharedOperation<>(abandoned::incrementAndGet);
        given.join(loop).cancel(true);
        assertThat(given.join(loop)).isNull();
        assertThat(abandoned).hasValue(1);
    }

    @Test
    void endsExactlyOnceWhenCallersComeAndGoAtTheSameTime() throws Exception {
        long seed = 20261121;
        DefaultEventExecutor executor = new DefaultEventExecutor();
        for (int round = 0; round < 300; round++) {
            AtomicInteger ends = new AtomicInteger();
            SharedOperation<String> shared = new SharedOperation<>(ends::incrementAndGet);
            CompletableFuture<String> firstCaller = shared.join(executor);
            CountDownLatch start = new CountDownLatch(1);
            List<Thread> threads = new ArrayList<>();
            boolean result = new Random(seed + round).nextBoolean();
            AtomicInteger taken = new AtomicInteger();
            for (int i = 0; i < 3; i++) {
                threads.add(new Thread(() -> {
                    await(start);
                    CompletableFuture<String> caller = shared.join(executor);
                    if (caller != null) {
                        caller.cancel(true);
                    }
                }));
            }
            threads.add(new Thread(() -> {
                await(start);
                if (result && shared.succeed("done")) {
                    taken.incrementAndGet();
                }
            }));
            threads.forEach(Thread::start);
            start.countDown();
            firstCaller.cancel(true);
            for (Thread thread : threads) {
                thread.join();
            }
            executor.submit(() -> {}).sync(); // every hook has run

            assertThat(firstCaller.isDone()).isTrue();
            if (result) {
                assertThat(ends.get() + taken.get())
                        .as("round %d of seed %d", round, seed)
                        .isLessThanOrEqualTo(1);
            } else {
                assertThat(ends).as("round %d of seed %d", round, seed).hasValue(1);
            }
        }
        executor.shutdownGracefully(0, 0, SECONDS).sync();
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
