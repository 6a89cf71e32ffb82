package io.nettoolkit.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.EventExecutor;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class EventLoopsTest {

    @ParameterizedTest
    @EnumSource(Transport.class)
    void namesThreadsByTransportAndNumber(Transport transport) throws Exception {
        assumeTrue(transport.isAvailable());
        try (EventLoops loops = EventLoops.builder()
                .transport(transport)
                .threads(2)
                .name("orders")
                .build()) {
            List<String> names = new ArrayList<>();
            for (EventExecutor loop : loops.group()) {
                names.add(loop.submit(() -> Thread.currentThread().getName()).get());
            }
            String prefix = "orders-" + transport.name().toLowerCase(java.util.Locale.ROOT);
            assertThat(names).containsExactly(prefix + "-1", prefix + "-2");
        }
    }

    @Test
    void namesAThreadByItsLoopEvenWhenTheLastLoopStartsFirst() throws Exception {
        try (EventLoops loops = EventLoops.builder().threads(3).name("x").build()) {
            loops.next();
            loops.next();
            assertThat(loops.next()
                            .submit(() -> Thread.currentThread().getName())
                            .get())
                    .endsWith("-3");
        }
    }

    @Test
    void ownThreadsKeepTheJvmAliveAndSharedOnesDoNot() throws Exception {
        try (EventLoops own = EventLoops.builder().threads(1).build()) {
            assertThat(own.next()
                            .submit(() -> Thread.currentThread().isDaemon())
                            .get())
                    .isFalse();
        }
        assertThat(EventLoops.shared()
                        .next()
                        .submit(() -> Thread.currentThread().isDaemon())
                        .get())
                .isTrue();
    }

    @Test
    void makesAsManyLoopsAsProcessorsByDefault() {
        try (EventLoops loops = EventLoops.builder().build()) {
            assertThat(loops.stats().threads()).isEqualTo(Runtime.getRuntime().availableProcessors());
            assertThat(loops.allocator()).isSameAs(ByteBufAllocator.DEFAULT);
            assertThat(loops.transport()).isEqualTo(Transport.best());
        }
    }

    @Test
    void closeWaitsForTasksThatAreQueuedAlready() {
        EventLoops loops = EventLoops.builder().threads(1).build();
        CompletableFuture<String> first = new CompletableFuture<>();
        CompletableFuture<String> second = new CompletableFuture<>();
        loops.next().execute(() -> {
            first.complete("ran");
            loops.next().execute(() -> second.complete("ran"));
        });
        loops.close();
        assertThat(first).isCompletedWithValue("ran");
        assertThat(second).isCompletedWithValue("ran");
        assertThat(loops.group().isTerminated()).isTrue();
        assertThatThrownBy(() -> loops.next().execute(() -> {})).isInstanceOf(RejectedExecutionException.class);
    }

    @Test
    void closeTwiceIsCloseOnce() {
        EventLoops loops = EventLoops.builder().threads(1).build();
        loops.close();
        loops.close();
        assertThat(loops.closeAsync()).succeedsWithin(10, TimeUnit.SECONDS);
    }

    @Test
    void closeFromALoopOfItsOwnDoesNotWait() throws Exception {
        EventLoops loops = EventLoops.builder().threads(1).build();
        EventLoop loop = loops.next();
        // a close that waited here would wait for this very task, for ever
        loop.submit(loops::close).get(30, TimeUnit.SECONDS);
        assertThat(loop.terminationFuture().await(30, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void closeFromALoopOfOthersDoesNotWaitEither() throws Exception {
        EventLoops blocked = EventLoops.builder().threads(1).build();
        CountDownLatch release = new CountDownLatch(1);
        blocked.next().execute(() -> awaitUninterruptibly(release));
        try (EventLoops others = EventLoops.builder().threads(1).build()) {
            others.next().submit(blocked::close).get(30, TimeUnit.SECONDS);
            assertThat(blocked.group().isShuttingDown()).isTrue();
            assertThat(blocked.group().isTerminated()).isFalse();
        }
        release.countDown();
        assertThat(blocked.group().terminationFuture().await(30, TimeUnit.SECONDS))
                .isTrue();
    }

    @Test
    void anInterruptEndsTheWaitingForClose() throws Exception {
        EventLoops loops = EventLoops.builder().threads(1).build();
        CountDownLatch release = new CountDownLatch(1);
        loops.next().execute(() -> awaitUninterruptibly(release));
        Thread.currentThread().interrupt();
        loops.close();
        assertThat(Thread.interrupted()).isTrue();
        assertThat(loops.group().isTerminated()).isFalse();
        release.countDown();
        assertThat(loops.group().terminationFuture().await(30, TimeUnit.SECONDS))
                .isTrue();
    }

    @Test
    void closingTheSharedLoopsDoesNothing() throws Exception {
        EventLoops shared = EventLoops.shared();
        shared.close();
        assertThat(shared.closeAsync()).isCompleted();
        assertThat(shared).isSameAs(EventLoops.shared());
        assertThat(shared.next().submit(() -> "alive").get()).isEqualTo("alive");
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void showsWhyTheOtherTransportsWereNotChosen() {
        assumeTrue(Transport.EPOLL.isAvailable() && Transport.IO_URING.isAvailable());
        try (EventLoops best = EventLoops.builder().threads(1).build();
                EventLoops asked =
                        EventLoops.builder().threads(1).transport(Transport.NIO).build()) {
            assertThat(best.stats().notChosen())
                    .containsEntry(Transport.IO_URING, "available; used only when asked for")
                    .containsEntry(Transport.NIO, "available; EPOLL is preferred")
                    .containsEntry(Transport.KQUEUE, "kqueue needs macOS or a BSD; this is Linux")
                    .doesNotContainKey(Transport.EPOLL);
            assertThat(asked.stats().notChosen()).containsEntry(Transport.EPOLL, "available; NIO was asked for");
            assertThat(best).asString().contains("transport=EPOLL").contains("KQUEUE=kqueue needs macOS");
        }
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void refusesATransportThatIsNotAvailableAndSaysWhy() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> EventLoops.builder().transport(Transport.KQUEUE))
                .withMessage("transport: KQUEUE (must be available; kqueue needs macOS or a BSD; this is Linux)");
    }

    @Test
    void countsTasksThatWait() throws Exception {
        try (EventLoops loops = EventLoops.builder().threads(2).build()) {
            CountDownLatch started = new CountDownLatch(1);
            CountDownLatch release = new CountDownLatch(1);
            EventLoop loop = loops.next();
            loop.execute(() -> {
                started.countDown();
                awaitUninterruptibly(release);
            });
            assertThat(started.await(30, TimeUnit.SECONDS)).isTrue();
            loop.execute(() -> {});
            loop.execute(() -> {});
            // a heartbeat of the watchdog may be among them
            assertThat(loops.stats().pendingTasks()).isBetween(2L, 3L);
            release.countDown();
        }
    }

    @Test
    void takesTheAllocatorItIsGiven() {
        ByteBufAllocator allocator = UnpooledByteBufAllocator.DEFAULT;
        try (EventLoops loops =
                EventLoops.builder().threads(1).allocator(allocator).build()) {
            assertThat(loops.allocator()).isSameAs(allocator);
        }
    }

    @Test
    void badArgumentsAreRefusedAtTheCall() {
        EventLoops.Builder builder = EventLoops.builder();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.threads(0))
                .withMessage("threads: 0 (must be 1 or more)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.name(" "))
                .withMessage("name: \" \" (must not be blank)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.stallThreshold(Duration.ofMillis(49)))
                .withMessage("stallThreshold: PT0.049S (must be zero or at least PT0.05S)");
        assertThatIllegalArgumentException().isThrownBy(() -> builder.stallThreshold(Duration.ofMillis(-1)));
        assertThatNullPointerException()
                .isThrownBy(() -> builder.transport(null))
                .withMessage("transport: must not be null");
        assertThatNullPointerException().isThrownBy(() -> builder.allocator(null));
        assertThatNullPointerException().isThrownBy(() -> builder.listener(null));
    }

    private static void awaitUninterruptibly(CountDownLatch latch) {
        try {
            if (!latch.await(60, TimeUnit.SECONDS)) {
                throw new AssertionError("never released");
            }
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
