package io.nettoolkit.pool.internal.state;

/*
 * Design note.
 *
 * Idea. A connection that is handed to a parked thread is of use to nobody until that thread runs, which takes longer than many
 * an exchange. Once all connections are on their way to threads that wake up, every caller has to park, and each turn costs a
 * switch of threads from then on (a convoy). Who allows barging wants throughput: so the connection stays idle, and the thread
 * is woken to take it by itself. Until it runs, those that run already use what is idle, without asking the state machine.
 *
 * Fairness keeps a bound: who was too late PATIENCE times is handed the next connection, in its turn.
 *
 * Sources. The convoy phenomenon, Blasgen and others, 1979; AbstractQueuedSynchronizer, which wakes and lets compete likewise.
 */

/** Has waiters take idle connections by themselves, where barging is allowed. */
final class Barging {

    private static final int PATIENCE = 4;

    private final WaiterLine line;
    private final Roster roster;
    private final Effects effects;

    Barging(WaiterLine line, Roster roster, Effects effects) {
        this.line = line;
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

    private static boolean isPatient(Waiter waiter) {
        return waiter.canTry() && waiter.passedOver < PATIENCE;
    }
}
