package io.nettoolkit.resilience;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.core.TimeSource;
import io.nettoolkit.testkit.LeakCheck;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Random use of one bulkhead, with cancels, time-outs and exceptions at every step: nothing is ever lost. */
@ExtendWith(LeakCheck.class)
class BulkheadModelTest {

    private static final int SEEDS = 150;
    private static final int STEPS = 200;

    /** One call of a run. */
    private static final class Call {
        final CompletableFuture<String> stage = new CompletableFuture<>();
        CompletableFuture<String> answer;
        boolean started;
        boolean over;
    }

    @Test
    void inVirtualTimePermitsAndPlacesStayWithinTheirBoundsAndComeBack() {
        for (long seed = 0; seed < SEEDS; seed++) {
            String which = "seed " + seed;
            Random random = new Random(seed);
            int limit = 1 + random.nextInt(4);
            int bound = random.nextInt(4);
            try (CallRig rig = new CallRig()) {
                Bulkhead bulkhead = Bulkhead.builder(limit)
                        .maxPending(bound)
                        .maxWait(Duration.ofMillis(1 + random.nextInt(50)))
                        .timeSource(rig.clock)
                        .scheduler(rig.loop)
                        .build();
                List<Call> calls = new ArrayList<>();
                for (int step = 0; step < STEPS; step++) {
                    step(random, rig, bulkhead, calls);
                    long running = calls.stream()
                            .filter(call -> call.started && !call.over)
                            .count();
                    assertThat(running).as(which).isLessThanOrEqualTo(limit);
                    assertThat(bulkhead.stats().inFlight()).as(which).isBetween((int) running, limit);
                    assertThat(bulkhead.stats().queued()).as(which).isBetween(0, bound);
                }
                for (Call call : calls) {
                    call.over = true;
                    call.stage.complete("end");
                    rig.advance(0);
                }
                rig.advance(100);
                for (Call call : calls) {
                    call.stage.complete("end");
                }
                rig.advance(100);

                assertThat(calls).as(which).allMatch(call -> call.answer.isDone());
                Bulkhead.Stats end = bulkhead.stats();
                assertThat(end.inFlight()).as(which).isZero();
                assertThat(end.queued()).as(which).isZero();
                for (int i = 0; i < limit; i++) {
                    assertThat(bulkhead.tryAcquire()).as(which).isTrue();
                }
                assertThat(bulkhead.tryAcquire()).as(which).isFalse();
            }
        }
    }

    private static void step(Random random, CallRig rig, Bulkhead bulkhead, List<Call> calls) {
        Call any = calls.isEmpty() ? null : calls.get(random.nextInt(calls.size()));
        switch (random.nextInt(7)) {
            case 0, 1 -> {
                Call call = new Call();
                calls.add(call);
                int kind = random.nextInt(5);
                call.answer = bulkhead.executeAsync(() -> {
                    call.started = true;
                    if (kind == 0) {
                        call.over = true;
                        throw new IllegalStateException("thrown");
                    }
                    if (kind == 1) {
                        call.over = true;
                        return null;
                    }
                    return kind == 2 ? call.stage.minimalCompletionStage() : call.stage;
                });
            }
            case 2 -> rig.advance(random.nextInt(20));
            case 3 -> rig.advance(0);
            case 4 -> {
                if (any != null && any.started) {
                    any.over = true;
                    any.stage.complete("done");
                }
            }
            case 5 -> {
                if (any != null && any.started) {
                    any.over = true;
                    any.stage.completeExceptionally(new IllegalStateException("failed"));
                }
            }
            default -> {
                if (any != null) {
                    any.over = true;
                    any.answer.cancel(true);
                }
            }
        }
    }

    @Test
    void withManyThreadsNoPermitIsLostOrMade() throws Exception {
        int threads = 4;
        int limit = 3;
        Bulkhead bulkhead = Bulkhead.builder(limit)
                .maxPending(2)
                .maxWait(Duration.ofMillis(1))
                .build();
        AtomicInteger inside = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        CyclicBarrier start = new CyclicBarrier(threads);
        ExecutorService executor = Executors.newFixedThreadPool(threads);
        try {
            List<Future<?>> runs = new ArrayList<>();
            for (int t = 0; t < threads; t++) {
                Random random = new Random(t);
                runs.add(executor.submit(() -> {
                    start.await();
                    for (int i = 0; i < 10_000; i++) {
                        useOnce(random, bulkhead, inside, most);
                    }
                    return null;
                }));
            }
            for (Future<?> run : runs) {
                run.get(60, TimeUnit.SECONDS);
            }
        } finally {
            executor.shutdownNow();
        }

        // Permits of waiters that gave up may still be on their way back over a loop.
        long until = TimeSource.system().nanoTime() + TimeUnit.SECONDS.toNanos(10);
        while (bulkhead.stats().inFlight() > 0 && TimeSource.system().nanoTime() - until < 0) {
            Thread.onSpinWait();
        }
        assertThat(bulkhead.stats().inFlight()).isZero();
        assertThat(bulkhead.stats().queued()).isZero();
        assertThat(most.get()).isBetween(1, limit);
    }

    private static void useOnce(Random random, Bulkhead bulkhead, AtomicInteger inside, AtomicInteger most)
            throws Exception {
        switch (random.nextInt(3)) {
            case 0 -> {
                if (bulkhead.tryAcquire()) {
                    enter(inside, most);
                    inside.decrementAndGet();
                    bulkhead.release();
                }
            }
            case 1 -> {
                try {
                    bulkhead.execute(() -> {
                        enter(inside, most);
                        return inside.decrementAndGet();
                    });
                } catch (RejectedExecutionException refused) {
                    Thread.onSpinWait();
                }
            }
            default -> {
                CompletableFuture<Integer> answer = bulkhead.executeAsync(() -> {
                    enter(inside, most);
                    return CompletableFuture.completedFuture(inside.decrementAndGet());
                });
                if (random.nextBoolean()) {
                    answer.cancel(true);
                } else {
                    try {
                        answer.join();
                    } catch (CompletionException refused) {
                        Thread.onSpinWait();
                    }
                }
            }
        }
    }

    private static void enter(AtomicInteger inside, AtomicInteger most) {
        int now = inside.incrementAndGet();
        most.accumulateAndGet(now, Math::max);
    }
}
