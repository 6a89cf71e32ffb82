package io.nettoolkit.resilience;

import io.nettoolkit.core.TimeSource;
import io.nettoolkit.resilience.internal.StripedCounters;
import io.nettoolkit.resilience.internal.Timers;
import io.nettoolkit.resilience.internal.call.Body;
import io.nettoolkit.resilience.internal.call.Chain;
import io.nettoolkit.resilience.internal.call.FallbackLayer;
import io.nettoolkit.resilience.internal.call.Layer;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Answers in place of a call that failed: with a value, or with what a function makes of the failure.
 *
 * <pre>{@code
 * Fallback cached = Fallback.of(failure -> cache.last("ACME")).when(NetException.class::isInstance);
 * Quote quote = cached.execute(() -> client.quote("ACME"));
 * }</pre>
 *
 * <p>A fallback is for the last line of a pipeline, outermost: whatever is inside sees the failure, and counts it. It has no
 * type parameter, because a pipeline carries calls of all types; a value of another type than the call's is a
 * {@link ClassCastException} where the caller uses it.
 *
 * <p><b>Threading.</b> Any thread; the function runs on the one on which the call failed.
 *
 * <p><b>Life cycle.</b> Immutable but for its counters; {@link #when} makes another one.
 *
 * <p><b>Failure.</b> A function, stage or predicate that fails leaves the call with the failure it had, and that carries the
 * other one as suppressed.
 */
public final class Fallback {

    private final FallbackLayer.Plan plan;
    private final Chain chain;

    private Fallback(FallbackLayer.Plan plan) {
        this.plan = plan;
        chain = new Chain("fallback", layer(Body.INSTANCE), TimeSource.system(), new Timers(null));
    }

    /**
     * Always the same value.
     *
     * @param value what the caller gets; for null write {@code of(failure -> null)}
     */
    public static Fallback of(Object value) {
        Objects.requireNonNull(value, "value: must not be null; for that, write of(failure -> null)");
        return of(failure -> value);
    }

    /** What the function makes of the failure. */
    public static Fallback of(Function<? super Throwable, ?> answer) {
        Objects.requireNonNull(answer, "answer: must not be null");
        return new Fallback(FallbackLayer.Plan.of(Fallback::isOrdinary, answer, null));
    }

    /** What the function's stage becomes; for {@code executeAsync} alone. */
    public static Fallback ofStage(Function<? super Throwable, ? extends CompletionStage<?>> answer) {
        Objects.requireNonNull(answer, "answer: must not be null");
        return new Fallback(FallbackLayer.Plan.of(Fallback::isOrdinary, null, answer));
    }

    /**
     * The same answer for other failures.
     *
     * @param condition which failures are replaced, without the wrapping of the JDK. Without it: every exception but a cancel
     *     or an interrupt, and no {@link Error}
     */
    public Fallback when(Predicate<? super Throwable> condition) {
        Objects.requireNonNull(condition, "condition: must not be null");
        return new Fallback(FallbackLayer.Plan.of(condition, plan.answer(), plan.stage()));
    }

    private static boolean isOrdinary(Throwable failure) {
        return failure instanceof Exception
                && !(failure instanceof CancellationException)
                && !(failure instanceof InterruptedException);
    }

    /** Makes the call on this thread. */
    public <T extends @Nullable Object> T execute(Callable<T> call) throws Exception {
        return chain.call("Fallback.execute", call, null);
    }

    /** Makes the call through a stage. */
    public <T extends @Nullable Object> CompletableFuture<T> executeAsync(Supplier<? extends CompletionStage<T>> call) {
        return chain.start(call, null);
    }

    /** What it did so far. */
    public Stats stats() {
        StripedCounters counters = plan.counters();
        return new Stats(counters.sum(FallbackLayer.USED), counters.sum(FallbackLayer.FAILED));
    }

    Layer layer(Layer inner) {
        return new FallbackLayer(plan, inner);
    }

    boolean answersStage() {
        return plan.stage() != null;
    }

    @Override
    public String toString() {
        return "Fallback[" + (answersStage() ? "a stage" : "a value") + "]";
    }

    /**
     * What a fallback did so far.
     *
     * @param used failures it answered for
     * @param failed failures for which its function, stage or predicate failed too
     */
    public record Stats(long used, long failed) {}
}
