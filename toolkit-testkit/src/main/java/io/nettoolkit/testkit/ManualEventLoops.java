package io.nettoolkit.testkit;

import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SingleThreadIoEventLoop;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.ThreadPerTaskExecutor;
import io.netty.util.concurrent.Ticker;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Event loops whose timers follow a ticker that stands still by itself.
 *
 * <p>A transport's wait would mix this ticker with the system clock, so a loop never waits for a timer: it looks every
 * second, and whoever moves the clock calls {@link #settle()}, which wakes each loop with a probe. The probe runs, on
 * the loop, the timers that are due, lets the tasks they submitted go first, and reports the next timer.
 */
final class ManualEventLoops {

    private static final Runnable NO_TASK = () -> {};
    private static final long IDLE_WAIT_NANOS = TimeUnit.SECONDS.toNanos(1);
    /** Passes over all loops while their tasks still hand each other new ones; traffic could go on for ever. */
    private static final int MAX_PASSES = 16;
    /**
     * Iterations for channels to close in. io_uring needs three (cancel what is under way, close, see the end of it),
     * each of which waits for the ring; the other transports need one, but never count down their registrations.
     */
    private static final int MAX_CLOSING_ROUNDS = 16;

    private final Ticker ticker;
    private final Duration patience;
    private final List<Loop> loops = new CopyOnWriteArrayList<>();
    private final List<EventLoopGroup> groups = new CopyOnWriteArrayList<>();
    private final AtomicLong submittedTasks = new AtomicLong();

    /** {@code patience} is real time: for a loop to run its due tasks, or to end. */
    ManualEventLoops(Ticker ticker, Duration patience) {
        this.ticker = ticker;
        this.patience = patience;
    }

    EventLoopGroup newGroup(int threads, IoHandlerFactory ioHandlerFactory) {
        Group group = new Group(threads, ioHandlerFactory);
        groups.add(group);
        return group;
    }

    /** Has every loop run what is due; answers when the next timer is due, {@link Long#MAX_VALUE} for none. */
    long settle() {
        long next = Long.MAX_VALUE;
        for (int pass = 0; pass < MAX_PASSES; pass++) {
            long submittedBefore = submittedTasks.get();
            next = Long.MAX_VALUE;
            for (Loop loop : loops) {
                next = Math.min(next, loop.settle());
            }
            if (loops.size() < 2 || submittedTasks.get() == submittedBefore) {
                break;
            }
        }
        return next;
    }

    void close() {
        for (EventLoopGroup group : groups) {
            group.shutdownGracefully(0, 0, TimeUnit.SECONDS);
        }
        for (EventLoopGroup group : groups) {
            if (!group.terminationFuture().awaitUninterruptibly(patience.toMillis())) {
                throw new IllegalStateException(
                        "event loops did not end within " + patience + ": is a task of theirs blocked?");
            }
        }
        groups.clear();
    }

    private final class Group extends MultiThreadIoEventLoopGroup {

        Group(int threads, IoHandlerFactory ioHandlerFactory) {
            super(threads, new ThreadPerTaskExecutor(new DefaultThreadFactory("manual-time", true)), ioHandlerFactory);
        }

        @Override
        protected IoEventLoop newChild(Executor executor, IoHandlerFactory ioHandlerFactory, Object... args) {
            Loop loop = new Loop(this, executor, ioHandlerFactory);
            loops.add(loop);
            loop.terminationFuture().addListener(ended -> loop.onTerminated());
            return loop;
        }
    }

    private final class Loop extends SingleThreadIoEventLoop {

        /** What {@link #settle()} waits for; a loop that ends completes it in the probe's place. */
        private volatile CompletableFuture<Long> nextTimer = new CompletableFuture<>();

        private int closingRounds;

        Loop(Group parent, Executor executor, IoHandlerFactory ioHandlerFactory) {
            super(parent, executor, ioHandlerFactory);
        }

        long settle() {
            CompletableFuture<Long> next = new CompletableFuture<>();
            nextTimer = next;
            try {
                super.addTask(() -> runTimers(next));
                super.execute(NO_TASK);
                return next.get(patience.toNanos(), TimeUnit.NANOSECONDS);
            } catch (RejectedExecutionException ended) {
                return Long.MAX_VALUE;
            } catch (TimeoutException e) {
                throw new IllegalStateException(
                        threadProperties().name() + " did not run its tasks within " + patience
                                + ": is it blocked, perhaps waiting for the thread that advances the clock?",
                        e);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException("interrupted while waiting for an event loop", e);
            } catch (ExecutionException e) {
                throw new IllegalStateException("an event loop failed to run its timers", e.getCause());
            }
        }

        private void runTimers(CompletableFuture<Long> next) {
            if (next != nextTimer) {
                return; // nobody waits for this probe any more, and two would wait for each other
            }
            boolean ranAny = false;
            for (Runnable due = pollScheduledTask(ticker.nanoTime());
                    due != null;
                    due = pollScheduledTask(ticker.nanoTime())) {
                safeExecute(due);
                ranAny = true;
            }
            if (ranAny || peekTask() != null) {
                super.addTask(() -> runTimers(next));
            } else {
                long deadline = nextScheduledTaskDeadlineNanos();
                next.complete(deadline < 0 ? Long.MAX_VALUE : deadline);
            }
        }

        void onTerminated() {
            loops.remove(this);
            nextTimer.complete(Long.MAX_VALUE);
        }

        @Override
        protected void addTask(Runnable task) {
            if (task != NO_TASK) {
                submittedTasks.incrementAndGet();
            }
            super.addTask(task);
        }

        @Override
        public Ticker ticker() {
            return ticker;
        }

        @Override
        protected long delayNanos(long currentTimeNanos) {
            return hasScheduledTasks() ? 0 : IDLE_WAIT_NANOS;
        }

        @Override
        public Future<?> shutdownGracefully(long quietPeriod, long timeout, TimeUnit unit) {
            return super.shutdownGracefully(0, timeout, unit);
        }

        /**
         * Gives channels time to close before the loop ends. Without a quiet period Netty does not: a shutdown that
         * begins late in an iteration ends the loop in the same one, before its channels are told, and io_uring closes
         * a socket some iterations after it was told, or never if its ring is gone by then.
         */
        @Override
        protected boolean confirmShutdown() {
            if (isShuttingDown() && !isShutdown()) {
                ioHandler().prepareToDestroy();
                // Also keeps Netty from comparing the time since the last task with the quiet period: on a clock that
                // stands, "longer than zero" never comes true.
                super.addTask(NO_TASK);
                if (getNumOfRegisteredChannels() > 0 && closingRounds++ < MAX_CLOSING_ROUNDS) {
                    return false;
                }
            }
            return super.confirmShutdown();
        }
    }
}
