package io.nettoolkit.core.internal;

import io.nettoolkit.core.TimeSource;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * The coarse time of this JVM: one static word that the ticker thread advances, and that every loop sweep advances as
 * well when it has read the exact clock anyway. It never goes back.
 */
public final class CoarseClock {

    /** How often the ticker advances the clock. */
    public static final long TICK_NANOS = 10_000_000;

    private static final VarHandle NOW;
    private static long now = TimeSource.system().nanoTime();

    static {
        try {
            NOW = MethodHandles.lookup().findStaticVarHandle(CoarseClock.class, "now", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
        TickerThread.start();
    }

    private CoarseClock() {}

    /** The last published time; any thread, one opaque read. */
    public static long nanos() {
        return (long) NOW.getOpaque();
    }

    /** Advances the clock to an exact reading; a reading that is older than what others published changes nothing. */
    public static void publish(long exactNanos) {
        long seen = (long) NOW.getOpaque();
        while (exactNanos - seen > 0) {
            long witness = (long) NOW.compareAndExchange(seen, exactNanos);
            if (witness == seen) {
                return;
            }
            seen = witness;
        }
    }
}
