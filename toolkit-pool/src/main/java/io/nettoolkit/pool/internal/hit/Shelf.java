package io.nettoolkit.pool.internal.hit;

import io.nettoolkit.core.TimeSource;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/*
 * Design note.
 *
 * Idea. A thread that takes and gives back looks at what it gave back last, and swaps one word. Only where that is taken it
 * looks at a bitmap of connections that may be idle: first those of its own event loop, then all, lowest place first, so that
 * those at the end grow old idle and are closed.
 *
 * What one thread touches that takes and gives back: the gate, its hint and the chunk's bits (all three only read, and shared
 * by all processors as long as nothing changes), and the entry's word with its stamp, which is one line of its own.
 *
 * Hints. A thread's hint is the entry it released last; event loops keep entries of their own loop there only. Threads whose
 * ids collide share one, which costs time and nothing else. A bit is set by whoever makes its entry idle, unless it is set; it
 * stays set while the entry is leased, until somebody who looks for an entry finds it wrong.
 *
 * Proof that nobody waits beside an idle connection (I5). A releaser (1) swaps the word to IDLE, (2) sets the bit or sees it
 * set, (3) reads the gate, and signals the state machine where somebody waits. A waiter (a) puts itself into the gate,
 * (b) reads the bits, (c) reads the words. All of them are volatile, so in one total order. If (3) does not see (a), then (2)
 * came before (b): the waiter sees the bit, unless somebody cleared it in between. Who does that found the word not IDLE
 * before (1), and looks once more after the clear; where it is IDLE now, he sets the bit again, tries to take the entry, and
 * where he fails he reads the gate as a releaser does. So after the last time that a bit was set, its setter reads the gate
 * or has the entry. What a scanner takes out of the hit path to have it checked, he tells the state machine of.
 *
 * Barging. Who read the gate before a waiter came may still take one connection after it: once per thread, and the release
 * that follows sees the waiter (I6 allows exactly that). Where barging is allowed, waiters are woken to try for themselves, and
 * as long as one of them has not said what came of it, the gate asks nobody for signals (TRYING). That hides nothing: when
 * the last of them speaks, the state machine opens the gate again before it reads the bits.
 *
 * Sources. HikariCP's ConcurrentBag for the thread's own list over a shared one, Stormpot's BlazePool for the claim of one CAS.
 */

/** Where idle connections are looked for. Any thread, unless noted. */
public final class Shelf {

    /** Bit of {@link #open}: nobody may take a connection past the state machine. */
    public static final long BARRED = 1L << 32;
    /** Bit of {@link #open}: releases are to be told of, although nobody waits. */
    public static final long WATCHED = 1L << 33;
    /** Bit of {@link #open}: those who wait need not be told of releases now, because some of them are about to look. */
    public static final long TRYING = 1L << 34;

    /** The state machine, as the hit path sees it. */
    public interface Keeper {
        /** An entry that was passed over: it is VALIDATING now, and nobody's. */
        void needsCheck(Entry entry);

        /** Somebody waits, and there is an idle entry. */
        void signal();
    }

    private static final VarHandle HINTS = MethodHandles.arrayElementVarHandle(Entry[].class);
    /** References per 128 bytes, where they have four bytes each. */
    private static final int SPREAD = 32;

    private final Gate gate = new Gate();
    private final Keeper keeper;
    private final long barredBy;
    /** How long an entry may have been idle; negative where none is ever checked. */
    private final long freshNanos;

    private final int hintMask;
    private final @Nullable Entry[] hints;
    /** Thread ids of the event loops, hashed; a loop's place here is its index. 0 where free. */
    private final long[] loops;

    private volatile Chunk[] chunks;

