package io.nettoolkit.resilience.internal;

import io.nettoolkit.core.internal.CallbackGuard;
import io.nettoolkit.resilience.Classifier;
import io.nettoolkit.resilience.Classifier.Outcome;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * The one way to a user's classifier: unwraps what the JDK wraps, and survives a classifier that throws.
 *
 * <p>Threading: any thread.
 */
public final class Classification {

    private Classification() {}

    /** What the end of a call means; a classifier that throws is reported to the guard and means failure. */
    public static Outcome of(
            Classifier classifier, @Nullable Object result, @Nullable Throwable failure, CallbackGuard guard) {
        try {
            Outcome outcome = classifier.classify(result, cause(failure));
            if (outcome != null) {
                return outcome;
            }
            guard.failed(new NullPointerException("a classifier must not answer null"));
        } catch (Throwable thrown) {
            guard.failed(thrown);
        }
        return Outcome.FAILURE;
    }

    /** How long the peer asked to be left alone, in nanoseconds; never negative. */
    public static long retryAfterNanos(
            Classifier classifier, @Nullable Object result, @Nullable Throwable failure, CallbackGuard guard) {
        try {
            return Math.max(0, classifier.retryAfterNanos(result, cause(failure)));
        } catch (Throwable thrown) {
            guard.failed(thrown);
            return 0;
        }
    }

    /** The failure without the JDK's wrapping. */
    public static @Nullable Throwable cause(@Nullable Throwable failure) {
        Throwable cause = failure;
        while ((cause instanceof CompletionException || cause instanceof ExecutionException)
                && cause.getCause() != null) {
            cause = cause.getCause();
        }
        return cause;
    }
}
