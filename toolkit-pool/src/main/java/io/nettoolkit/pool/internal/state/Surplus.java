package io.nettoolkit.pool.internal.state;

import io.nettoolkit.pool.ConnectionPool.CloseCause;
import io.nettoolkit.pool.internal.hit.Entry;

/** Idle connections that have to go, those at the last places first, because they were idle longest. */
final class Surplus {

    private final Roster roster;
    private final Effects effects;
    private final Exit exit;

    Surplus(Roster roster, Effects effects, Exit exit) {
        this.roster = roster;
        this.effects = effects;
        this.exit = exit;
    }

    /** Closes what there is above so many open connections. */
    void trim(int most) {
        for (int i = roster.size() - 1; i >= 0 && roster.open() > most; i--) {
            exit.endIfIdle(roster.at(i), CloseCause.SURPLUS);
        }
    }

    /**
     * Closes connections for other hosts, as the cap they share says.
     *
     * @param needed whether somebody waits for them here
     * @param minIdle how many stay where nobody does, unless the cap was lowered below that
     */
    void makeRoom(boolean needed, int minIdle) {
        if (!effects.isPermitWanted()) {
            return;
        }
        int idle = needed ? Integer.MAX_VALUE : roster.idle();
        for (int i = roster.size() - 1; i >= 0 && effects.isPermitWanted(); i--) {
            Member member = roster.at(i);
            if (member.phase() != Entry.IDLE || (idle <= minIdle && !effects.isCapExceeded())) {
                continue;
            }
            if (!effects.takesPermitBack(needed)) {
                return;
            }
            if (exit.endIfIdle(member, CloseCause.EVICTED)) {
                idle--;
            } else {
                effects.keepsPermit();
            }
        }
    }
}
