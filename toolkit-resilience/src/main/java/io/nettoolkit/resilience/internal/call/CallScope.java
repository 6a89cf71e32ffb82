package io.nettoolkit.resilience.internal.call;

import io.nettoolkit.core.Deadline;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/**
 * What surrounds one call, seen from the layers inside: the deadline, and whether a time limit has given it up meanwhile.
 * A call without either has none, and costs none.
 *
 * <p>Threading: any thread.
 */
public final class CallScope {

    private final @Nullable CallScope outer;
    private final Deadline deadline;

    /** Why it was given up, set before its thread is interrupted. */
    private volatile @Nullable Throwable abandonedWith;

    private CallScope(@Nullable CallScope outer, Deadline deadline) {
        this.outer = outer;
        this.deadline = deadline;
    }

    /** The scope within {@code outer} that ends at {@code deadline} or, where that is sooner, with the outer one. */
    static CallScope within(@Nullable CallScope outer, Deadline deadline) {
        return new CallScope(outer, outer == null ? deadline : deadline.earlierOf(outer.deadline));
    }

    /** When it is over; null for no scope. */
    static @Nullable Deadline deadlineOf(@Nullable CallScope scope) {
        return scope == null ? null : scope.deadline;
    }

    Deadline deadline() {
        return deadline;
    }

    void abandon(Throwable why) {
        abandonedWith = why;
    }

    /**
     * What an interrupt of the call means: where a time limit interrupted it, that limit's failure, so that the policies
     * inside count a call that was too slow and not one that its caller gave up.
     */
    static Throwable meaning(@Nullable CallScope scope, InterruptedException interrupted) {
        Throwable why = abandonedWith(scope);
        return why == null ? interrupted : why;
    }

    /** Why the call was given up from outside; null where it was not. */
    static @Nullable Throwable abandonedWith(@Nullable CallScope scope) {
        for (CallScope at = scope; at != null; at = at.outer) {
            Throwable why = at.abandonedWith;
            if (why != null) {
                return why;
            }
        }
        return null;
    }

    /** {@link Callable#call}, with interrupts by a time limit translated. */
    static @Nullable Object run(Callable<?> body, @Nullable CallScope scope) throws Exception {
        try {
            return body.call();
        } catch (InterruptedException interrupted) {
            throw Failures.raise(meaning(scope, interrupted));
        }
    }
}
