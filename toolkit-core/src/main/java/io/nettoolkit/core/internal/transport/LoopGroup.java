package io.nettoolkit.core.internal.transport;

import io.netty.channel.IoEventLoop;
import io.netty.channel.IoEventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SingleThreadIoEventLoop;
import io.netty.util.concurrent.SingleThreadEventExecutor;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;

/** Event loops whose threads are named by the loop's number and known from outside. */
public final class LoopGroup extends MultiThreadIoEventLoopGroup {

    private final List<Loop> loops;

    /**
     * As many loops as threads; a thread starts when its loop is first used.
     *
     * @param names what thread names begin with; a number follows
     * @param daemon whether the threads let the JVM end
     */
    public LoopGroup(int threads, String names, boolean daemon, IoHandlerFactory handlers) {
        this(handlers, newThreads(threads, names, daemon), new ArrayList<>(threads));
    }

    private LoopGroup(IoHandlerFactory handlers, List<LoopThread> threads, List<Loop> loops) {
        // the super constructor makes the loops, before any field of this class is set: hence the arguments
        super(threads.size(), (Executor) null, handlers, threads, loops);
        this.loops = List.copyOf(loops);
    }

    private static List<LoopThread> newThreads(int count, String names, boolean daemon) {
        List<LoopThread> threads = new ArrayList<>(count);
        for (int number = 1; number <= count; number++) {
            threads.add(new LoopThread(names + "-" + number, daemon));
        }
        return threads;
    }

    @Override
    @SuppressWarnings("unchecked")
    protected IoEventLoop newChild(Executor executor, IoHandlerFactory handlers, Object... arguments) {
        List<LoopThread> threads = (List<LoopThread>) arguments[0];
        List<Loop> made = (List<Loop>) arguments[1];
        LoopThread thread = threads.get(made.size());
        SingleThreadIoEventLoop loop = new ClosingLoop(this, thread, handlers);
        made.add(new Loop(loop, thread));
        return loop;
    }

    /** The loops in the order of their numbers. */
    public List<Loop> loops() {
        return loops;
    }

    /** Tasks that wait on all loops; a moment's value. */
    public long pendingTasks() {
        long sum = 0;
        for (Loop loop : loops) {
            sum += loop.executor().pendingTasks();
        }
        return sum;
    }

    /**
     * One loop.
     *
     * @param executor the loop
     * @param thread its thread
     */
    public record Loop(SingleThreadEventExecutor executor, LoopThread thread) {}

    /**
     * Closes its channels before it ends. Without a quiet period Netty may not (seen in 4.2.18): a shutdown that begins
     * late in an iteration ends the loop in the same one, before its channels are told; and io_uring closes a socket
     * some iterations after it was told, behind whatever its ring still drains, or never when the ring is gone by then.
     * Both leave open sockets behind. The loop's count of registrations does not say when all is done: a ring counts a
     * channel out before its socket is closed, and one that the handler itself ends is never counted out.
     */
    private static final class ClosingLoop extends SingleThreadIoEventLoop {

        private static final Runnable NO_TASK = () -> {};

        /** Iterations after the channels were told, which never wait: many more than any transport needs. */
        private static final int LAST_ROUNDS = 16;

        private int rounds;

        ClosingLoop(IoEventLoopGroup parent, ThreadFactory threads, IoHandlerFactory handlers) {
            super(parent, threads, handlers);
        }

        /** There is one end: Netty's other one refuses tasks from the start, the last rounds' too. */
        @Override
        @SuppressWarnings("deprecation") // the group's own way to each of its loops
        public void shutdown() {
            shutdownGracefully(0, 0, TimeUnit.SECONDS);
        }

        @Override
        protected boolean confirmShutdown() {
            if (isShuttingDown() && rounds < LAST_ROUNDS) {
                rounds++;
                ioHandler().prepareToDestroy();
                // So that the next iteration looks for events without waiting for one.
                addTask(NO_TASK);
                return false;
            }
            return super.confirmShutdown();
        }
    }
}
