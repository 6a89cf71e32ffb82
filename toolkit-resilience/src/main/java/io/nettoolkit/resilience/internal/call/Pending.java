package io.nettoolkit.resilience.internal.call;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * A call that is under way: it ends once, and tells one listener.
 *
 * <p>Threading: any thread; the first to end it decides.
 */
public abstract class Pending {

    /** Who waits for the end; called on the thread that ends it, and must not throw. */
    interface Listener {
        void onEnd(@Nullable Object result, @Nullable Throwable failure);
    }

    private record Ended(@Nullable Object result, @Nullable Throwable failure) {}

    private static final VarHandle STATE;

    static {
        try {
            STATE = MethodHandles.lookup().findVarHandle(Pending.class, "state", Object.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /** Null while nobody listens, then the {@link Listener}, in the end an {@link Ended}. */
    @SuppressWarnings("unused") // also through STATE
    private volatile @Nullable Object state;

    /** Stops it for the given reason; it ends with that soon, usually before this returns. Nothing once it has ended. */
    abstract void abandon(Throwable why);

    /** Ends it; false where it had ended before. */
    final boolean end(@Nullable Object result, @Nullable Throwable failure) {
        Ended ended = new Ended(result, failure);
        Object before;
        do {
            before = state;
            if (before instanceof Ended) {
                return false;
            }
        } while (!STATE.compareAndSet(this, before, ended));
        if (before instanceof Listener listener) {
            listener.onEnd(result, failure);
        }
        return true;
    }

    /** Takes the one listener; false where it has ended: then the listener is not called, and {@link #take} answers. */
    final boolean subscribe(Listener listener) {
        return STATE.compareAndSet(this, null, listener);
    }

    final boolean hasEnded() {
        return state instanceof Ended;
    }

    /** Whether it has ended with this very failure. */
    final boolean hasFailedWith(Throwable failure) {
        return state instanceof Ended ended && ended.failure == failure;
    }

    /** The result of one that has ended; throws what it failed with. */
    final @Nullable Object take() {
        if (!(state instanceof Ended ended)) {
            throw new IllegalStateException("a call that is under way has no result yet");
        }
        if (ended.failure != null) {
            throw Failures.raise(ended.failure);
        }
        return ended.result;
    }
}
