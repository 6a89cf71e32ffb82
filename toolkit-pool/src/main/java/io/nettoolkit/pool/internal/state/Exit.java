package io.nettoolkit.pool.internal.state;

import io.nettoolkit.pool.ConnectionPool.CloseCause;
import io.nettoolkit.pool.internal.hit.Entry;
import org.jspecify.annotations.Nullable;

/** How connections go: at once where nobody has them, else with their lease; each of them is closed once. */
final class Exit {

    private final Roster roster;
    private final Checks checks;
    private final Effects effects;

    Exit(Roster roster, Checks checks, Effects effects) {
        this.roster = roster;
        this.checks = checks;
        this.effects = effects;
    }

    /** Closes a connection whose word says CLOSING, or that is cut. */
    void leave(Member member) {
        checks.forget(member);
        if (roster.leave(member)) {
            effects.close(member);
        }
    }

    /** The same, for this reason unless there was one before. */
    void leave(Member member, CloseCause cause, @Nullable Throwable failure) {
        member.because(cause, failure);
        leave(member);
    }

    /** Closes an idle connection; false where it is not idle any more. */
    boolean endIfIdle(Member member, CloseCause cause) {
        if (!member.move(Entry.IDLE, Entry.CLOSING)) {
            return false;
        }
        leave(member, cause, null);
        return true;
    }

    /** Ends a connection at once, or with its lease; nothing for one that ends already. */
    void retire(Member member, CloseCause cause, @Nullable Throwable failure) {
        for (; ; ) {
            int phase = member.phase();
            if (phase == Entry.LEASED) {
                if (member.move(Entry.LEASED, Entry.RETIRING)) {
                    member.because(cause, failure);
                    return;
                }
            } else if (phase == Entry.IDLE || phase == Entry.VALIDATING) {
                if (member.move(phase, Entry.CLOSING)) {
                    leave(member, cause, failure);
                    return;
                }
            } else {
                return;
            }
        }
    }
}
