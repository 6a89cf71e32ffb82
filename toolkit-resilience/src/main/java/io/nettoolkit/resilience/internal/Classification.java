package io.nettoolkit.resilience.internal;

import io.nettoolkit.core.NetFailure;
import io.nettoolkit.core.internal.CallbackGuard;
import io.nettoolkit.resilience.Classifier;
import io.nettoolkit.resilience.Classifier.Outcome;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * The one way to a user's classifier: unwraps what the JDK wraps, and survives a classifier that throws.
 *
 * <p>Threading: any thread.
 */
public final class Classification {

    private Classification() {}

    /**
     * What the end of a call means; a classifier that throws is reported to the guard and means failure. About a call that
     * was given up it is not asked.
     */
    public static Outcome of(
            Classifier classifier, @Nullable Object result, @Nullable Throwable failure, CallbackGuard guard) {
        if (failure instanceof GivenUpException) {
            return Outcome.IGNORED;
        }
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

    /** A failure that is a timeout speaks of overload, whatever the classifier knows of it. */
    public static Outcome timeoutIsOverload(Outcome outcome, @Nullable Throwable failure) {
        if (outcome != Outcome.FAILURE) {
            return outcome;
        }
        Throwable cause = cause(failure);
        boolean timeout = cause instanceof TimeoutException || (cause instanceof NetFailure known && known.isTimeout());
        return timeout ? Outcome.OVERLOAD : outcome;
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
