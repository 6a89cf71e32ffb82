package io.nettoolkit.resilience.internal.call;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/*
 * Design note.
 *
 * Idea. Permits and the bound of the queue are one word; the queue itself is only a hint of who is next.
 *
 *    63                    40 39                20 19                 0
 *   +------------------------+--------------------+--------------------+
 *   |  granted (mod 2^24)    |     in flight      |       queued       |
 *   +------------------------+--------------------+--------------------+
 *
 * `queued` counts the waiters that have a place; it goes up by CAS from below the bound before a waiter is put into the queue,
 * and down when the waiter's fate is decided: by whoever moves it away from WAITING, and that is one CAS which somebody wins.
 *
 * A release takes itself off the word and then, where somebody is queued, runs settle(): take a permit in hand as anybody
 * would, poll the queue for a waiter that still waits, make the permit its own. Where there is none (it was cancelled, or it
 * has its place but is not in the queue yet), the permit goes back. Who puts a waiter into the queue runs settle() after that,
 * so a waiter that a release did not see yet sees the release. Nobody spins for somebody else, and a waiter that timed out
 * never has a permit: it lost the CAS, and who polled it still has the permit in hand.
 *
 * Granted permits are counted in the same word, so that counting costs no second atomic instruction. The field wraps; each
 * time its top bit, the word's sign, changes, the thread that changed it adds one to `halves`. A reader that finds sign and
 * `halves` at odds met that thread between the two.
 *
 * Invariants. In flight <= permits and queued <= bound at every instant. With no operation under way: if somebody waits, no
 * permit is free; in flight = grants - releases; queued = waiters in state WAITING. First come, first served among waiters
 * whose enter() calls do not overlap; tryAcquire() never overtakes a waiter.
 *
 * Sources. Failsafe's issues 365 and 393, for what happens when a waiter's time-out and its grant are two decisions.
 */

/** Permits, and a bounded queue for those who wait for one. Any thread; nothing blocks. */
public final class PermitQueue {

    /** The most permits, and the longest queue. */
    public static final int MAX = (1 << 20) - 1;

    /** What {@link #enter} did. */
    enum Entry {
        /** The caller has a permit; the waiter is not used. */
        GRANTED,
        /** The waiter has a place. */
        QUEUED,
        /** No permit and no place. */
        REFUSED
    }

    private static final VarHandle WORD;