    /**
     * An empty one.
     *
     * @param keeper told of entries that need a check
     * @param fair whether nobody may take a connection past those who wait
     * @param freshNanos how long an entry may be idle without a check; negative: for ever
     * @param sizes how many threads and loops to expect
     */
    public Shelf(Keeper keeper, boolean fair, long freshNanos, Sizes sizes) {
        this.keeper = keeper;
        this.barredBy = fair ? -1 : BARRED | Gate.BARRED_FOR_GOOD;
        this.freshNanos = freshNanos;
        hintMask = powerOfTwo(Math.max(2, Math.min(2 * sizes.processors, 2 * sizes.entries))) - 1;
        hints = new Entry[(hintMask + 2) * SPREAD];
        loops = new long[powerOfTwo(2 * Math.max(1, sizes.loops))];
        chunks = new Chunk[] {new Chunk(0, loops.length)};
    }

    /**
     * What to expect.
     *
     * @param entries connections at most
     */
    public record Sizes(int processors, int loops, int entries) {}

    private static int powerOfTwo(int least) {
        return least <= 1 ? 1 : Integer.highestOneBit(least - 1) << 1;
    }

    /** Lets the hit path in, or keeps it out; the state machine only. */
    public void open(int waiting, long bits) {
        gate.set(waiting | bits);
    }

    /** Keeps the hit path out for good, at once and whatever {@link #open} says. Any thread. */
    public void bar() {
        gate.bar();
    }

    /** Those who wait. */
    public int waiting() {
        return (int) gate.get();
    }

    /** An idle connection that needs no check, or null; by the hit path, on the thread with this id. */
    public @Nullable Entry tryClaim(long thread, TimeSource timeSource) {
        if ((gate.get() & barredBy) != 0) {
            return null;
        }
        long nowNanos = freshNanos < 0 ? 0 : timeSource.coarseNanos();
        Entry hint = (Entry) HINTS.getOpaque(hints, hintOf(thread));
        if (hint != null) {
            long now = hint.word;
            // Of a thread that shares the hint with this one it may be; a loop is to have a connection of its own.
            if (Entry.phase(now) == Entry.IDLE
                    && isForThread(hint, thread)
                    && isFresh(hint, nowNanos)
                    && hint.claim(now)) {
                return hint;
            }
        }
        return scan(thread, nowNanos);
    }

    /** The lease of this entry is over, and it is idle; true where the state machine has to be told. */
    public boolean released(Entry entry, long thread) {
        offer(entry);
        int hint = hintOf(thread);
        if (HINTS.getOpaque(hints, hint) != entry && isForThread(entry, thread)) {
            HINTS.setOpaque(hints, hint, entry);
        }
        return isToBeTold();
    }

    private boolean isToBeTold() {
        long open = gate.get();
        return open != 0 && ((open & TRYING) == 0 || (open & WATCHED) != 0);
    }

    /** Makes an entry findable that is idle now. */
    public void offer(Entry entry) {
        Chunk chunk = entry.chunk;
        if (chunk != null) {
            chunk.markIdle(entry.bit());
        }
    }

    private boolean isForThread(Entry entry, long thread) {
        return entry.loopThread() == thread || loopOf(thread) < 0;
    }

    private int hintOf(long thread) {
        return (((int) thread & hintMask) + 1) * SPREAD;
    }

    private @Nullable Entry scan(long thread, long nowNanos) {
        int loop = loopOf(thread);
        Chunk[] all = chunks;
        if (loop >= 0) {
            for (Chunk chunk : all) {
                Entry own = scan(chunk, chunk.maybeIdle() & chunk.ofLoop(loop), nowNanos);
                if (own != null) {
                    return own;
                }
            }
        }
        for (Chunk chunk : all) {
            Entry any = scan(chunk, chunk.maybeIdle(), nowNanos);
            if (any != null) {
                return any;
            }
        }
        return null;
    }

