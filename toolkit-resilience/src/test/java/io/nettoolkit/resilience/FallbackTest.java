package io.nettoolkit.resilience;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class FallbackTest {

    private static String fail() throws IOException {
        throw new IOException("mine");
    }

    private static CompletableFuture<String> failed() {
        return CompletableFuture.failedFuture(new IOException("mine"));
    }

    private static <T> T get(CompletableFuture<T> future) throws Exception {
        return future.get(10, TimeUnit.SECONDS);
    }

    @Test
    void answersForAFailure() throws Exception {
        Fallback fallback = Fallback.of("instead");

        assertThat(fallback.execute(FallbackTest::fail)).isEqualTo("instead");
        assertThat(fallback.execute(() -> "itself")).isEqualTo("itself");
        assertThat(get(fallback.executeAsync(FallbackTest::failed))).isEqualTo("instead");
        assertThat(fallback.stats()).isEqualTo(new Fallback.Stats(2, 0));
    }

    @Test
    void answersForAFailureThatComesLater() throws Exception {
        CompletableFuture<String> stage = new CompletableFuture<>();
        CompletableFuture<String> answer =
                Fallback.of(failure -> "for " + failure.getMessage()).executeAsync(() -> stage);
        stage.completeExceptionally(new IOException("mine"));

        assertThat(get(answer)).isEqualTo("for mine");
    }

    @Test
    void answersWithAStage() throws Exception {
        CompletableFuture<String> later = new CompletableFuture<>();
        CompletableFuture<String> answer = Fallback.ofStage(failure -> later).executeAsync(FallbackTest::failed);
        assertThat(answer).isNotDone();
        later.complete("instead");

        assertThat(get(answer)).isEqualTo("instead");
        assertThatIllegalStateException()
                .isThrownBy(() -> Fallback.ofStage(failure -> later).execute(FallbackTest::fail));
    }

    @Test
    void aCancelReachesTheStageItAnswersWith() throws Exception {
        CompletableFuture<String> later = new CompletableFuture<>();
        CompletableFuture<String> answer = Fallback.ofStage(failure -> later).executeAsync(FallbackTest::failed);

        answer.cancel(false);

        assertThatThrownBy(() -> get(later)).isInstanceOf(CancellationException.class);
    }

    @Test
    void answersOnlyForWhatItIsMeantFor() {
        Fallback fallback = Fallback.of("instead").when(IllegalStateException.class::isInstance);

        assertThatThrownBy(() -> fallback.execute(FallbackTest::fail)).hasMessage("mine");
        assertThatThrownBy(() -> Fallback.of("instead").execute(() -> {
                    throw new CancellationException();
                }))
                .isInstanceOf(CancellationException.class);
        assertThatThrownBy(() -> Fallback.of("instead").execute(() -> {
                    throw new AssertionError("an error");
                }))
                .hasMessage("an error");
    }

    @Test
    void aFallbackThatFailsLeavesTheFailureOfTheCall() {
        Fallback fallback = Fallback.of(failure -> {
            throw new IllegalStateException("fallback");
        });

        assertThatThrownBy(() -> fallback.execute(FallbackTest::fail))
                .hasMessage("mine")
                .satisfies(failure -> assertThat(failure.getSuppressed())
                        .singleElement()
                        .satisfies(other -> assertThat(other).hasMessage("fallback")));
        assertThatThrownBy(() -> get(fallback.executeAsync(FallbackTest::failed)))
                .cause()
                .hasMessage("mine");
        assertThatThrownBy(() -> get(Fallback.ofStage(failure -> null).executeAsync(FallbackTest::failed)))
                .cause()
                .hasMessage("mine");
        assertThatThrownBy(() -> Fallback.of("instead")
                        .when(failure -> {
                            throw new IllegalStateException("predicate");
                        })
                        .execute(FallbackTest::fail))
                .hasMessage("mine");
        assertThat(fallback.stats()).isEqualTo(new Fallback.Stats(0, 2));
    }

    @Test
    void nullIsAnAnswerOfAFunctionAlone() throws Exception {
        assertThat(Fallback.of(failure -> null).execute(FallbackTest::fail)).isNull();
        assertThatNullPointerException()
                .isThrownBy(() -> Fallback.of((Object) null))
                .withMessageContaining("of(failure -> null)");
    }
}
