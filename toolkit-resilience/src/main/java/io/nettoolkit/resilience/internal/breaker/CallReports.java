package io.nettoolkit.resilience.internal.breaker;

import io.nettoolkit.core.TimeSource;
import io.nettoolkit.core.internal.CallbackGuard;
import io.nettoolkit.resilience.Classifier;
import io.nettoolkit.resilience.internal.Classification;
import org.jspecify.annotations.Nullable;

/**
 * Tells a breaker how calls ended, in the terms of its user's classifier.
 *
 * <p>Threading: any thread. Never throws, so a permit is always given back.
 */
public final class CallReports {

    private final BreakerCore core;
    private final Classifier classifier;
    private final CallbackGuard guard;
    private final TimeSource timeSource;

    /** Reports to one breaker. */
    public CallReports(BreakerCore core, Classifier classifier, CallbackGuard guard, TimeSource timeSource) {
        this.core = core;
        this.classifier = classifier;
        this.guard = guard;
        this.timeSource = timeSource;
    }

    /** When a call starts; 0 where the breaker does not look at that. */
    public long start() {
        return core.needsElapsed() ? timeSource.nanoTime() : 0;
    }

    /** A call ended: it returned, or it failed. */
    public void ended(long permit, long startNanos, @Nullable Object result, @Nullable Throwable failure) {
        long elapsedNanos = core.needsElapsed() ? timeSource.nanoTime() - startNanos : 0;
        core.onResult(permit, Classification.of(classifier, result, failure, guard), elapsedNanos);
    }
}
