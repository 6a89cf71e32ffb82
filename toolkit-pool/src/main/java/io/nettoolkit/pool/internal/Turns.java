package io.nettoolkit.pool.internal;

import io.netty.channel.EventLoop;
import io.netty.util.concurrent.FastThreadLocal;
import io.netty.util.internal.PlatformDependent;
import java.util.Queue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Tells those who wait on one event loop, one each time the loop comes round. Told all at once, the last of them would be told
 * before the first may go on; so the loop that waits for what the first gives back would sleep meanwhile.
 *
 * <p>Threading: any thread may have somebody told; it happens on the loop.
 */
final class Turns implements Executor, Runnable {

    private static final FastThreadLocal<Turns> OF_THIS_LOOP = new FastThreadLocal<>();

    private final EventLoop loop;
    /** Emptied by one thread at a time: the one that brought {@link #left} up from nothing, and the turns that follow. */
    private final Queue<Runnable> tasks = PlatformDependent.newMpscQueue();

    private final AtomicInteger left = new AtomicInteger();

    private Turns(EventLoop loop) {
        this.loop = loop;
    }

    /** Of the event loop that this thread is. */
    static Turns of(EventLoop current) {
        Turns turns = OF_THIS_LOOP.getIfExists();
        if (turns == null || turns.loop != current) {
            turns = new Turns(current);
            OF_THIS_LOOP.set(turns);
        }
        return turns;
    }

    @Override
    public void execute(Runnable task) {
        tasks.add(task);
        if (left.getAndIncrement() == 0) {
            comeRound();
        }
    }

    private void comeRound() {
        try {
            loop.execute(this);
        } catch (RejectedExecutionException shutDown) {
            // It is over with turns: whoever came late is told here.
            do {
                tasks.remove().run();
            } while (left.decrementAndGet() > 0);
        }
    }

    @Override
    public void run() {
        try {
            tasks.remove().run();
        } finally {
            if (left.decrementAndGet() > 0) {
                comeRound();
            }
        }
    }
}
