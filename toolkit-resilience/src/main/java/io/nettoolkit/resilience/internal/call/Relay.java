package io.nettoolkit.resilience.internal.call;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * A pending call that follows another one inside it, one at a time: the asynchronous half of a layer.
 *
 * <p>However an abandon and the begin of the next inner call interleave, that inner call is abandoned too: {@link #follow}
 * publishes it before it looks whether this one was abandoned, and {@link #abandon} does the reverse.
 */
abstract class Relay extends Pending implements Pending.Listener {

    private static final VarHandle ABANDONED_WITH;

    static {
        try {
            ABANDONED_WITH = MethodHandles.lookup().findVarHandle(Relay.class, "abandonedWith", Throwable.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private volatile @Nullable Pending inner;

    @SuppressWarnings("unused") // written through ABANDONED_WITH
    private volatile @Nullable Throwable abandonedWith;

    /** Follows; false where the inner call has ended already: then its outcome is to be taken from it. */
    final boolean follow(Pending pending) {
        inner = pending;
        Throwable why = abandonedWith;
        if (why != null) {
            pending.abandon(why);
        }
        return pending.subscribe(this);
    }

    @Override
    final void abandon(Throwable why) {
        if (!ABANDONED_WITH.compareAndSet(this, null, why)) {
            return;
        }
        Pending pending = inner;
        if (pending != null) {
            pending.abandon(why);
        }
        onAbandoned(why);
    }

    /** After the inner call, where there is one, was abandoned. */
    void onAbandoned(Throwable why) {}

    /** Why it was abandoned; null where it was not. */
    final @Nullable Throwable abandonedWith() {
        return abandonedWith;
    }
}