    private @Nullable Entry scan(Chunk chunk, long bits, long nowNanos) {
        boolean sentOne = false;
        for (long left = bits; left != 0; left &= left - 1) {
            int place = Long.numberOfTrailingZeros(left);
            Entry found = chunk.at(place);
            if (found == null || found.phase() != Entry.IDLE) {
                found = lookAgain(chunk, place, nowNanos);
                if (found != null) {
                    return found;
                }
                continue;
            }
            long now = found.word;
            if (isFresh(found, nowNanos)) {
                if (Entry.phase(now) == Entry.IDLE && found.claim(now)) {
                    return found;
                }
            } else if (!sentOne && found.move(Entry.IDLE, Entry.VALIDATING)) {
                keeper.needsCheck(found);
                sentOne = true;
            }
        }
        return null;
    }

    /** Clears a bit that was wrong; the entry, if it is idle after all and can be taken. */
    private @Nullable Entry lookAgain(Chunk chunk, int place, long nowNanos) {
        long bit = 1L << place;
        chunk.clear(bit);
        Entry found = chunk.at(place);
        if (found == null || found.phase() != Entry.IDLE) {
            return null;
        }
        // It was released a moment ago, perhaps marked before the clear; fresh, unless every one is to be checked.
        long now = found.word;
        if (Entry.phase(now) == Entry.IDLE && isFresh(found, nowNanos) && found.claim(now)) {
            return found;
        }
        chunk.markIdle(bit);
        if (isToBeTold()) {
            keeper.signal();
        }
        return null;
    }

    /** One more than the highest that {@link #loopOf} answers. */
    public int loops() {
        return loops.length;
    }

    /** Index of the event loop with this thread, -1 where it is none that has a connection here. */
    public int loopOf(long thread) {
        int mask = loops.length - 1;
        for (int i = 0; i <= mask; i++) {
            int at = (int) (thread + i) & mask;
            long known = loops[at];
            if (known == thread) {
                return at;
            }
            if (known == 0) {
                return -1;
            }
        }
        return -1;
    }

    /** Gives an entry a place; the state machine only. */
    public void put(Entry entry) {
        Chunk[] all = chunks;
        int loop = remember(entry.loopThread());
        for (Chunk chunk : all) {
            if (!chunk.isFull()) {
                chunk.put(entry, loop);
                return;
            }
        }
        Chunk[] more = Arrays.copyOf(all, all.length + 1);
        Chunk last = new Chunk(all.length * Chunk.SIZE, loops.length);
        last.put(entry, loop);
        more[all.length] = last;
        chunks = more;
    }

    private int remember(long thread) {
        int mask = loops.length - 1;
        for (int i = 0; thread != 0 && i <= mask; i++) {
            int at = (int) (thread + i) & mask;
            if (loops[at] == 0) {
                loops[at] = thread;
            }
            if (loops[at] == thread) {
                return at;
            }
        }
        return -1;
    }

    /** Takes an entry's place away; the state machine only. */
    public void remove(Entry entry) {
        Chunk chunk = entry.chunk;
        if (chunk != null) {
            chunk.remove(entry);
        }
        for (int hint = SPREAD; hint < hints.length; hint += SPREAD) {
            if (HINTS.getOpaque(hints, hint) == entry) {
                HINTS.compareAndSet(hints, hint, entry, (Entry) null);
            }
        }
    }

    /** An idle entry, not taken: at the lowest place, but one that needs a check only where no other is; the state machine. */
    public @Nullable Entry anyIdle(long nowNanos) {
        Entry stale = null;
        for (Chunk chunk : chunks) {
            for (long left = chunk.maybeIdle(); left != 0; left &= left - 1) {
                Entry found = chunk.at(Long.numberOfTrailingZeros(left));
                if (found == null || found.phase() != Entry.IDLE) {
                    continue;
                }
                if (isFresh(found, nowNanos)) {
                    return found;
                }
                stale = stale == null ? found : stale;
            }
        }
        return stale;
    }

    /** Whether an idle entry may be handed out as it is. */
    public boolean isFresh(Entry entry, long nowNanos) {
        return freshNanos < 0
                || (freshNanos > 0 && nowNanos - entry.idleSinceNanos() <= freshNanos)
                || (nowNanos - entry.checkedNanos() <= freshNanos && entry.isUnusedSinceCheck());
    }
}
