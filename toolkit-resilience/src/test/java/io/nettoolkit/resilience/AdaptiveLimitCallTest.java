package io.nettoolkit.resilience;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.RejectedException;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;

/** The two ways to make a call under an adaptive limit. */
class AdaptiveLimitCallTest {

    @Test
    void executesAndGivesThePlaceBack() throws Exception {
        AdaptiveLimit limit = AdaptiveLimit.aimd().initial(1).build();

        assertThat(limit.<String>execute(() -> {
                    assertThat(limit.inFlight()).isEqualTo(1);
                    assertThatThrownBy(() -> limit.execute(() -> "nested"))
                            .isInstanceOfSatisfying(RejectedException.class, refused -> {
                                assertThat(refused.reason()).isEqualTo(RejectedException.Reason.OVERLOADED);
                                assertThat(refused.policy()).isEqualTo("adaptive-limit");
                            });
                    return "done";
                }))
                .isEqualTo("done");
        assertThatThrownBy(() -> limit.execute(() -> {
                    throw new IOException("broken");
                }))
                .isInstanceOf(IOException.class);

        assertThat(limit.inFlight()).isZero();
        assertThat(limit.stats().succeeded()).isEqualTo(1);
        assertThat(limit.stats().failed()).isEqualTo(1);
        assertThat(limit.stats().refused()).isEqualTo(1);
    }

    @Test
    void takesATimeoutForAnOverload() {
        AdaptiveLimit limit = AdaptiveLimit.aimd().build();

        assertThatThrownBy(() -> limit.execute(() -> {
                    throw new TimeoutException("late");
                }))
                .isInstanceOf(TimeoutException.class);

        assertThat(limit.stats().overloaded()).isEqualTo(1);
    }

    @Test
    void executesAsynchronously() {
        AdaptiveLimit limit = AdaptiveLimit.aimd().initial(1).build();
        CompletableFuture<String> inner = new CompletableFuture<>();

        CompletableFuture<String> outer = limit.executeAsync(() -> inner);
        assertThat(limit.inFlight()).isEqualTo(1);
        assertThat(limit.executeAsync(() -> inner))
                .isCompletedExceptionally()
                .failsWithin(Duration.ZERO)
                .withThrowableThat()
                .withCauseInstanceOf(RejectedException.class);

        inner.complete("done");
        assertThat(outer.join()).isEqualTo("done");
        assertThat(limit.inFlight()).isZero();
        assertThat(limit.executeAsync(() -> CompletableFuture.completedFuture("now")))
                .isCompletedWithValue("now");
    }

    @Test
    void cancelReachesTheCall() {
        AdaptiveLimit limit = AdaptiveLimit.aimd().build();
        CompletableFuture<String> inner = new CompletableFuture<>();
        CompletableFuture<Void> ended = inner.handle((result, failure) -> null);

        limit.executeAsync(() -> inner).cancel(true);

        ended.join();
        assertThat(inner).isCancelled();
        assertThat(limit.inFlight()).isZero();
        assertThat(limit.stats().ignored()).isEqualTo(1);
    }

    /** A call that nobody can stop and that never ends would keep its place for ever. */
    @Test
    void aTimeoutOfTheCallerGivesThePlaceBackAtOnceAndIsAnOverload() {
        AdaptiveLimit limit = AdaptiveLimit.aimd().build();
        CompletableFuture<String> inner = new CompletableFuture<>();

        CompletableFuture<String> outer =
                limit.executeAsync(inner::minimalCompletionStage).orTimeout(1, TimeUnit.MILLISECONDS);

        assertThatThrownBy(outer::join).hasCauseInstanceOf(TimeoutException.class);
        Deadline patience = Deadline.after(Duration.ofSeconds(20));
        while (limit.inFlight() > 0 && !patience.isExpired()) {
            Thread.onSpinWait();
        }
        assertThat(limit.inFlight()).isZero();
        assertThat(limit.stats().overloaded()).isEqualTo(1);
        inner.complete("late");
        assertThat(limit.stats().succeeded()).isZero();
    }

    @Test
    void aSupplierThatThrowsOrAnswersNullFailsTheFuture() {
        AdaptiveLimit limit = AdaptiveLimit.aimd().build();

        CompletableFuture<Object> thrown = limit.executeAsync(() -> {
            throw new IllegalStateException("broken");
        });
        CompletableFuture<Object> none = limit.executeAsync(() -> null);

        assertThat(thrown).isCompletedExceptionally();
        assertThat(none).isCompletedExceptionally();
        assertThat(limit.inFlight()).isZero();
        assertThat(limit.stats().failed()).isEqualTo(2);
    }
}
