package io.nettoolkit.testkit;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.PriorityQueue;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.Callable;
import java.util.concurrent.Delayed;
import java.util.concurrent.Executors;
import java.util.concurrent.FutureTask;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.RunnableScheduledFuture;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The executor of {@link ManualTime}: a queue in the order of due time, then of scheduling, emptied by the clock. */
final class ManualExecutor extends AbstractExecutorService implements ScheduledExecutorService {

    private final ManualTime time;
    private final PriorityQueue<Task<?>> queue = new PriorityQueue<>();
    private long lastSequence;
    private boolean shutdown;
    private boolean running;

    ManualExecutor(ManualTime time) {
        this.time = time;
    }

    /** Runs what is due at this instant; called by the clock alone. */
    void runDue() {
        for (Task<?> task = takeDue(); task != null; task = takeDue()) {
            try {
                task.run();
            } finally {
                synchronized (queue) {
                    running = false;
                }
            }
            task.throwUncaught();
        }
    }

    private @Nullable Task<?> takeDue() {
        synchronized (queue) {
            Task<?> head = queue.peek();
            if (head == null || head.dueNanos > time.nanoTime()) {
                return null;
            }
            running = true;
            return queue.poll();
        }
    }

    boolean hasDue() {
        return nextDueNanos() <= time.nanoTime();
    }

    /** When the next task is due, {@link Long#MAX_VALUE} for never. */
    long nextDueNanos() {
        synchronized (queue) {
            Task<?> head = queue.peek();
            return head == null ? Long.MAX_VALUE : head.dueNanos;
        }
    }

    @Override
    public void execute(Runnable command) {
        Objects.requireNonNull(command, "command: must not be null");
        enqueue(new Task<>(Executors.callable(command), 0, 0, true));
    }

    @Override
    public ScheduledFuture<?> schedule(Runnable command, long delay, TimeUnit unit) {
        Objects.requireNonNull(command, "command: must not be null");
        return enqueue(new Task<>(Executors.callable(command), nanos(delay, unit), 0, false));
    }

    @Override
    public <V> ScheduledFuture<V> schedule(Callable<V> callable, long delay, TimeUnit unit) {
        Objects.requireNonNull(callable, "callable: must not be null");
        return enqueue(new Task<>(callable, nanos(delay, unit), 0, false));
    }

    @Override
    public ScheduledFuture<?> scheduleAtFixedRate(Runnable command, long initialDelay, long period, TimeUnit unit) {
        Objects.requireNonNull(command, "command: must not be null");
        requirePositive("period", period);
        return enqueue(new Task<>(Executors.callable(command), nanos(initialDelay, unit), nanos(period, unit), false));
    }

    @Override
    public ScheduledFuture<?> scheduleWithFixedDelay(Runnable command, long initialDelay, long delay, TimeUnit unit) {
        Objects.requireNonNull(command, "command: must not be null");
        requirePositive("delay", delay);
        return enqueue(new Task<>(Executors.callable(command), nanos(initialDelay, unit), -nanos(delay, unit), false));
    }

    @Override
    public void shutdown() {
        List<Task<?>> periodic = new ArrayList<>();
        synchronized (queue) {
            shutdown = true;
            for (Task<?> task : queue) {
                if (task.isPeriodic()) {
                    periodic.add(task);
                }
            }
        }
        periodic.forEach(task -> task.cancel(false));
    }

    @Override
    public List<Runnable> shutdownNow() {
        synchronized (queue) {
            shutdown = true;
            List<Runnable> dropped = new ArrayList<>(queue.size());
            for (Task<?> task = queue.poll(); task != null; task = queue.poll()) {
                dropped.add(task);
            }
            return dropped;
        }
    }

    @Override
    public boolean isShutdown() {
        synchronized (queue) {
            return shutdown;
        }
    }

    @Override
    public boolean isTerminated() {
        synchronized (queue) {
            return shutdown && queue.isEmpty() && !running;
        }
    }

