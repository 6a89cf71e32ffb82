package io.nettoolkit.resilience.internal.call;

import io.nettoolkit.core.RejectedException;
import io.nettoolkit.resilience.Classifier.Outcome;
import io.netty.util.concurrent.EventExecutor;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Permits around a call, with a queue for them. Without a queue a bulkhead is a {@link Gate}. */
public final class BulkheadLayer extends Layer {

    private final Permits permits;
    private final Layer inner;

    /** Permits for the inner layer. */
    public BulkheadLayer(Permits permits, Layer inner) {
        this.permits = permits;
        this.inner = inner;
    }

    /** The bulkhead as a gate: nobody waits. */
    public static Gate gate(Permits permits) {
        return new Gate(false, false) {
            @Override
            public long enter() {
                return permits.tryAcquire() ? 0 : -1;
            }

            @Override
            public RejectedException refusal(long permit) {
                return permits.refusal();
            }

            @Override
            public void leave(long permit, Outcome outcome, long elapsedNanos) {
                permits.queue().release();
            }
        };
    }

    @Override
    public boolean mayWait() {
        return true;
    }

    @Override
    public @Nullable Object call(Callable<?> body, @Nullable CallScope scope) throws Exception {
        try {
            permits.acquireBlocking(CallScope.deadlineOf(scope));
        } catch (InterruptedException interrupted) {
            throw Failures.raise(CallScope.meaning(scope, interrupted));
        }
        try {
            return inner.call(body, scope);
        } finally {
            permits.queue().release();
        }
    }

    @Override
    public @Nullable Object start(Supplier<? extends CompletionStage<?>> body, @Nullable CallScope scope)
            throws Exception {
        if (permits.queue().tryAcquire()) {
            return startWithPermit(body, scope);
        }
        Run run = new Run(body, scope, permits.plan().timers().loop());
        return switch (run.waiter.enter(CallScope.deadlineOf(scope))) {
            case GRANTED -> startWithPermit(body, scope);
            case QUEUED -> run;
            case REFUSED -> throw permits.refusal();
        };
    }

    private @Nullable Object startWithPermit(Supplier<? extends CompletionStage<?>> body, @Nullable CallScope scope)
            throws Exception {
        Object result;
        try {
            result = inner.start(body, scope);
            if (result instanceof Pending pending) {
                Held held = new Held();
                if (held.follow(pending)) {
                    return held;
                }
                result = pending.take();
            }
        } catch (Throwable failure) {
            permits.queue().release();
            throw failure;
        }
        permits.queue().release();
        return result;
    }

    /** A call that has its permit and is under way. */
    private final class Held extends Relay {

        @Override
        public void onEnd(@Nullable Object result, @Nullable Throwable failure) {
            permits.queue().release();
            end(result, failure);
        }
    }

    /** A call that waits for its permit, and then is under way. */
    private final class Run extends Pending implements Pending.Listener {

        private static final VarHandle STARTED;

        static {
            try {
                STARTED = MethodHandles.lookup().findVarHandle(Run.class, "started", Object.class);
            } catch (ReflectiveOperationException e) {
                throw new ExceptionInInitializerError(e);
            }
        }

        /** In place of the call under way: it was given up between the grant and the start. */
        private static final Object GIVEN_UP = new Object();
        /** In place of the call under way: it is being started. */
        private static final Object STARTING = new Object();

        private final Supplier<? extends CompletionStage<?>> body;
        private final @Nullable CallScope scope;
        private final Waiter waiter;

        /** Null, then {@link #GIVEN_UP}, or {@link #STARTING} and in the end the {@link Pending} that is under way. */
        @SuppressWarnings("unused") // also through STARTED
        private volatile @Nullable Object started;

        private volatile @Nullable Throwable abandonedWith;

        Run(Supplier<? extends CompletionStage<?>> body, @Nullable CallScope scope, EventExecutor loop) {
            this.body = body;
            this.scope = scope;
            waiter = new Waiter(loop);
        }

        @Override
        void abandon(Throwable why) {
            if (waiter.giveUp()) {
                end(null, why);
                return;
            }
            abandonedWith = why;
            if (STARTED.compareAndSet(this, null, GIVEN_UP)) {
                if (waiter.fate() == PermitQueue.Fate.GRANTED) {
                    permits.queue().release();
                }
                end(null, why);
            } else if (started instanceof Pending underWay) {
                underWay.abandon(why);
            }
        }

        private void startNow() {
            if (!STARTED.compareAndSet(this, null, STARTING)) {
                return;
            }
            Object result;
            try {
                result = startWithPermit(body, scope);
                if (result instanceof Pending pending) {
                    started = pending;
                    Throwable why = abandonedWith;
                    if (why != null) {
                        pending.abandon(why);
                    }
                    if (pending.subscribe(this)) {
                        return;
                    }
                    result = pending.take();
                }
            } catch (Throwable failure) {
                end(null, failure);
                return;
            }
            end(result, null);
        }

        @Override
        public void onEnd(@Nullable Object result, @Nullable Throwable failure) {
            end(result, failure);
        }

        private final class Waiter extends Permits.LoopWaiter {

            Waiter(EventExecutor loop) {
                permits.super(loop);
            }

            @Override
            void granted() {
                startNow();
            }

            @Override
            void failed(Throwable why) {
                end(null, why);
            }
        }
    }
}
