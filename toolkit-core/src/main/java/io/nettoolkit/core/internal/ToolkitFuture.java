package io.nettoolkit.core.internal;

import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.Future;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The future behind every {@link CompletableFuture} the toolkit returns.
 *
 * <p>Exactly one of these decides its outcome, and everybody else is told no: the operation ({@link #succeed},
 * {@link #fail}), the caller's {@link #cancel}, or the caller's timeout ({@link #orTimeout},
 * {@link #completeOnTimeout}). An operation that hears {@code false} keeps its result and has to dispose of it.
 *
 * <ul>
 *   <li>It completes on its executor: callbacks run on the connection's loop, from whichever thread the outcome
 *       comes. Three exceptions: a future that is complete when it is made, a cancel (which has to be over when it
 *       returns) and an executor that takes no more tasks complete on the calling thread.
 *   <li>{@code get} and {@code join} of an incomplete one throw on any event loop; so do those of its dependents.
 *   <li>{@code complete}, {@code completeExceptionally}, {@code completeAsync} and {@code obtrude} throw: the outcome
 *       belongs to the operation.
 *   <li>A cancel or a timeout abandons the operation: its hook runs once, on the executor. Cancelling a dependent stage
 *       does not, and a dependent has otherwise the plain behaviour of the JDK.
 *   <li>{@code minimalCompletionStage()} is the JDK's own, without the check on blocking.
 * </ul>
 *
 * <p><b>Threading.</b> Any thread may call every method.
 */
public final class ToolkitFuture<T extends @Nullable Object> extends CompletableFuture<T> {

    private static final Logger log = LoggerFactory.getLogger(ToolkitFuture.class);
    private static final Runnable NOTHING_TO_STOP = () -> {};
    private static final VarHandle DECIDED;

    static {
        try {
            DECIDED = MethodHandles.lookup().findVarHandle(ToolkitFuture.class, "decided", boolean.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final EventExecutor executor;
    private final Runnable onAbandoned;

    @SuppressWarnings("unused") // through DECIDED
    private boolean decided;

    /** A future of an operation that cannot be stopped. */
    public ToolkitFuture(EventExecutor executor) {
        this(executor, NOTHING_TO_STOP);
    }

    /**
     * A future of an operation that can be stopped.
     *
     * @param executor where it completes: the loop of the connection or the resolver
     * @param onAbandoned stops the operation; runs at most once, on the executor, and never after {@link #succeed} or
     *     {@link #fail} answered true
     */
    public ToolkitFuture(EventExecutor executor, Runnable onAbandoned) {
        this.executor = Objects.requireNonNull(executor, "executor: must not be null");
        this.onAbandoned = Objects.requireNonNull(onAbandoned, "onAbandoned: must not be null");
    }

    /** A future that is complete already. */
    public static <T extends @Nullable Object> ToolkitFuture<T> succeeded(EventExecutor executor, T value) {
        ToolkitFuture<T> future = new ToolkitFuture<>(executor);
        future.decide();
        future.settle(value);
        return future;
    }

    /** A future that has failed already. */
    public static <T extends @Nullable Object> ToolkitFuture<T> failed(EventExecutor executor, Throwable cause) {
        ToolkitFuture<T> future = new ToolkitFuture<>(executor);
        future.decide();
        future.settleExceptionally(Objects.requireNonNull(cause, "cause: must not be null"));
        return future;
    }

    /** The operation's result; false when the outcome was decided before, and the result stays with the operation. */
    public boolean succeed(T value) {
        if (!decide()) {
            return false;
        }
        if (executor.inEventLoop()) {
            settle(value);
        } else {
            later(executor, () -> settle(value));
        }
        return true;
    }

    /** The operation's failure; false when the outcome was decided before. */
    public boolean fail(Throwable cause) {
        Objects.requireNonNull(cause, "cause: must not be null");
        if (!decide()) {
            return false;
        }
        onExecutor(() -> settleExceptionally(cause));
        return true;
    }

    /**
     * As {@link #succeed}, but on another executor, and in a task of its own: nobody's callback runs within this call, unless
     * that executor takes no more tasks.
     */
    public boolean succeedLater(Executor on, T value) {
        if (!decide()) {
            return false;
        }
        later(on, () -> settle(value));
        return true;
    }

    /** As {@link #fail}, in the manner of {@link #succeedLater}. */
    public boolean failLater(Executor on, Throwable cause) {
        Objects.requireNonNull(cause, "cause: must not be null");
        if (!decide()) {
            return false;
        }
        later(on, () -> settleExceptionally(cause));
        return true;
    }

    /**
     * Gives up and tells the operation to stop.
     *
     * @param mayInterruptIfRunning means nothing here
     * @return false when the outcome was decided before, even if it has not reached its loop yet
     */
    @Override
    public boolean cancel(boolean mayInterruptIfRunning) {
        if (!decide()) {
            return isCancelled();
        }
        super.cancel(mayInterruptIfRunning);
        abandon();
        return true;
    }

    /** As in the JDK, but on the executor's timer, and the operation is abandoned. */
    @Override
    public CompletableFuture<T> orTimeout(long timeout, TimeUnit unit) {
        Objects.requireNonNull(unit, "unit: must not be null");
        return decideAfter(
                timeout,
                unit,
                () -> settleExceptionally(new TimeoutException("no result within " + timeout + " " + unit)));
    }

    /** As in the JDK, but on the executor's timer, and the operation is abandoned. */
    @Override
    public CompletableFuture<T> completeOnTimeout(T value, long timeout, TimeUnit unit) {
        Objects.requireNonNull(unit, "unit: must not be null");
        return decideAfter(timeout, unit, () -> settle(value));
    }

    private CompletableFuture<T> decideAfter(long timeout, TimeUnit unit, Runnable outcome) {
        if (isDone()) {
            return this;
        }
        try {
            Future<?> timer = executor.schedule(
                    () -> {
                        if (decide()) {
                            outcome.run();
                            abandon();
                        }
                    },
                    timeout,
                    unit);
            whenComplete((value, cause) -> timer.cancel(false));
        } catch (RejectedExecutionException shutDown) {
            // No timer will ever fire there, nor any operation go on.
            fail(shutDown);
        }
        return this;
    }

    private boolean decide() {
        return DECIDED.compareAndSet(this, false, true);
    }

    private void settle(T value) {
        super.complete(value);
    }

    private void settleExceptionally(Throwable cause) {
        super.completeExceptionally(cause);
    }

    private void abandon() {
        onExecutor(() -> {
            try {
                onAbandoned.run();
            } catch (Throwable failure) {
                log.warn("an operation could not be stopped when its caller gave up", failure);
            }
        });
    }

    private void onExecutor(Runnable task) {
        if (executor.inEventLoop()) {
            task.run();
            return;
        }
        later(executor, task);
    }

    private static void later(Executor on, Runnable task) {
        try {
            on.execute(task);
        } catch (RejectedExecutionException shutDown) {
            task.run();
        }
    }

    @Override
    public T get() throws InterruptedException, ExecutionException {
        checkBlocking();
        return super.get();
    }

    @Override
    public T get(long timeout, TimeUnit unit) throws InterruptedException, ExecutionException, TimeoutException {
        checkBlocking();
        return super.get(timeout, unit);
    }

    @Override
    public T join() {
        checkBlocking();
        return super.join();
    }

    private void checkBlocking() {
        if (!isDone()) {
            BlockingCheck.refuseOnEventLoop(executor);
        }
    }

    @Override
    public <U extends @Nullable Object> CompletableFuture<U> newIncompleteFuture() {
        return new Dependent<>(executor);
    }

    @Override
    public boolean complete(T value) {
        throw notYours("complete");
    }

    @Override
    public boolean completeExceptionally(Throwable cause) {
        throw notYours("completeExceptionally");
    }

    @Override
    public CompletableFuture<T> completeAsync(Supplier<? extends T> supplier) {
        throw notYours("completeAsync");
    }

    @Override
    public CompletableFuture<T> completeAsync(Supplier<? extends T> supplier, Executor on) {
        throw notYours("completeAsync");
    }

    @Override
    public void obtrudeValue(T value) {
        throw notYours("obtrudeValue");
    }

    @Override
    public void obtrudeException(Throwable cause) {
        throw notYours("obtrudeException");
    }

    private static UnsupportedOperationException notYours(String method) {
        return new UnsupportedOperationException(method + ": only the operation completes this future; use cancel,"
                + " orTimeout or completeOnTimeout to give up, or copy() for a future of your own");
    }

    /** What follows from a toolkit future: the JDK's behaviour, with the check on blocking. */
    private static final class Dependent<T extends @Nullable Object> extends CompletableFuture<T> {

        private final EventExecutor executor;

        Dependent(EventExecutor executor) {
            this.executor = executor;
        }

        @Override
        public <U extends @Nullable Object> CompletableFuture<U> newIncompleteFuture() {
            return new Dependent<>(executor);
        }

        @Override
        public T get() throws InterruptedException, ExecutionException {
            checkBlocking();
            return super.get();
        }

        @Override
        public T get(long timeout, TimeUnit unit) throws InterruptedException, ExecutionException, TimeoutException {
            checkBlocking();
            return super.get(timeout, unit);
        }

        @Override
        public T join() {
            checkBlocking();
            return super.join();
        }

        private void checkBlocking() {
            if (!isDone()) {
                BlockingCheck.refuseOnEventLoop(executor);
            }
        }
    }
}
