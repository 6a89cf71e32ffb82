package io.nettoolkit.core.internal;

import io.netty.channel.EventLoop;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.internal.ThreadExecutorMap;

/**
 * Refuses to wait on an event loop.
 *
 * <p>Two questions find every loop: Netty notes the executor that is at work on each of its threads, whoever made the
 * thread; an {@code EmbeddedChannel}'s and a {@code ManualIoEventLoop}'s, which may sit on anybody's thread, say
 * themselves that the caller is in them. An executor that is no event loop, such as one given to a pipeline for
 * handlers that block, may wait, as long as it is not the one the result comes from.
 */
public final class BlockingCheck {

    private BlockingCheck() {}

    /**
     * Throws where waiting would block a loop.
     *
     * @param operation what would wait, such as "Retry.execute"
     * @param instead what to call on a loop
     */
    public static void refuseOnEventLoop(String operation, String instead) {
        if (ThreadExecutorMap.currentExecutor() instanceof EventLoop) {
            throw new IllegalStateException(operation + " would block an event loop (thread "
                    + Thread.currentThread().getName() + "): use " + instead + " there, or call it on another thread");
        }
    }

    /**
     * Throws where waiting would block a loop.
     *
     * @param source the executor the result will come from
     */
    static void refuseOnEventLoop(EventExecutor source) {
        if (source.inEventLoop() || ThreadExecutorMap.currentExecutor() instanceof EventLoop) {
            throw new IllegalStateException("get or join of an incomplete future would block an event loop (thread "
                    + Thread.currentThread().getName() + "): go on in a callback, such as whenComplete, or wait on"
                    + " another thread");
        }
    }
}
