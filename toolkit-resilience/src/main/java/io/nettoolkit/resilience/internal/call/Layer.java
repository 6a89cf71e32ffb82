package io.nettoolkit.resilience.internal.call;

import java.util.concurrent.Callable;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/*
 * Design note.
 *
 * Idea. A pipeline is a list of objects that is linked once, when it is built: each layer knows the next one inwards, the
 * last one is the Body, which makes the user's call. A call is plain recursion through the list. Both ways in have the same
 * shape: `call` and `start` answer the result where the call is over and throw what it failed with; `start` may also answer
 * a Pending, and only then do the layers on the way out allocate something to wait for it. That is why a synchronous call,
 * and an asynchronous one whose stage is complete already, allocate nothing on their way through any number of layers.
 *
 * Invariants. A layer that took something on the way in (a permit, a place) gives it back exactly once, whether the call
 * returned, threw, was pending and ended, or was abandoned. A Pending ends exactly once, and soon after it is abandoned,
 * whatever the user's stage does. A layer never calls itself through the layers inside it, so depth is bounded by the
 * list's length: a retry is a loop.
 */

/** One policy around a call. Immutable and without state of a call; any thread. */
public abstract class Layer {

    /** Makes the call on this thread: answers its result, or throws what it failed with. */
    public abstract @Nullable Object call(Callable<?> body, @Nullable CallScope scope) throws Exception;

    /**
     * Begins the call: answers its result, or a {@link Pending} that nobody has subscribed to; throws what it failed with
     * where it is over.
     */
    public abstract @Nullable Object start(Supplier<? extends CompletionStage<?>> body, @Nullable CallScope scope)
            throws Exception;

    /** Whether {@link #call} may park its thread for other reasons than the call itself, here or further in. */
    public abstract boolean mayWait();
}