    static {
        try {
            WORD = MethodHandles.lookup().findVarHandle(PermitQueue.class, "word", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private static final int IN_FLIGHT_SHIFT = 20;
    private static final int GRANTED_SHIFT = 40;
    private static final long QUEUED_ONE = 1;
    private static final long IN_FLIGHT_ONE = 1L << IN_FLIGHT_SHIFT;
    private static final long GRANTED_ONE = 1L << GRANTED_SHIFT;
    /** Bits of the field of granted permits without its top bit. */
    private static final int HALF_BITS = Long.SIZE - GRANTED_SHIFT - 1;

    private final int permits;
    private final int bound;
    private final Queue<Waiter> queue;
    private final AtomicLong halves = new AtomicLong();

    @SuppressWarnings("unused") // also through WORD
    private volatile long word;

    /**
     * All permits free.
     *
     * @param permits 1 to {@link #MAX}
     * @param bound waiters at most, 0 to {@link #MAX}
     */
    public PermitQueue(int permits, int bound) {
        this(permits, bound, new ConcurrentLinkedQueue<>());
    }

    /** For tests, which let things happen at the moment of a poll. */
    PermitQueue(int permits, int bound, Queue<Waiter> queue) {
        this.permits = permits;
        this.bound = bound;
        this.queue = queue;
    }

    /** A permit, where one is free and nobody waits. */
    public boolean tryAcquire() {
        for (; ; ) {
            long now = word;
            if (queued(now) != 0 || inFlight(now) >= permits) {
                return false;
            }
            if (swap(now, now + IN_FLIGHT_ONE + GRANTED_ONE)) {
                return true;
            }
            Thread.onSpinWait();
        }
    }

    /** A permit, or a place in the queue. */
    Entry enter(Waiter waiter) {
        for (; ; ) {
            long now = word;
            if (queued(now) == 0 && inFlight(now) < permits) {
                if (swap(now, now + IN_FLIGHT_ONE + GRANTED_ONE)) {
                    return Entry.GRANTED;
                }
            } else if (queued(now) >= bound) {
                return Entry.REFUSED;
            } else if (swap(now, now + QUEUED_ONE)) {
                queue.add(waiter);
                settle();
                return Entry.QUEUED;
            }
            Thread.onSpinWait();
        }
    }

    /** Ends the wait of a waiter that has a place; false where it ended before: then it has a permit, or was told so. */
    boolean leave(Waiter waiter, Fate fate) {
        if (!waiter.decide(fate)) {
            return false;
        }
        add(-QUEUED_ONE);
        queue.remove(waiter);
        return true;
    }

    /**
     * Gives a permit back.
     *
     * @throws IllegalStateException where none is out
     */
    public void release() {
        for (; ; ) {
            long now = word;
            if (inFlight(now) == 0) {
                throw new IllegalStateException("released more often than acquired: all " + permits
                        + " permits are back already; release once for each permit, in a finally block");
            }
            long next = now - IN_FLIGHT_ONE;
            if (swap(now, next)) {
                if (queued(next) != 0) {
                    settle();
                }
                return;
            }
            Thread.onSpinWait();
        }
    }

    /** Hands free permits to waiters, until there is no free one or no waiter. */
    private void settle() {
        for (; ; ) {
            long now = word;
            if (queued(now) == 0 || inFlight(now) >= permits) {
                return;
            }
            if (!swap(now, now + IN_FLIGHT_ONE)) {
                continue;
            }
            Waiter next = nextWaiting();
            if (next != null) {
                add(GRANTED_ONE - QUEUED_ONE);
                next.onGranted();
                continue;
            }
            add(-IN_FLIGHT_ONE);
            // Who came into the queue meanwhile saw the permit in hand, and left it to this loop.
            if (queue.isEmpty()) {
                return;
            }
        }
    }

    /** The first one that still waits; from now on it has a permit. */
    private @Nullable Waiter nextWaiting() {
        Waiter first = queue.poll();
        while (first != null && !first.decide(Fate.GRANTED)) {
            first = queue.poll();
        }
        return first;
    }

    private boolean swap(long now, long next) {
        if (!WORD.compareAndSet(this, now, next)) {
            return false;
        }
        if ((now ^ next) < 0) {
            halves.incrementAndGet();
        }
        return true;
    }

    private void add(long change) {
        long before = (long) WORD.getAndAdd(this, change);
        if ((before ^ (before + change)) < 0) {
            halves.incrementAndGet();
        }
    }

    /** Permits that are out. */
    public int inFlight() {
        return inFlight(word);
    }

    /** Waiters that have a place. */
    public int queued() {
        return queued(word);
    }

    /** Permits granted so far. */
    public long granted() {
        for (; ; ) {
            long seen = halves.get();
            long now = word;
            if (halves.get() == seen) {
                boolean isAhead = (seen & 1) != (now >>> (Long.SIZE - 1));
                long whole = isAhead ? seen + 1 : seen;
                return (whole << HALF_BITS) + ((now >>> GRANTED_SHIFT) & ((1L << HALF_BITS) - 1));
            }
        }
    }

    /** For tests: as if so many permits had been granted and released, and so many wraps of a half were written down. */
    void skip(long grants, long wraps) {
        halves.set(wraps);
        word = grants << GRANTED_SHIFT;
    }

    private static int inFlight(long word) {
        return (int) (word >>> IN_FLIGHT_SHIFT) & MAX;
    }

    private static int queued(long word) {
        return (int) word & MAX;
    }

    /** How a wait ends; decided once. */
    enum Fate {
        /** Not yet. */
        WAITING,
        /** The waiter has a permit. */
        GRANTED,
        /** It gave up. */
        CANCELLED,
        /** Its time was over. */
        EXPIRED
    }

    /** One who waits. */
    abstract static class Waiter {

        private static final VarHandle FATE;

        static {
            try {
                FATE = MethodHandles.lookup().findVarHandle(Waiter.class, "fate", Fate.class);
            } catch (ReflectiveOperationException e) {
                throw new ExceptionInInitializerError(e);
            }
        }

        @SuppressWarnings("unused") // also through FATE
        private volatile Fate fate = Fate.WAITING;

        private boolean decide(Fate decided) {
            return FATE.compareAndSet(this, Fate.WAITING, decided);
        }

        final Fate fate() {
            return fate;
        }

        /**
         * The permit is this waiter's. On the thread that released it, which may hand over many more: must return at once,
         * throw nothing, and run nobody's code.
         */
        abstract void onGranted();
    }
}