    @Override
    public boolean awaitTermination(long timeout, TimeUnit unit) {
        if (!isShutdown()) {
            return false;
        }
        long deadline = Math.min(saturatedSum(time.nanoTime(), nanos(timeout, unit)), Long.MAX_VALUE - 1);
        while (!isTerminated()) {
            long next = Math.min(nextDueNanos(), deadline);
            time.advanceNanos(Math.max(0, next - time.nanoTime()));
            if (time.nanoTime() == deadline) {
                break;
            }
        }
        return isTerminated();
    }

    private <V> Task<V> enqueue(Task<V> task) {
        synchronized (queue) {
            if (shutdown) {
                throw new RejectedExecutionException("the executor of " + time + " is shut down");
            }
            queue.add(task);
        }
        return task;
    }

    private static void requirePositive(String name, long value) {
        if (value <= 0) {
            throw new IllegalArgumentException(name + ": " + value + " (must be positive)");
        }
    }

    private static long nanos(long amount, TimeUnit unit) {
        return unit.toNanos(Math.max(0, amount));
    }

    private static long saturatedSum(long a, long b) {
        long sum = a + b;
        return sum < 0 ? Long.MAX_VALUE : sum;
    }

    private final class Task<V> extends FutureTask<V> implements RunnableScheduledFuture<V> {

        private final long sequence;
        /** Zero for once, positive for a fixed rate, negative for a fixed delay. */
        private final long periodNanos;
        /** Whether a failure surfaces in the thread that runs the task, as it has no future that anybody sees. */
        private final boolean failsLoudly;

        private long dueNanos;
        private @Nullable Throwable uncaught;

        Task(Callable<V> callable, long delayNanos, long periodNanos, boolean failsLoudly) {
            super(callable);
            this.sequence = nextSequence();
            this.dueNanos = saturatedSum(time.nanoTime(), delayNanos);
            this.periodNanos = periodNanos;
            this.failsLoudly = failsLoudly;
        }

        private long nextSequence() {
            synchronized (queue) {
                return ++lastSequence;
            }
        }

        @Override
        public void run() {
            if (!isPeriodic()) {
                super.run();
            } else if (super.runAndReset()) {
                repeat();
            }
        }

        private void repeat() {
            synchronized (queue) {
                if (!shutdown) {
                    dueNanos = periodNanos > 0
                            ? saturatedSum(dueNanos, periodNanos)
                            : saturatedSum(time.nanoTime(), -periodNanos);
                    if (!isCancelled()) {
                        queue.add(this);
                    }
                    return;
                }
            }
            cancel(false);
        }

        @Override
        protected void setException(Throwable failure) {
            super.setException(failure);
            if (failsLoudly) {
                uncaught = failure;
            }
        }

        void throwUncaught() {
            if (uncaught instanceof Error error) {
                throw error;
            } else if (uncaught instanceof RuntimeException exception) {
                throw exception;
            } else if (uncaught != null) {
                throw new IllegalStateException("a command of execute threw a checked exception", uncaught);
            }
        }

        @Override
        public boolean cancel(boolean mayInterruptIfRunning) {
            boolean cancelled = super.cancel(mayInterruptIfRunning);
            if (cancelled) {
                synchronized (queue) {
                    queue.remove(this);
                }
            }
            return cancelled;
        }

        @Override
        public boolean isPeriodic() {
            return periodNanos != 0;
        }

        @Override
        public long getDelay(TimeUnit unit) {
            return unit.convert(dueNanos - time.nanoTime(), TimeUnit.NANOSECONDS);
        }

        @Override
        public int compareTo(Delayed other) {
            if (other instanceof Task<?> task) {
                int byTime = Long.compare(dueNanos, task.dueNanos);
                return byTime != 0 ? byTime : Long.compare(sequence, task.sequence);
            }
            return Long.compare(getDelay(TimeUnit.NANOSECONDS), other.getDelay(TimeUnit.NANOSECONDS));
        }
    }
}
