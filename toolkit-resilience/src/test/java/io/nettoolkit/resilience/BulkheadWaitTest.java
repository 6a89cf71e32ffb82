package io.nettoolkit.resilience;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.EventLoops;
import io.nettoolkit.core.RejectedException;
import io.nettoolkit.core.RejectedException.Reason;
import io.nettoolkit.testkit.LeakCheck;
import io.netty.channel.EventLoopGroup;
import io.netty.util.concurrent.EventExecutor;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What a wait for a permit leaves behind, however it ends and whenever. */
@ExtendWith(LeakCheck.class)
class BulkheadWaitTest {

    /** What the embedded loop answers where nothing is scheduled on it. */
    private static final long NOTHING_SCHEDULED = -1;

    private final CallRig rig = new CallRig();

    @AfterEach
    void close() {
        rig.close();
    }

    private Bulkhead.Builder bulkhead() {
        return Bulkhead.builder(1)
                .maxPending(1)
                .timeSource(rig.clock)
                .scheduler(rig.loop)
                .parking(rig.parking);
    }

    private static Bulkhead taken(Bulkhead.Builder builder) {
        Bulkhead bulkhead = builder.build();
        assertThat(bulkhead.tryAcquire()).isTrue();
        return bulkhead;
    }

    private long nextAlarmNanos() {
        return rig.channel.runScheduledPendingTasks();
    }

    /** The loop, but something happens between a call of its schedule and the return. */
    private EventExecutor scheduling(UnaryOperator<Object> hook) {
        return (EventExecutor) Proxy.newProxyInstance(
                getClass().getClassLoader(), new Class<?>[] {EventExecutor.class}, (proxy, method, arguments) -> {
                    Object answer = method.invoke(rig.loop, arguments);
                    return "schedule".equals(method.getName()) ? hook.apply(answer) : answer;
                });
    }

    @Test
    void aThreadThatFindsTheQueueFullIsRefused() {
        Bulkhead bulkhead = taken(bulkhead());
        CompletableFuture<Void> waiting = bulkhead.acquire(rig.in(1000));

        assertThatThrownBy(() -> bulkhead.acquireBlocking(rig.in(1000)))
                .isInstanceOfSatisfying(
                        RejectedException.class,
                        refusal -> assertThat(refusal.reason()).isEqualTo(Reason.PENDING_LIMIT));

        assertThat(rig.elapsedMillis()).isZero();
        assertThat(waiting).isNotDone();
        assertThat(bulkhead.stats()).isEqualTo(new Bulkhead.Stats(1, 1, 1, 1, 0, 0));
    }

    @Test
    void aThreadThatIsServedWhileItParksHasThePermit() throws Exception {
        List<Bulkhead> released = new ArrayList<>();
        Bulkhead bulkhead =
                taken(bulkhead().parking((blocker, nanos) -> released.get(0).release()));
        released.add(bulkhead);

        bulkhead.acquireBlocking(rig.in(1000));

        assertThat(bulkhead.stats()).isEqualTo(new Bulkhead.Stats(1, 0, 2, 0, 0, 0));
    }

    @Test
    void waitsForTheSoonerOfDeadlineAndLongestWait() {
        Bulkhead bulkhead = taken(bulkhead().maxWait(Duration.ofMillis(50)));

        assertThatThrownBy(() -> bulkhead.acquireBlocking(rig.in(300)))
                .hasMessageContaining("no permit within PT0.05S");
        assertThat(rig.elapsedMillis()).isEqualTo(50);
        assertThatThrownBy(() -> bulkhead.acquireBlocking(rig.in(20))).hasMessageContaining("no permit within PT0.02S");
        assertThat(rig.elapsedMillis()).isEqualTo(70);
    }

    @Test
    void aPermitThatWasHandedOverSilencesTheAlarm() {
        Bulkhead bulkhead = taken(bulkhead());
        CompletableFuture<Void> waiting = bulkhead.acquire(rig.in(1000));
        assertThat(nextAlarmNanos()).isEqualTo(TimeUnit.SECONDS.toNanos(1));

        bulkhead.release();
        rig.advance(0);

        assertThat(waiting).isCompleted();
        assertThat(nextAlarmNanos()).isEqualTo(NOTHING_SCHEDULED);
    }

