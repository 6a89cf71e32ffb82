package io.nettoolkit.core.internal.transport;

import io.netty.util.concurrent.FastThreadLocalThread;
import java.util.concurrent.ThreadFactory;
import org.jspecify.annotations.Nullable;

/**
 * The thread of one event loop: makes it when the loop starts, and knows it afterwards, which Netty tells only by
 * waiting for the loop.
 */
public final class LoopThread implements ThreadFactory {

    private final String name;
    private final boolean daemon;
    private volatile @Nullable Thread thread;

    /**
     * A thread to be.
     *
     * @param daemon whether it lets the JVM end
     */
    public LoopThread(String name, boolean daemon) {
        this.name = name;
        this.daemon = daemon;
    }

    @Override
    public Thread newThread(Runnable loop) {
        Thread made = new FastThreadLocalThread(loop, name);
        made.setDaemon(daemon);
        thread = made;
        return made;
    }

    /** The name of the thread, whether or not it runs yet. */
    public String name() {
        return name;
    }

    /** The thread; {@code null} until the loop has had something to do. */
    public @Nullable Thread thread() {
        return thread;
    }
}
