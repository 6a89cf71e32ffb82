package io.nettoolkit.examples;

import io.nettoolkit.core.Backoff;
import io.nettoolkit.resilience.Bulkhead;
import io.nettoolkit.resilience.Fallback;
import io.nettoolkit.resilience.Pipeline;
import io.nettoolkit.resilience.Retry;
import io.nettoolkit.resilience.TimeLimit;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;

/*
 * Run:
 *   java -jar examples/target/examples.jar pipeline
 * Output:
 *   flaky peer:   quote of attempt 3
 *   silent peer:  last known quote, after 3 attempts that were cancelled
 *   on a thread:  quote of attempt 3
 *   wrong order:  retry has to stand outside of bulkhead, because each attempt has to ask breaker and bulkhead anew
 */

/** Policies put together once: for stages, for threads, and in an order that is checked. */
@Command(
        name = "pipeline",
        description = "Puts policies together, and explains a wrong order.",
        mixinStandardHelpOptions = true)
public final class PipelineExample implements Callable<Integer> {

    private static final int PATIENCE_SECONDS = 10;

    private final Fallback fallback = Fallback.of("last known quote");
    private final Retry retry = Retry.builder()
            .maxAttempts(3)
            .backoff(Backoff.fixed(Duration.ofMillis(10)))
            .build();
    private final Bulkhead bulkhead = Bulkhead.builder(16).build();

    private int attempts;

    /** Runs the example and ends the JVM with its status, where that is not 0. */
    public static void main(String[] arguments) {
        Examples.run(new PipelineExample(), arguments);
    }

    @Override
    public Integer call() throws Exception {
        Pipeline stages = Pipeline.builder()
                .fallback(fallback)
                .retry(retry)
                .bulkhead(bulkhead)
                .timeLimit(TimeLimit.of(Duration.ofMillis(50)))
                .asyncOnly()
                .build();
        System.out.println("flaky peer:   " + await(stages.executeAsync(this::flakyStage)));

        attempts = 0;
        String answer = await(stages.executeAsync(this::silentStage));
        System.out.println("silent peer:  " + answer + ", after " + attempts + " attempts that were cancelled");

        attempts = 0;
        Pipeline threads = Pipeline.builder()
                .fallback(fallback)
                .retry(retry)
                .bulkhead(bulkhead)
                .build();
        System.out.println("on a thread:  " + threads.execute(this::flaky));

        try {
            Pipeline.builder().bulkhead(bulkhead).retry(retry).build();
        } catch (IllegalStateException wrong) {
            String message = String.valueOf(wrong.getMessage());
            System.out.println("wrong order:  " + message.substring("pipeline: ".length(), message.indexOf(", and ")));
        }
        return 0;
    }

    private String flaky() throws IOException {
        attempts++;
        if (attempts < 3) {
            throw new IOException("attempt " + attempts);
        }
        return "quote of attempt " + attempts;
    }

    private CompletableFuture<String> flakyStage() {
        try {
            return CompletableFuture.completedFuture(flaky());
        } catch (IOException failure) {
            return CompletableFuture.failedFuture(failure);
        }
    }

    /** One that never answers. */
    private CompletableFuture<String> silentStage() {
        attempts++;
        return new CompletableFuture<>();
    }

    private static String await(CompletableFuture<String> answer) throws Exception {
        return answer.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }
}