    @Test
    void aWaitThatWasGivenUpSilencesTheAlarm() {
        Bulkhead bulkhead = taken(bulkhead());

        bulkhead.acquire(rig.in(1000)).cancel(false);

        assertThat(nextAlarmNanos()).isEqualTo(NOTHING_SCHEDULED);
    }

    /** The permit comes before the alarm is set: who set it has to silence it, since who served knew of none. */
    @Test
    void anAlarmThatIsSetTooLateIsSilenced() {
        List<Bulkhead> served = new ArrayList<>();
        Bulkhead bulkhead = taken(bulkhead().scheduler(scheduling(alarm -> {
            served.get(0).release();
            return alarm;
        })));
        served.add(bulkhead);

        CompletableFuture<Void> waiting = bulkhead.acquire(rig.in(1000));

        assertThat(waiting).as("handed over by a task").isNotDone();
        assertThat(nextAlarmNanos()).isEqualTo(NOTHING_SCHEDULED);
        rig.advance(0);
        assertThat(waiting).isCompleted();
        assertThat(bulkhead.stats()).isEqualTo(new Bulkhead.Stats(1, 0, 2, 0, 0, 0));
    }

    @Test
    void aWaitThatCannotBeTimedEndsAtOnce() {
        Bulkhead bulkhead = taken(bulkhead().scheduler(scheduling(alarm -> {
            throw new RejectedExecutionException("shut down");
        })));

        CompletableFuture<Void> waiting = bulkhead.acquire(rig.in(1000));

        assertThat(CallRig.failure(waiting))
                .isInstanceOf(RejectedExecutionException.class)
                .hasMessage("shut down");
        assertThat(bulkhead.stats()).isEqualTo(new Bulkhead.Stats(1, 0, 1, 0, 0, 1));
        bulkhead.release();
        assertThat(bulkhead.tryAcquire()).isTrue();
    }

    @Test
    void aWaitThatCannotBeTimedKeepsAPermitThatCameBefore() {
        List<Bulkhead> served = new ArrayList<>();
        Bulkhead bulkhead = taken(bulkhead().scheduler(scheduling(alarm -> {
            served.get(0).release();
            throw new RejectedExecutionException("shut down");
        })));
        served.add(bulkhead);

        CompletableFuture<Void> waiting = bulkhead.acquire(rig.in(1000));

        rig.advance(0);
        assertThat(waiting).isCompleted();
        assertThat(bulkhead.stats()).isEqualTo(new Bulkhead.Stats(1, 0, 2, 0, 0, 0));
    }

    /** The loop of the waiter is gone when its permit comes: it is served on the thread that released. */
    @Test
    void aWaiterWhoseLoopIsGoneIsServedAllTheSame() throws Exception {
        EventLoopGroup group = rig.time.newEventLoopGroup();
        Bulkhead bulkhead = taken(bulkhead().scheduler(group.next()));
        CompletableFuture<Void> waiting = bulkhead.acquire(rig.in(1000));
        group.shutdownGracefully(0, 0, TimeUnit.MILLISECONDS).get(10, TimeUnit.SECONDS);

        bulkhead.release();

        assertThat(waiting).isCompleted();
        assertThat(bulkhead.stats()).isEqualTo(new Bulkhead.Stats(1, 0, 2, 0, 0, 0));
    }

    @Test
    void aCallThatIsCancelledInTheQueueIsNeverMade() {
        Bulkhead bulkhead = taken(bulkhead());
        CompletableFuture<String> waiting = bulkhead.executeAsync(() -> {
            throw new AssertionError("the call was made");
        });

        waiting.cancel(true);
        assertThat(bulkhead.stats()).isEqualTo(new Bulkhead.Stats(1, 0, 1, 0, 0, 1));
        bulkhead.release();
        rig.advance(0);

        assertThat(waiting).isCancelled();
        assertThat(bulkhead.stats()).isEqualTo(new Bulkhead.Stats(0, 0, 1, 0, 0, 1));
    }

