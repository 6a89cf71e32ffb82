package io.nettoolkit.pool.internal.state;

import io.nettoolkit.core.DrainReport;
import io.nettoolkit.pool.ConnectionPool.CloseCause;
import io.nettoolkit.pool.internal.hit.Entry;
import java.time.Duration;

/** The end of a pool: until when leases are waited for, and what came of the connections there were. */
final class Ending {

    private final Roster roster;
    private final Connects connects;
    private final Exit exit;
    private final Effects effects;
    private final Due graceEnds = new Due();

    private boolean isClosed;
    private boolean isCut;
    private boolean isDrained;
    private long closedNanos;
    private int drained;
    private int forced;

    Ending(Roster roster, Connects connects, Exit exit, Effects effects) {
        this.roster = roster;
        this.connects = connects;
        this.exit = exit;
        this.effects = effects;
    }

    boolean isClosed() {
        return isClosed;
    }

    /** Begins it, or shortens the grace period of one that has begun, for which it answers false. */
    boolean begin(long graceNanos, long nowNanos) {
        graceEnds.by(nowNanos + graceNanos);
        if (isClosed) {
            return false;
        }
        isClosed = true;
        closedNanos = nowNanos;
        return true;
    }

    /** A connection is gone. */
    void gone(Member member) {
        if (member.isCut) {
            forced++;
        } else if (isClosed) {
            drained++;
        }
    }

    /** Ends what nobody uses, and everything when the grace period is over. */
    void goOn(long nowNanos) {
        boolean cut = !isCut && graceEnds.isReached(nowNanos);
        for (int i = 0; i < roster.size(); i++) {
            Member member = roster.at(i);
            exit.retire(member, CloseCause.POOL_CLOSED, null);
            if (cut && !member.isLeaving && member.phase() == Entry.RETIRING) {
                member.isCut = true;
                exit.leave(member);
            }
        }
        if (cut) {
            isCut = true;
            connects.cut();
        }
        if (roster.size() == 0 && connects.underWay() == 0 && !isDrained) {
            isDrained = true;
            effects.drained(new DrainReport(drained, forced, Duration.ofNanos(nowNanos - closedNanos)));
        }
    }

    /** Whether there is nothing left to be woken for. */
    boolean isOver() {
        return isDrained;
    }

    void nextInto(Due wake) {
        if (!isCut) {
            wake.by(graceEnds);
        }
    }
}
