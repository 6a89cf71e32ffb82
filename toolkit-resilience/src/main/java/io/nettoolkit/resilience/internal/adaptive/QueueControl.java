package io.nettoolkit.resilience.internal.adaptive;

/*
 * CoDel's question, asked of calls: was there, in the last interval, one moment at which the queue was as short as it should
 * be? A queue that empties now and then is a buffer at work, however long it gets in between; one whose shortest delay in an
 * interval is above the target stands, and only adds delay.
 *
 * CoDel drops packets of a standing queue at a growing rate and waits for the senders to slow down. Callers do not slow
 * down, so the answer here is the share that is let in: while the queue stands it shrinks by the square root of how far
 * above the target the shortest delay is, at most to half in an interval; while it does not, it grows by a fixed step. A
 * queue that stands but shrinks by itself is left to: less would be let in than can be done.
 *
 * Source: RFC 8289.
 */

/**
 * How much is let in, by the shortest queue delay of each interval.
 *
 * @param share of what arrives, from {@link #LEAST} to 1
 * @param lastNanos the shortest delay of the interval before
 */
public record QueueControl(double share, long lastNanos) {

    /** Nothing is shed. */
    public static final QueueControl OPEN = new QueueControl(1, 0);

    /** Some are let in at any time: without them nobody would see the queue get shorter. */
    static final double LEAST = 0.05;

    private static final double STEP = 0.05;
    private static final double MOST_AT_ONCE = 0.5;
    private static final double SHRINKS = 0.875;

    /** After an interval; {@code shortestNanos} is {@link Long#MAX_VALUE} where nothing left the queue. */
    public QueueControl next(long shortestNanos, long targetNanos) {
        boolean stands = shortestNanos > targetNanos && shortestNanos != Long.MAX_VALUE;
        if (!stands) {
            return share == 1 && lastNanos == 0 ? this : new QueueControl(Math.min(1, share + STEP), 0);
        }
        if (shortestNanos <= SHRINKS * lastNanos) {
            return new QueueControl(share, shortestNanos);
        }
        double factor = Math.max(MOST_AT_ONCE, Math.sqrt((double) targetNanos / shortestNanos));
        return new QueueControl(Math.max(LEAST, share * factor), shortestNanos);
    }
}