    @Test
    void aCallThatIsCancelledBetweenGrantAndStartIsNeverMade() {
        Bulkhead bulkhead = taken(bulkhead());
        List<String> made = new ArrayList<>();
        CompletableFuture<String> waiting = bulkhead.executeAsync(() -> {
            made.add("call");
            return new CompletableFuture<>();
        });

        bulkhead.release();
        assertThat(bulkhead.stats().inFlight()).as("its permit is on its way").isEqualTo(1);
        waiting.cancel(true);
        assertThat(bulkhead.stats().inFlight()).isZero();
        rig.advance(0);

        assertThat(waiting).isCancelled();
        assertThat(made).isEmpty();
        assertThat(bulkhead.stats()).isEqualTo(new Bulkhead.Stats(0, 0, 2, 0, 0, 0));
    }

    @Test
    void aCallThatExpiredInTheQueueIsNeitherMadeNorHasItAPermitToGiveBack() {
        Bulkhead bulkhead = taken(bulkhead().maxWait(Duration.ofMillis(10)));
        CompletableFuture<String> waiting = bulkhead.executeAsync(() -> {
            throw new AssertionError("the call was made");
        });

        rig.advance(10);
        assertThat(CallRig.failure(waiting)).hasMessageContaining("no permit within PT0.01S");
        waiting.cancel(true);
        rig.advance(0);

        assertThat(bulkhead.stats()).isEqualTo(new Bulkhead.Stats(1, 0, 1, 0, 1, 0));
    }

    /** Its own body cancels it: there is no stage yet that could be cancelled. */
    @Test
    void aCallThatIsCancelledWhileItIsStartedIsCancelledOnceItIs() {
        Bulkhead bulkhead = taken(bulkhead());
        List<CompletableFuture<String>> answers = new ArrayList<>();
        CompletableFuture<String> stage = new CompletableFuture<>();
        answers.add(bulkhead.executeAsync(() -> {
            answers.get(0).cancel(true);
            return stage;
        }));

        bulkhead.release();
        rig.advance(0);

        assertThat(stage).isCancelled();
        assertThat(answers.get(0)).isCancelled();
        assertThat(bulkhead.stats().inFlight()).isZero();
    }

    @Test
    void aCallThatWaitedIsCancelledLikeAnyOther() {
        Bulkhead bulkhead = taken(bulkhead());
        CompletableFuture<String> stage = new CompletableFuture<>();
        CompletableFuture<String> answer = bulkhead.executeAsync(() -> stage);
        bulkhead.release();
        rig.advance(0);
        assertThat(bulkhead.stats().inFlight()).isEqualTo(1);

        answer.cancel(true);

        assertThat(stage).isCancelled();
        assertThat(bulkhead.stats().inFlight()).isZero();
    }

    @Test
    void theAnswerOfACallThatWaitedIsDelivered() {
        Bulkhead bulkhead = taken(bulkhead());
        CompletableFuture<String> stage = new CompletableFuture<>();
        CompletableFuture<String> answer = bulkhead.executeAsync(() -> stage);
        bulkhead.release();
        rig.advance(0);

        stage.complete("late");
        rig.advance(0);

        assertThat(answer).isCompletedWithValue("late");
        assertThat(bulkhead.stats().inFlight()).isZero();
    }

    @Test
    void refusesToParkAnEventLoopOrToWaitByAnotherClock() throws Exception {
        Bulkhead bulkhead = bulkhead().name("reports").build();

        assertThat(EventLoops.shared()
                        .next()
                        .submit(() -> assertThatIllegalStateException()
                                .isThrownBy(() -> bulkhead.acquireBlocking(rig.in(300)))
                                .withMessageContaining("Bulkhead.acquireBlocking"))
                        .get(10, TimeUnit.SECONDS))
                .isNotNull();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> bulkhead.acquire(Deadline.after(Duration.ofSeconds(1))))
                .withMessageStartingWith("deadline: measured on ")
                .withMessageContaining("reports");
        assertThat(bulkhead.stats().inFlight()).isZero();
    }
}
