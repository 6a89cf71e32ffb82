package io.nettoolkit.resilience.internal.call;

import io.nettoolkit.resilience.internal.Classification;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The innermost layer: the user's call itself. */
public final class Body extends Layer {

    /** The only one. */
    public static final Body INSTANCE = new Body();

    private Body() {}

    @Override
    public boolean mayWait() {
        return false;
    }

    @Override
    public @Nullable Object call(Callable<?> body, @Nullable CallScope scope) throws Exception {
        return scope == null ? body.call() : CallScope.run(body, scope);
    }

    @Override
    public @Nullable Object start(Supplier<? extends CompletionStage<?>> body, @Nullable CallScope scope)
            throws Exception {
        return begun(body.get(), "call: must not answer null");
    }

    /** The result of a stage, or a Pending that follows it. */
    static @Nullable Object begun(@Nullable CompletionStage<?> stage, String whatNullMeans) throws Exception {
        if (stage == null) {
            throw new NullPointerException(whatNullMeans);
        }
        if (stage instanceof CompletableFuture<?> future && isDone(future)) {
            return outcome(future);
        }
        StagePending pending = new StagePending(stage);
        stage.whenComplete(pending);
        return pending.hasEnded() ? pending.take() : pending;
    }

    /** The JDK's minimal stages are futures that throw when they are used as such. */
    public static boolean isDone(CompletableFuture<?> future) {
        try {
            return future.isDone();
        } catch (UnsupportedOperationException minimalStage) {
            return false;
        }
    }

    private static @Nullable Object outcome(CompletableFuture<?> done) throws Exception {
        if (!done.isCompletedExceptionally()) {
            return done.join();
        }
        try {
            return done.join();
        } catch (CompletionException wrapped) {
            Throwable cause = Classification.cause(wrapped);
            throw Failures.raise(cause == null ? wrapped : cause);
        }
    }
}
