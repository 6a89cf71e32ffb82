package io.nettoolkit.resilience;

import io.nettoolkit.core.RejectedException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * Says what the end of a call means. One classifier serves every policy of a {@link Pipeline}, so that breaker, retry and
 * adaptive limit agree on what a failure is.
 *
 * <pre>{@code
 * Classifier http = (result, failure) -> failure != null
 *         ? Classifier.defaults().classify(result, failure)
 *         : result instanceof Response response && response.status() >= 500 ? Outcome.FAILURE : Outcome.SUCCESS;
 * }</pre>
 *
 * <p><b>Threading.</b> Called on whichever thread a call ends on, several at once.
 *
 * <p><b>Failure.</b> One that throws counts as {@link Outcome#FAILURE}; the call's own outcome reaches the caller as it is.
 */
@FunctionalInterface
public interface Classifier {

    /** What the end of a call means to the policies. */
    enum Outcome {
        /** It did what it should. */
        SUCCESS,
        /** It failed, and that says something about the peer's health. */
        FAILURE,
        /** It ended in a way that says nothing about the peer's health: the caller's own mistake, or its cancel. */
        IGNORED,
        /** The peer, or a policy in front of it, said that there is too much to do. */
        OVERLOAD
    }

    /**
     * The meaning of one call's end.
     *
     * @param result what it returned; null where it failed, or returned null
     * @param failure what it threw, without the wrapping of {@link CompletionException} or {@link ExecutionException};
     *     null where it returned
     */
    Outcome classify(@Nullable Object result, @Nullable Throwable failure);

    /**
     * How long the peer asked to be left alone, in nanoseconds; 0 where it did not say. By default what a
     * {@link RejectedException} says.
     */
    default long retryAfterNanos(@Nullable Object result, @Nullable Throwable failure) {
        return failure instanceof RejectedException rejected
                ? rejected.retryAfter().toNanos()
                : 0;
    }

    /**
     * Every result is a success; a {@link RejectedException} is an overload, a cancel or an interrupt is ignored, every
     * other exception is a failure.
     */
    static Classifier defaults() {
        return DefaultClassifier.INSTANCE;
    }
}
