package io.nettoolkit.tcp.internal;

import io.nettoolkit.core.TimeSource;
import io.nettoolkit.core.internal.CoarseClock;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/*
 * All deadlines of a loop's connections, at 20 bytes a connection and no object per timer.
 *
 * Idea. A hashed wheel of intrusive lists (Varghese and Lauck, "Hashed and Hierarchical Timing Wheels", 1987, scheme 6)
 * in which a connection stands once, at the earliest of its deadlines. Activity does not move it: that a deadline went
 * up since is noticed when its slot comes round, and the connection is put where it belongs then. So reading and writing
 * cost nothing here, and a connection is looked at about once per timeout, or once per turn of the wheel.
 *
 * The loop's own timer is set for the next occupied slot only: a loop whose deadlines are far away is not woken.
 *
 * Invariants.
 *  - A handler is in at most one list: that of the first slot that is over after its dueNanos, or the last slot of the
 *    turn when that is further away.
 *  - Occupied slots belong to the ticks (doneTick, doneTick + SLOTS).
 *  - onDue is called only when the exact clock has reached dueNanos.
 */

/**
 * A coarse timer wheel for one loop.
 *
 * <p>Threading: confined to the loop.
 */
final class DeadlineWheel implements Runnable {

    /** Stands for "no deadline". */
    static final long NEVER = Long.MAX_VALUE;

    /** The slot of a handler that is in no list. */
    static final int NOWHERE = -1;

    private static final int TICK_SHIFT = 26;

    /** How late a deadline may be noticed, in nanoseconds: about 67 ms. */
    static final long TICK_NANOS = 1L << TICK_SHIFT;

    /** One turn is about 69 s. */
    private static final int SLOTS = 1024;

    /** The list of those whose slot is over and who are looked at now. */
    private static final int DUE = SLOTS;

    private final EventLoop loop;
    private final TimeSource time;
    private final long originNanos;
    private final @Nullable TimedHandler[] lists = new TimedHandler[SLOTS + 1];
    private final long[] occupied = new long[SLOTS / Long.SIZE];
    private long doneTick;
    private long wakeTick = NEVER;
    private @Nullable ScheduledFuture<?> wake;

    DeadlineWheel(EventLoop loop, TimeSource time) {
        this.loop = loop;
        this.time = time;
        originNanos = time.nanoTime();
    }

    /** Makes sure the handler is called soon after {@code dueNanos}; where it is called earlier already, nothing changes. */
    void arm(TimedHandler handler, long dueNanos) {
        if (dueNanos == NEVER || (handler.slot != NOWHERE && handler.dueNanos - dueNanos <= 0)) {
            return;
        }
        if (wakeTick == NEVER) {
            // Empty: nobody has moved the wheel for a while.
            doneTick = tick(time.nanoTime());
        }
        disarm(handler);
        wakeAt(link(handler, dueNanos));
    }

    /** Takes the handler out. */
    void disarm(TimedHandler handler) {
        int slot = handler.slot;
        if (slot == NOWHERE) {
            return;
        }
        TimedHandler next = handler.next;
        TimedHandler previous = handler.previous;
        if (next != null) {
            next.previous = previous;
        }
        if (previous != null) {
            previous.next = next;
        } else {
            lists[slot] = next;
            if (next == null && slot != DUE) {
                occupied[slot >> 6] &= ~(1L << slot);
            }
        }
        handler.previous = null;
        handler.next = null;
        handler.slot = NOWHERE;
    }

    /** The loop's timer: calls what is due and sets the timer for the next occupied slot. */
    @Override
    public void run() {
        wake = null;
        long now = time.nanoTime();
        if (time == TimeSource.system()) {
            CoarseClock.publish(now);
        }
        long nowTick = tick(now);
        long last = Math.min(nowTick, doneTick + SLOTS);
        for (long tick = doneTick + 1; tick <= last; tick++) {
            moveToDue((int) tick & (SLOTS - 1));
        }
        doneTick = nowTick;
        // One by one from the head, so that a call may arm or disarm any handler, itself included.
        for (TimedHandler handler = lists[DUE]; handler != null; handler = lists[DUE]) {
            disarm(handler);
            long due = handler.dueNanos - now <= 0 ? handler.onDue(now) : handler.dueNanos;
            if (due != NEVER && handler.slot == NOWHERE) {
                link(handler, due);
            }
        }
        wakeTick = NEVER;
        wakeAt(nextOccupiedTick());
    }

    private void moveToDue(int slot) {
        TimedHandler handler = lists[slot];
        if (handler == null) {
            return;
        }
        lists[slot] = null;
        occupied[slot >> 6] &= ~(1L << slot);
        while (handler != null) {
            TimedHandler next = handler.next;
            push(handler, DUE);
            handler = next;
        }
    }

    /** Puts the handler into the list of its tick and answers the tick. */
    private long link(TimedHandler handler, long dueNanos) {
        // Rounded up: when a tick is over, every deadline in its list has been reached.
        long tick = Math.min(Math.max(tick(dueNanos), doneTick) + 1, doneTick + SLOTS - 1);
        int slot = (int) tick & (SLOTS - 1);
        handler.dueNanos = dueNanos;
        push(handler, slot);
        occupied[slot >> 6] |= 1L << slot;
        return tick;
    }

    private void push(TimedHandler handler, int slot) {
        TimedHandler head = lists[slot];
        handler.previous = null;
        handler.next = head;
        handler.slot = slot;
        if (head != null) {
            head.previous = handler;
        }
        lists[slot] = handler;
    }

    private long nextOccupiedTick() {
        long tick = doneTick + 1;
        long end = doneTick + SLOTS;
        while (tick < end) {
            int slot = (int) tick & (SLOTS - 1);
            long later = occupied[slot >> 6] >>> slot;
            if (later != 0) {
                return tick + Long.numberOfTrailingZeros(later);
            }
            tick += Long.SIZE - (slot & (Long.SIZE - 1));
        }
        return NEVER;
    }

    private void wakeAt(long tick) {
        if (tick >= wakeTick) {
            return;
        }
        if (wake != null) {
            wake.cancel(false);
        }
        wakeTick = tick;
        long delay = originNanos + (tick << TICK_SHIFT) - time.nanoTime();
        wake = loop.schedule(this, Math.max(delay, 0), TimeUnit.NANOSECONDS);
    }

    private long tick(long nanos) {
        return (nanos - originNanos) >> TICK_SHIFT;
    }
}
