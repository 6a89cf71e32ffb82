package io.nettoolkit.pool.internal.state;

import io.nettoolkit.pool.internal.hit.Shelf;
import java.util.Objects;

/*
 * Design note.
 *
 * Idea. A connection that is handed to a parked thread is of use to nobody until that thread runs, which takes longer than many
 * an exchange. Once all connections are on their way to threads that wake up, every caller has to park, and each turn costs a
 * switch of threads from then on (a convoy). Who allows barging wants throughput: so the connection stays idle, and the thread
 * is woken to take it by itself. Until it runs, those that run already use what is idle, without asking the state machine.
 *
 * Callers on event loops form convoys as well: where connections go round between loops in the order of coming, each loop hands
 * what it has to the next one, and sleeps until that one is done. There the connection goes to who waits on its own event loop,
 * which is awake, and where it is used without a hop.
 *
 * Fairness keeps a bound: who was too late PATIENCE times, or was passed over as often when he was the first in line, is handed
 * the next connection, in his turn.
 *
 * Sources. The convoy phenomenon, Blasgen and others, 1979; AbstractQueuedSynchronizer, which wakes and lets compete likewise.
 */

/** Who gets a connection that is free, where barging is allowed: not always the first in line. */
final class Barging {

    private static final int PATIENCE = 4;

    private final WaiterLine line;
    private final Roster roster;
    private final Shelf shelf;
    private final Effects effects;

    Barging(WaiterLine line, Roster roster, Shelf shelf, Effects effects) {
        this.line = line;
        this.shelf = shelf;
        this.roster = roster;
        this.effects = effects;
    }

    /**
     * Whether those in front of the line take what is idle by themselves. As many are woken as there are idle connections, unless
     * some are awake already.
     */
    boolean invites() {
        Waiter next = line.first();
        if (next == null || !isPatient(next)) {
            return false;
        }
        if (line.trying() == 0) {
            int idle = roster.idle();
            for (; idle > 0 && next != null && isPatient(next); next = next.after) {
                line.tries(next);
                effects.invite(next);
                idle--;
            }
        }
        return true;
    }

    /** Sees to it that a waiter is preferred by the connections of its event loop, before it gets in line. */
    void prepare(Waiter waiter) {
        long loopThread = waiter.loopThread();
        if (loopThread != 0) {
            waiter.lane = shelf.loopOf(loopThread);
        }
    }

    /** Who is handed this connection; somebody waits. */
    Waiter nextFor(Member member) {
        Waiter first = Objects.requireNonNull(line.first());
        Waiter local = line.firstOf(shelf.loopOf(member.loopThread()));
        if (local == null || local == first || first.passedOver >= PATIENCE) {
            return first;
        }
        first.passedOver++;
        return local;
    }

    private static boolean isPatient(Waiter waiter) {
        return waiter.canTry() && waiter.passedOver < PATIENCE;
    }
}
