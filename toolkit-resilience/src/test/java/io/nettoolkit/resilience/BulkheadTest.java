package io.nettoolkit.resilience;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nettoolkit.core.EventLoops;
import io.nettoolkit.core.RejectedException;
import io.nettoolkit.core.RejectedException.Reason;
import io.nettoolkit.testkit.LeakCheck;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakCheck.class)
class BulkheadTest {

    private final CallRig rig = new CallRig();

    @AfterEach
    void close() {
        rig.close();
    }

    private Bulkhead.Builder bulkhead(int maxConcurrent) {
        return Bulkhead.builder(maxConcurrent)
                .timeSource(rig.clock)
                .scheduler(rig.loop)
                .parking(rig.parking);
    }

    @Test
    void letsInSoManyAtOnce() {
        Bulkhead bulkhead = bulkhead(2).build();

        assertThat(bulkhead.tryAcquire()).isTrue();
        assertThat(bulkhead.tryAcquire()).isTrue();
        assertThat(bulkhead.tryAcquire()).isFalse();
        bulkhead.release();
        assertThat(bulkhead.tryAcquire()).isTrue();
        assertThat(bulkhead.stats()).isEqualTo(new Bulkhead.Stats(2, 0, 3, 1, 0, 0));
    }

    @Test
    void aReleaseTooManyIsAMistake() {
        Bulkhead bulkhead = bulkhead(1).build();

        assertThatIllegalStateException()
                .isThrownBy(bulkhead::release)
                .withMessageContaining("released more often than acquired");
        assertThat(bulkhead.tryAcquire()).isTrue();
        assertThat(bulkhead.tryAcquire()).isFalse();
    }

    @Test
    void servesWaitersInOrderAndIsNotOvertaken() {
        Bulkhead bulkhead = bulkhead(1).maxPending(2).build();
        bulkhead.tryAcquire();
        CompletableFuture<Void> first = bulkhead.acquire(rig.in(1000));
        CompletableFuture<Void> second = bulkhead.acquire(rig.in(1000));

        bulkhead.release();
        assertThat(bulkhead.tryAcquire()).isFalse();
        rig.advance(0);
        assertThat(first).isCompleted();
        assertThat(second).isNotDone();
        bulkhead.release();
        rig.advance(0);
        assertThat(second).isCompleted();
        bulkhead.release();
        assertThat(bulkhead.stats().inFlight()).isZero();
    }

    @Test
    void aFullQueueRefusesAtOnce() {
        Bulkhead bulkhead = bulkhead(1).maxPending(1).build();
        bulkhead.tryAcquire();
        bulkhead.acquire(rig.in(1000));

        assertThat(CallRig.failure(bulkhead.acquire(rig.in(1000))))
                .isInstanceOfSatisfying(RejectedException.class, refusal -> {
                    assertThat(refusal.reason()).isEqualTo(Reason.PENDING_LIMIT);
                    assertThat(refusal).hasMessageContaining("1 of 1 calls are under way, 1 of 1 places");
                });
    }

    /** Failsafe's issues 365 and 393 (pull request 400): a waiter that timed out took a permit with it, for ever. */
    @Test
    void aWaiterThatTimesOutTakesNoPermit() {
        Bulkhead bulkhead =
                bulkhead(1).maxPending(3).maxWait(Duration.ofMillis(50)).build();
        for (int round = 0; round < 10; round++) {
            assertThat(bulkhead.tryAcquire()).isTrue();
            CompletableFuture<Void> late = bulkhead.acquire(rig.in(1000));
            CompletableFuture<Void> later = bulkhead.acquire(rig.in(20));
            rig.advance(20);
            assertThat(CallRig.failure(later)).hasMessageContaining("no permit within PT0.02S");
            rig.advance(30);
            assertThat(CallRig.failure(late))
                    .isInstanceOfSatisfying(
                            RejectedException.class,
                            refusal -> assertThat(refusal.reason()).isEqualTo(Reason.BULKHEAD_FULL));
            bulkhead.release();
            rig.advance(0);
            assertThat(bulkhead.stats().inFlight()).isZero();
            assertThat(bulkhead.stats().queued()).isZero();
        }
        assertThat(bulkhead.stats().expired()).isEqualTo(20);
    }

    @Test
    void aCancelBetweenGrantAndHandOverGivesThePermitBack() {
        Bulkhead bulkhead = bulkhead(1).maxPending(1).build();
        bulkhead.tryAcquire();
        CompletableFuture<Void> waiter = bulkhead.acquire(rig.in(1000));

        bulkhead.release();
        assertThat(waiter.cancel(false)).isTrue();
        rig.advance(0);

        assertThat(bulkhead.stats().inFlight()).isZero();
        assertThat(bulkhead.tryAcquire()).isTrue();
    }

    @Test
    void aCancelledWaiterLeavesItsPlaceToAnother() {
        Bulkhead bulkhead = bulkhead(1).maxPending(1).build();
        bulkhead.tryAcquire();
        bulkhead.acquire(rig.in(1000)).cancel(false);
        CompletableFuture<Void> other = bulkhead.acquire(rig.in(1000));

        assertThat(other).isNotDone();
        bulkhead.release();
        rig.advance(0);
        assertThat(other).isCompleted();
        assertThat(bulkhead.stats()).isEqualTo(new Bulkhead.Stats(1, 0, 2, 0, 0, 1));
    }

    @Test
    void aCallHasItsPermitUntilItsStageIsComplete() {
        Bulkhead bulkhead = bulkhead(1).maxPending(1).build();
        List<CompletableFuture<String>> stages = new ArrayList<>();
        List<CompletableFuture<String>> answers = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            answers.add(bulkhead.executeAsync(() -> {
                CompletableFuture<String> stage = new CompletableFuture<>();
                stages.add(stage);
                return stage;
            }));
        }

