package io.nettoolkit.resilience.internal.call;

import io.nettoolkit.core.RejectedException;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.core.internal.CallbackGuard;
import io.nettoolkit.resilience.Classifier;
import io.nettoolkit.resilience.Classifier.Outcome;
import io.nettoolkit.resilience.internal.Classification;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A {@link Gate} around a call. */
public final class GateLayer extends Layer {

    private final Gate gate;
    private final Layer inner;
    private final Classifier classifier;
    private final TimeSource timeSource;
    private final CallbackGuard guard;

    /** A gate in front of the inner layer. */
    public GateLayer(Gate gate, Layer inner, Classifier classifier, TimeSource timeSource) {
        this.gate = gate;
        this.inner = inner;
        this.classifier = classifier;
        this.timeSource = timeSource;
        guard = new CallbackGuard("the classifier " + classifier, timeSource);
    }

    @Override
    public boolean mayWait() {
        return inner.mayWait();
    }

    @Override
    public @Nullable Object call(Callable<?> body, @Nullable CallScope scope) throws Exception {
        long permit = enter();
        long startNanos = now();
        Object result;
        try {
            result = inner.call(body, scope);
        } catch (Throwable failure) {
            leave(permit, startNanos, null, failure);
            throw failure;
        }
        leave(permit, startNanos, result, null);
        return result;
    }

    @Override
    public @Nullable Object start(Supplier<? extends CompletionStage<?>> body, @Nullable CallScope scope)
            throws Exception {
        long permit = enter();
        long startNanos = now();
        Object result;
        try {
            result = inner.start(body, scope);
            if (result instanceof Pending pending) {
                Run run = new Run(permit, startNanos);
                if (run.follow(pending)) {
                    return run;
                }
                result = pending.take();
            }
        } catch (Throwable failure) {
            leave(permit, startNanos, null, failure);
            throw failure;
        }
        leave(permit, startNanos, result, null);
        return result;
    }

    private long enter() {
        long permit = gate.enter();
        if (permit < 0) {
            throw gate.refusal(permit);
        }
        return permit;
    }

    private long now() {
        return gate.wantsElapsed() ? timeSource.nanoTime() : 0;
    }

    private void leave(long permit, long startNanos, @Nullable Object result, @Nullable Throwable failure) {
        long elapsedNanos = now() - startNanos;
        gate.leave(permit, outcome(result, failure), elapsedNanos);
    }

    /** A refusal by a policy further in says nothing about the peer, which has not been asked. */
    private Outcome outcome(@Nullable Object result, @Nullable Throwable failure) {
        if (!gate.wantsOutcome() || Classification.cause(failure) instanceof RejectedException) {
            return Outcome.IGNORED;
        }
        return gate.meaning(Classification.of(classifier, result, failure, guard), failure);
    }

    private final class Run extends Relay {

        private final long permit;
        private final long startNanos;

        Run(long permit, long startNanos) {
            this.permit = permit;
            this.startNanos = startNanos;
        }

        @Override
        public void onEnd(@Nullable Object result, @Nullable Throwable failure) {
            leave(permit, startNanos, result, failure);
            end(result, failure);
        }
    }
}
