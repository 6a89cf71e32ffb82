package io.nettoolkit.resilience;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nettoolkit.core.EventLoops;
import io.nettoolkit.core.NetException;
import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.resilience.Classifier.Outcome;
import io.nettoolkit.resilience.internal.call.Parking;
import io.nettoolkit.testkit.LeakCheck;
import io.netty.util.internal.ThreadExecutorMap;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedTransferQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakCheck.class)
class TimeLimitTest {

    private final CallRig rig = new CallRig();
    private final ExecutorService executor = Executors.newCachedThreadPool();
    private final CountDownLatch begun = new CountDownLatch(1);
    private final BlockingQueue<String> seen = new LinkedTransferQueue<>();

    @AfterEach
    void close() {
        executor.shutdownNow();
        rig.close();
    }

    private TimeLimit.Builder limit(long millis) {
        return TimeLimit.builder(Duration.ofMillis(millis))
                .timeSource(rig.clock)
                .scheduler(rig.loop);
    }

    private static void isTimeout(Throwable failure) {
        assertThat(failure)
                .isInstanceOfSatisfying(
                        NetException.class,
                        timeout -> assertThat(timeout.kind()).isEqualTo(Kind.REQUEST_TIMEOUT));
    }

    @Test
    void aStageThatIsInTimeIsLeftAlone() {
        TimeLimit limit = limit(100).build();
        CompletableFuture<String> stage = new CompletableFuture<>();
        CompletableFuture<String> answer = limit.executeAsync(() -> stage);

        rig.advance(99);
        stage.complete("in time");
        rig.advance(100);

        assertThat(answer).isCompletedWithValue("in time");
        assertThat(limit.stats().timeouts()).isZero();
    }

    /** Resilience4j's issues 905, 1041, 1379 and 1427: the time is over, and the work goes on. Likewise 497 and 907. */
    @Test
    void aStageThatIsLateIsCancelled() {
        TimeLimit limit = limit(100).build();
        CompletableFuture<String> stage = new CompletableFuture<>();
        CompletableFuture<String> answer = limit.executeAsync(() -> stage);

        rig.advance(99);
        assertThat(answer).isNotDone();
        rig.advance(1);

        isTimeout(CallRig.failure(answer));
        assertThat(stage).isCancelled();
        assertThat(limit.stats().timeouts()).isEqualTo(1);
    }

    /** Resilience4j's issues 1379 and 1469: a time limit takes threads, until there are no more. */
    @Test
    void aStageTakesNoThreadButTheEventLoopOfTheCall() {
        TimeLimit limit =
                TimeLimit.builder(Duration.ofHours(1)).timeSource(rig.clock).build();
        CompletableFuture<String> stage = new CompletableFuture<>();
        List<CompletableFuture<String>> answers = new ArrayList<>();
        ThreadExecutorMap.apply(() -> answers.add(limit.executeAsync(() -> stage)), rig.loop)
                .run();

        rig.time.advance(Duration.ofHours(1));

        assertThat(answers.get(0)).isDone();
        isTimeout(CallRig.failure(answers.get(0)));
        assertThat(stage).isCancelled();
    }

    @Test
    void aCancelIsNoTimeout() {
        TimeLimit limit = limit(100).build();
        CompletableFuture<String> stage = new CompletableFuture<>();
        limit.executeAsync(() -> stage).cancel(false);
        rig.advance(1000);

        assertThat(stage).isCancelled();
        assertThat(limit.stats().timeouts()).isZero();
    }

    @Test
    void aThreadGetsItsAnswerOrItsFailure() throws Exception {
        TimeLimit limit =
                TimeLimit.builder(Duration.ofSeconds(10)).executor(executor).build();

        assertThat(limit.execute(() -> "answer")).isEqualTo("answer");
        assertThatThrownBy(() -> limit.execute(() -> {
                    throw new IOException("mine");
                }))
                .isExactlyInstanceOf(IOException.class)
                .hasMessage("mine");
    }