        assertThat(stages).hasSize(1);
        assertThat(CallRig.failure(answers.get(2))).isInstanceOf(RejectedException.class);
        stages.get(0).complete("first");
        assertThat(answers.get(0)).isCompletedWithValue("first");
        rig.advance(0);
        assertThat(stages).hasSize(2);
        stages.get(1).completeExceptionally(new IllegalStateException("second"));
        assertThat(CallRig.failure(answers.get(1))).hasMessage("second");
        assertThat(bulkhead.stats()).isEqualTo(new Bulkhead.Stats(0, 0, 2, 1, 0, 0));
    }

    @Test
    void aCancelledCallGivesItsPermitBackThoughItsStageNeverEnds() {
        Bulkhead bulkhead = bulkhead(1).build();
        CompletableFuture<String> answer =
                bulkhead.executeAsync(() -> new CompletableFuture<String>().minimalCompletionStage());

        answer.cancel(false);

        assertThat(bulkhead.stats().inFlight()).isZero();
    }

    /** A long queue of calls that end at once is no recursion. */
    @Test
    void aLongQueueOfShortCallsDoesNotDeepenTheStack() {
        int waiters = 50_000;
        Bulkhead bulkhead = bulkhead(1).maxPending(waiters).build();
        bulkhead.tryAcquire();
        List<CompletableFuture<String>> answers = new ArrayList<>();
        for (int i = 0; i < waiters; i++) {
            answers.add(bulkhead.executeAsync(() -> CompletableFuture.completedFuture("short")));
        }
        bulkhead.release();
        rig.advance(0);

        assertThat(answers).allMatch(CompletableFuture::isDone);
        assertThat(bulkhead.stats().inFlight()).isZero();
    }

    @Test
    void aThreadWaitsAndIsServed() throws Exception {
        Bulkhead bulkhead = Bulkhead.builder(1).maxPending(1).build();
        bulkhead.tryAcquire();
        CompletableFuture<String> answer = CompletableFuture.supplyAsync(() -> {
            try {
                return bulkhead.execute(() -> "served");
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        });
        while (bulkhead.stats().queued() == 0) {
            Thread.onSpinWait();
        }
        assertThat(answer).isNotDone();
        bulkhead.release();

        assertThat(answer.get(10, TimeUnit.SECONDS)).isEqualTo("served");
        assertThat(bulkhead.stats().inFlight()).isZero();
    }

    @Test
    void aThreadWaitsNoLongerThanItsDeadline() {
        Bulkhead bulkhead = bulkhead(1).maxPending(1).build();
        bulkhead.tryAcquire();

        assertThatThrownBy(() -> bulkhead.acquireBlocking(rig.in(300)))
                .isInstanceOf(RejectedException.class)
                .hasMessageContaining("no permit within PT0.3S");
        assertThat(rig.elapsedMillis()).isEqualTo(300);
        assertThat(bulkhead.stats()).isEqualTo(new Bulkhead.Stats(1, 0, 1, 0, 1, 0));
    }

    /** The way to Failsafe's lost permits (issue 393, pull request 400): threads that time out, as many as permits. */
    @Test
    void threadsThatTimeOutTakeNoPermits() {
        int permits = 8;
        Bulkhead bulkhead = bulkhead(permits).maxPending(permits).build();
        for (int i = 0; i < permits; i++) {
            assertThat(bulkhead.tryAcquire()).isTrue();
        }
        for (int i = 0; i < permits; i++) {
            assertThatThrownBy(() -> bulkhead.acquireBlocking(rig.in(50)))
                    .isInstanceOf(RejectedException.class)
                    .hasMessageContaining("no permit within");
        }

        for (int i = 0; i < permits; i++) {
            bulkhead.release();
        }
        rig.advance(0);

        assertThat(bulkhead.stats().inFlight()).isZero();
        for (int i = 0; i < permits; i++) {
            assertThat(bulkhead.tryAcquire()).isTrue();
        }
    }

    @Test
    void anInterruptEndsTheWait() {
        Bulkhead bulkhead = bulkhead(1)
                .maxPending(1)
                .parking((blocker, nanos) -> Thread.currentThread().interrupt())
                .build();
        bulkhead.tryAcquire();

        assertThatThrownBy(() -> bulkhead.acquireBlocking(rig.in(300))).isInstanceOf(InterruptedException.class);
        assertThat(bulkhead.stats()).isEqualTo(new Bulkhead.Stats(1, 0, 1, 0, 0, 1));
    }

    @Test
    void refusesToParkAnEventLoopAndOnlyThat() throws Exception {
        Bulkhead waits = Bulkhead.builder(1).maxPending(1).build();
        Bulkhead waitsNever = Bulkhead.builder(1).build();

        assertThatThrownBy(() -> EventLoops.shared()
                        .next()
                        .submit(() -> waits.execute(() -> "no"))
                        .get(10, TimeUnit.SECONDS))
                .cause()
                .hasMessageContaining("would block an event loop");
        assertThat(EventLoops.shared()
                        .next()
                        .submit(() -> waitsNever.execute(() -> "yes"))
                        .get(10, TimeUnit.SECONDS))
                .isEqualTo("yes");
    }

    @Test
    void badArgumentsAreRefusedAtTheCall() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Bulkhead.builder(0))
                .withMessage("maxConcurrent: 0 (must be 1 to 1048575)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Bulkhead.builder(1).maxPending(-1))
                .withMessage("maxPending: -1 (must be 0 to 1048575)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Bulkhead.builder(1).maxWait(Duration.ofDays(400)))
                .withMessageStartingWith("maxWait: ");
        assertThat(bulkhead(3).build().toString()).contains("maxConcurrent=3", "maxPending=0");
    }
}
