package io.nettoolkit.resilience;

import io.nettoolkit.core.RejectedException;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;

/** What {@link Classifier#defaults} answers. */
enum DefaultClassifier implements Classifier {
    INSTANCE;

    @Override
    public Outcome classify(@Nullable Object result, @Nullable Throwable failure) {
        if (failure == null) {
            return Outcome.SUCCESS;
        }
        if (failure instanceof RejectedException) {
            return Outcome.OVERLOAD;
        }
        boolean givenUp = failure instanceof CancellationException || failure instanceof InterruptedException;
        return givenUp ? Outcome.IGNORED : Outcome.FAILURE;
    }
}
