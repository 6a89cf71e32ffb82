package io.nettoolkit.examples;

import io.nettoolkit.core.Backoff;
import io.nettoolkit.core.Deadline;
import io.nettoolkit.resilience.Retry;
import io.nettoolkit.resilience.RetryBudget;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;

/*
 * Run:
 *   java -jar examples/target/examples.jar retry
 * Output:
 *   attempt 2 in 20 ms, because of "busy (1)"
 *   attempt 3 in 40 ms, because of "busy (2)"
 *   answer: 42
 *   deadline: "busy (4)" at once, instead of after 10 s of sleep
 *   peer down: 100 calls made 300 attempts without a budget, 120 with one
 */

/** Attempts with growing waits, a deadline they never sleep past, and a budget that keeps an outage from growing. */
@Command(
        name = "retry",
        description = "Makes calls again: with backoff, a deadline and a budget.",
        mixinStandardHelpOptions = true)
public final class RetryExample implements Callable<Integer> {

    private static final int CALLS = 100;

    private int attempts;

    /** Runs the example and ends the JVM with its status, where that is not 0. */
    public static void main(String[] arguments) {
        Examples.run(new RetryExample(), arguments);
    }

    @Override
    public Integer call() throws Exception {
        // In earnest with jitter (withJitter(0.5)), so that callers that failed together do not come back together.
        Retry retry = Retry.builder()
                .maxAttempts(4)
                .backoff(Backoff.exponential(Duration.ofMillis(20), Duration.ofSeconds(1)))
                .listener(new Printing())
                .build();
        System.out.println("answer: " + retry.execute(() -> answerFrom(3)));

        Retry slow =
                Retry.builder().backoff(Backoff.fixed(Duration.ofSeconds(10))).build();
        try {
            slow.execute(() -> answerFrom(Integer.MAX_VALUE), Deadline.after(Duration.ofSeconds(5)));
        } catch (IOException busy) {
            System.out.println("deadline: \"" + busy.getMessage() + "\" at once, instead of after 10 s of sleep");
        }

        // The floor keeps small callers going; here it would only blur the figures.
        RetryBudget budget = RetryBudget.builder().ratio(0.2).minPerSecond(0).build();
        Retry.Builder hasty = Retry.builder().backoff(Backoff.fixed(Duration.ZERO));
        int without = attemptsOfAnOutage(hasty.build());
        int with = attemptsOfAnOutage(hasty.budget(budget).build());
        System.out.println(
                "peer down: " + CALLS + " calls made " + without + " attempts without a budget, " + with + " with one");
        return 0;
    }

    /** A peer that is busy until its so manyeth call. */
    private int answerFrom(int attempt) throws IOException {
        attempts++;
        if (attempts < attempt) {
            throw new IOException("busy (" + attempts + ")");
        }
        return 42;
    }

    private int attemptsOfAnOutage(Retry retry) throws Exception {
        attempts = 0;
        for (int i = 0; i < CALLS; i++) {
            try {
                retry.execute(() -> answerFrom(Integer.MAX_VALUE));
            } catch (IOException busy) {
                // As expected: the peer is down.
            }
        }
        return attempts;
    }

    private static final class Printing implements Retry.Listener {

        @Override
        public void onRetry(int attempt, Duration wait, @Nullable Throwable failure) {
            System.out.println("attempt " + attempt + " in " + wait.toMillis() + " ms, because of \""
                    + (failure == null ? "a bad result" : failure.getMessage()) + "\"");
        }
    }
}
