package io.nettoolkit.resilience;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.core.Deadline;
import io.nettoolkit.resilience.DistributedRateLimiter.Outage;
import io.nettoolkit.resilience.DistributedRateLimiter.Source;
import io.nettoolkit.resilience.TokenStore.Grant;
import io.nettoolkit.testkit.LeakCheck;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A stage of {@link CompletableFuture#minimalCompletionStage} is a future by type, and throws when it is asked whether it is
 * done, for its result, or to be cancelled.
 */
@ExtendWith(LeakCheck.class)
class MinimalStageTest {

    private static final int PATIENCE_SECONDS = 20;
    private static final Duration SECOND = Duration.ofSeconds(1);

    /** Something's {@code executeAsync}. */
    @FunctionalInterface
    interface Policy {
        CompletableFuture<String> start(Supplier<CompletionStage<String>> call);
    }

    static Stream<Arguments> policies() {
        DistributedRateLimiter distributed = DistributedRateLimiter.builder(
                        TokenStore.inProcess(), "key", 1_000, SECOND, Outage.failOpen())
                .build();
        Pipeline pipeline = Pipeline.builder()
                .fallback(Fallback.of("fallback").when(IllegalStateException.class::isInstance))
                .retry(Retry.builder().maxAttempts(1).build())
                .circuitBreaker(CircuitBreaker.builder().build())
                .bulkhead(Bulkhead.builder(1).maxPending(1).build())
                .build();
        return Stream.of(
                policy("circuit breaker", CircuitBreaker.builder().build()::executeAsync),
                policy("rate limiter", RateLimiter.fixedWindow(1_000, SECOND).build()::executeAsync),
                policy("distributed rate limiter", distributed::executeAsync),
                policy("retry", Retry.builder().maxAttempts(1).build()::executeAsync),
                policy("bulkhead", Bulkhead.builder(1).build()::executeAsync),
                policy(
                        "bulkhead with a queue",
                        Bulkhead.builder(1).maxPending(1).build()::executeAsync),
                policy("time limit", TimeLimit.of(Duration.ofHours(1))::executeAsync),
                policy("hedge", Hedge.builder().build()::executeAsync),
                policy("fallback", Fallback.of("fallback").when(IllegalStateException.class::isInstance)::executeAsync),
                policy("adaptive limit", AdaptiveLimit.vegas().initial(1).build()::executeAsync),
                policy("load shedder", LoadShedder.builder().build()::executeAsync),
                policy("pipeline", pipeline::executeAsync));
    }

    private static Arguments policy(String name, Policy policy) {
        return Arguments.of(name, policy);
    }

    private static String end(CompletableFuture<String> future) throws Exception {
        return future.handle((result, failure) -> failure == null ? result : failure.getMessage())
                .get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("policies")
    void oneThatIsOver(String name, Policy policy) throws Exception {
        assertThat(end(policy.start(() -> CompletableFuture.completedStage("value"))))
                .isEqualTo("value");
        assertThat(end(policy.start(() -> CompletableFuture.failedStage(new IOException("down")))))
                .isEqualTo("down");
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("policies")
    void oneThatIsPending(String name, Policy policy) throws Exception {
        for (int i = 0; i < 2; i++) {
            CompletableFuture<String> call = new CompletableFuture<>();
            CompletableFuture<String> future = policy.start(call::minimalCompletionStage);
            assertThat(future).isNotDone();

            call.complete("value");

            assertThat(end(future)).isEqualTo("value");
        }
    }

    /** It does not hear of the cancel, and what its policy holds for it comes back all the same. */
    @ParameterizedTest(name = "{0}")
    @MethodSource("policies")
    void oneThatIsGivenUp(String name, Policy policy) throws Exception {
        CompletableFuture<String> call = new CompletableFuture<>();
        CompletableFuture<String> future = policy.start(call::minimalCompletionStage);

        assertThat(future.cancel(true)).isTrue();

        assertThat(future).isCancelled();
        assertThat(whenItsPlaceIsFree(policy)).isEqualTo("next");
        call.complete("late");
    }

    /** A cancel takes effect on the loop, which takes a moment. */
    private static String whenItsPlaceIsFree(Policy policy) throws Exception {
        Deadline patience = Deadline.after(Duration.ofSeconds(PATIENCE_SECONDS));
        while (true) {
            String end = end(policy.start(() -> CompletableFuture.completedStage("next")));
            if (!end.contains("are under way") || patience.isExpired()) {
                return end;
            }
        }
    }

    @Test
    void oneInPlaceOfAFailure() throws Exception {
        CompletableFuture<String> pending = new CompletableFuture<>();
        Supplier<CompletionStage<String>> down = () -> CompletableFuture.failedStage(new IOException("down"));

        assertThat(end(Fallback.ofStage(failure -> CompletableFuture.completedStage("instead"))
                        .executeAsync(down)))
                .isEqualTo("instead");
        CompletableFuture<String> later =
                Fallback.ofStage(failure -> pending.minimalCompletionStage()).executeAsync(down);
        pending.complete("later");
        assertThat(end(later)).isEqualTo("later");
    }

    static Stream<Function<Grant, CompletionStage<Grant>>> answers() {
        return Stream.of(
                CompletableFuture::completedStage,
                grant -> CompletableFuture.supplyAsync(() -> grant).minimalCompletionStage());
    }

    @ParameterizedTest
    @MethodSource("answers")
    void oneOfATokenStore(Function<Grant, CompletionStage<Grant>> answer) throws Exception {
        DistributedRateLimiter limiter = DistributedRateLimiter.builder(
                        (key, limit, unit, count, deadline) ->
                                answer.apply(new Grant(count, 0, Duration.ZERO, Duration.ZERO)),
                        "key",
                        10,
                        SECOND,
                        Outage.failClosed())
                .storeTimeout(Duration.ofSeconds(PATIENCE_SECONDS))
                .build();

        assertThat(limiter.tryAcquire().get(PATIENCE_SECONDS, TimeUnit.SECONDS).source())
                .isEqualTo(Source.STORE);
    }
}
