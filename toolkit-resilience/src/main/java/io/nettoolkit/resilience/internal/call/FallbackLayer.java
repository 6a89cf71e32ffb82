package io.nettoolkit.resilience.internal.call;

import io.nettoolkit.core.TimeSource;
import io.nettoolkit.core.internal.CallbackGuard;
import io.nettoolkit.resilience.internal.StripedCounters;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** An answer in place of a failure. */
public final class FallbackLayer extends Layer {

    /** Counter of failures that were replaced. */
    public static final int USED = 0;
    /** Counter of failures for which the fallback failed itself. */
    public static final int FAILED = 1;
    /** How many counters there are. */
    public static final int COUNTERS = 2;

    /**
     * What a fallback was built from, and where it counts.
     *
     * @param answer makes the value; null where {@code stage} makes a stage of it
     */
    public record Plan(
            Predicate<? super Throwable> when,
            @Nullable Function<? super Throwable, ?> answer,
            @Nullable Function<? super Throwable, ? extends CompletionStage<?>> stage,
            CallbackGuard guard,
            StripedCounters counters) {

        /** What it was built from, and new counters. */
        public static Plan of(
                Predicate<? super Throwable> when,
                @Nullable Function<? super Throwable, ?> answer,
                @Nullable Function<? super Throwable, ? extends CompletionStage<?>> stage) {
            return new Plan(
                    when,
                    answer,
                    stage,
                    new CallbackGuard("a fallback", TimeSource.system()),
                    new StripedCounters(COUNTERS));
        }
    }

    private final Plan plan;
    private final Layer inner;

    /** Replaces failures of the inner layer. */
    public FallbackLayer(Plan plan, Layer inner) {
        this.plan = plan;
        this.inner = inner;
    }

    @Override
    public boolean mayWait() {
        return inner.mayWait();
    }

    @Override
    public @Nullable Object call(Callable<?> body, @Nullable CallScope scope) throws Exception {
        Function<? super Throwable, ?> answer = plan.answer();
        if (answer == null) {
            throw new IllegalStateException("a fallback that answers a stage cannot be waited for: use executeAsync");
        }
        try {
            return inner.call(body, scope);
        } catch (Throwable failure) {
            if (!applies(failure)) {
                throw failure;
            }
            try {
                Object value = answer.apply(failure);
                plan.counters().increment(USED);
                return value;
            } catch (Throwable thrown) {
                failed(failure, thrown);
                throw failure;
            }
        }
    }

    @Override
    public @Nullable Object start(Supplier<? extends CompletionStage<?>> body, @Nullable CallScope scope)
            throws Exception {
        Object result;
        try {
            result = inner.start(body, scope);
            if (result instanceof Pending pending) {
                Run run = new Run();
                if (run.follow(pending)) {
                    return run;
                }
                result = pending.take();
            }
        } catch (Throwable failure) {
            if (!applies(failure)) {
                throw failure;
            }
            Object replacement = replace(failure);
            if (!(replacement instanceof Pending pending)) {
                return replacement;
            }
            Run run = new Run();
            run.followReplacement(pending, failure);
            return run.hasEnded() ? run.take() : run;
        }
        return result;
    }

    private boolean applies(Throwable failure) {
        try {
            return plan.when().test(failure);
        } catch (Throwable thrown) {
            failed(failure, thrown);
            return false;
        }
    }

    /** The value in its place, or the Pending of a stage; throws the failure where the fallback failed itself. */
    private @Nullable Object replace(Throwable failure) {
        try {
            Object value;
            if (plan.stage() != null) {
                value = Body.begun(plan.stage().apply(failure), "a fallback answered null in place of a stage");
            } else if (plan.answer() != null) {
                value = plan.answer().apply(failure);
            } else {
                throw new IllegalStateException("a fallback without an answer");
            }
            if (!(value instanceof Pending)) {
                plan.counters().increment(USED);
            }
            return value;
        } catch (Throwable thrown) {
            failed(failure, thrown);
            throw Failures.raise(failure);
        }
    }

    private void failed(Throwable failure, Throwable thrown) {
        plan.counters().increment(FAILED);
        plan.guard().failed(thrown);
        Failures.suppress(failure, thrown);
    }

    private final class Run extends Relay {

        /** The call's, while its replacement is under way. */
        private volatile @Nullable Throwable replaced;

        @Override
        public void onEnd(@Nullable Object result, @Nullable Throwable failure) {
            Throwable original = replaced;
            if (original != null) {
                replacementEnded(original, result, failure);
                return;
            }
            // Who gave the call up wants no replacement for it.
            if (failure == null || abandonedWith() != null || !applies(failure)) {
                end(result, failure);
                return;
            }
            Object replacement;
            try {
                replacement = replace(failure);
            } catch (Throwable same) {
                end(null, same);
                return;
            }
            if (replacement instanceof Pending pending) {
                followReplacement(pending, failure);
            } else {
                end(replacement, null);
            }
        }

        void followReplacement(Pending replacement, Throwable failure) {
            replaced = failure;
            if (follow(replacement)) {
                return;
            }
            try {
                replacementEnded(failure, replacement.take(), null);
            } catch (Throwable thrown) {
                replacementEnded(failure, null, thrown);
            }
        }

        private void replacementEnded(Throwable original, @Nullable Object result, @Nullable Throwable failure) {
            if (failure == null) {
                plan.counters().increment(USED);
                end(result, null);
            } else if (abandonedWith() != null) {
                end(null, failure);
            } else {
                failed(original, failure);
                end(null, original);
            }
        }
    }
}