    private Boolean workWithoutEnd() throws InterruptedException {
        begun.countDown();
        try {
            return new CountDownLatch(1).await(1, TimeUnit.HOURS);
        } catch (InterruptedException e) {
            seen.add("interrupted");
            throw e;
        }
    }

    /** When the caller parks, this happens, once the work has begun. */
    private TimeLimit limit(long millis, Parking whileParked) {
        return limit(millis)
                .executor(executor)
                .parking((blocker, nanos) -> {
                    awaitBegun();
                    whileParked.park(blocker, nanos);
                })
                .build();
    }

    private void awaitBegun() {
        try {
            begun.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void aThreadThatIsLateIsInterrupted() throws Exception {
        TimeLimit limit = limit(100, rig.parking);

        assertThatThrownBy(() -> limit.execute(this::workWithoutEnd)).satisfies(TimeLimitTest::isTimeout);
        assertThat(seen.poll(10, TimeUnit.SECONDS)).isEqualTo("interrupted");
        assertThat(limit.stats().timeouts()).isEqualTo(1);
    }

    /** What is inside has to see a peer that is too slow, and not a caller that changed its mind. */
    @Test
    void policiesInsideCountAFailureInBothForms() throws Exception {
        BlockingQueue<Outcome> outcomes = new LinkedTransferQueue<>();
        Pipeline pipeline = FakeGate.add(
                        Pipeline.builder()
                                .timeSource(rig.clock)
                                .scheduler(rig.loop)
                                .timeLimit(limit(100, rig.parking)),
                        new FakeGate(outcomes))
                .build();

        assertThatThrownBy(() -> pipeline.execute(this::workWithoutEnd)).satisfies(TimeLimitTest::isTimeout);
        assertThat(outcomes.poll(10, TimeUnit.SECONDS)).isEqualTo(Outcome.FAILURE);

        CompletableFuture<String> answer = pipeline.executeAsync(CompletableFuture::new);
        rig.advance(100);
        isTimeout(CallRig.failure(answer));
        assertThat(outcomes.poll()).isEqualTo(Outcome.FAILURE);

        pipeline.executeAsync(CompletableFuture::new).cancel(false);
        assertThat(outcomes.poll()).isEqualTo(Outcome.IGNORED);
    }

    @Test
    void anInterruptOfTheCallerStopsTheWork() throws Exception {
        TimeLimit limit = limit(100, (blocker, nanos) -> Thread.currentThread().interrupt());

        assertThatThrownBy(() -> limit.execute(this::workWithoutEnd)).isInstanceOf(InterruptedException.class);
        assertThat(seen.poll(10, TimeUnit.SECONDS)).isEqualTo("interrupted");
    }

    @Test
    void anEventLoopIsNotParked() {
        TimeLimit limit =
                TimeLimit.builder(Duration.ofSeconds(10)).executor(executor).build();

        assertThatThrownBy(() -> EventLoops.shared()
                        .next()
                        .submit(() -> limit.execute(() -> "no"))
                        .get(10, TimeUnit.SECONDS))
                .cause()
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("TimeLimit.execute would block an event loop");
    }

    @Test
    void withoutAnExecutorAThreadIsTold() {
        assertThatIllegalStateException()
                .isThrownBy(() -> limit(100).build().execute(() -> "no"))
                .withMessageContaining("TimeLimit.builder(limit).executor(…)");
    }

    @Test
    void stagesThatEndInTimeLeaveNoTimersBehind() {
        TimeLimit limit = limit(100_000).build();
        List<CompletableFuture<String>> stages = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            CompletableFuture<String> stage = new CompletableFuture<>();
            stages.add(stage);
            limit.executeAsync(() -> stage);
        }
        stages.forEach(stage -> stage.complete("done"));

        // A channel's loop tells when its next timer is due.
        assertThat(rig.channel.runScheduledPendingTasks()).isEqualTo(-1);
    }

    @Test
    void badArgumentsAreRefusedAtTheCall() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> TimeLimit.of(Duration.ZERO))
                .withMessage("limit: PT0S (must be more than zero and at most 365 days)");
        assertThat(TimeLimit.of(Duration.ofSeconds(1)).toString()).contains("PT1S", "for stages only");
    }
}
