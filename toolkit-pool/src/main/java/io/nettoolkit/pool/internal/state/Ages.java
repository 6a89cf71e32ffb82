package io.nettoolkit.pool.internal.state;

import io.nettoolkit.pool.ConnectionPool.CloseCause;
import io.nettoolkit.pool.internal.hit.Entry;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;

/**
 * Which connections are too old, or were idle for too long. Looks at all of them when the next one may be due, and not more
 * often than it must: an idle pool sleeps.
 */
final class Ages {

    private static final long SECOND_NANOS = TimeUnit.SECONDS.toNanos(1);
    /** Lifetimes are shortened by up to this share. */
    private static final double JITTER = 0.1;
    /** One in so many connections may end of age per second, at least one. */
    private static final int RETIRED_PER_SECOND_SHARE = 20;

    private final Rules rules;
    private final Exit exit;
    private final Checks checks;
    private final RandomGenerator random;
    private final Due next = new Due();
    private final Due retiringSince = new Due();
    /** Ended of age in this second. */
    private int retired;

    private int mayRetire;
    private int replacements;

    /** How many there have to be, and are. */
    record Bounds(int minIdle, boolean hasRoom) {}

    Ages(Rules rules, Exit exit, Checks checks, RandomGenerator random) {
        this.rules = rules;
        this.exit = exit;
        this.checks = checks;
        this.random = random;
    }

    Due next() {
        return next;
    }

    /** Connections to be opened before others may end. */
    int replacements() {
        return replacements;
    }

    void joined(Member member, long nowNanos) {
        if (rules.lifetimeNanos() > 0) {
            long lifetimeNanos = rules.lifetimeNanos();
            member.retireNanos = nowNanos + lifetimeNanos - (long) (lifetimeNanos * JITTER * random.nextDouble());
            next.by(member.retireNanos);
        }
        if (rules.idleNanos() > 0) {
            next.by(nowNanos + rules.idleNanos());
        }
        if (rules.probeNanos() > 0) {
            next.by(nowNanos + rules.probeNanos());
        }
        if (replacements > 0) {
            next.by(nowNanos);
        }
    }

    /** Looks again at the latest in a second. */
    void soon(long nowNanos) {
        next.by(nowNanos + SECOND_NANOS);
    }

    void sweep(Roster roster, Bounds bounds, long nowNanos) {
        next.clear();
        replacements = 0;
        if (!retiringSince.isSet() || nowNanos - retiringSince.atNanos() >= SECOND_NANOS) {
            retiringSince.clear();
            retiringSince.by(nowNanos);
            retired = 0;
        }
        mayRetire = Math.max(1, roster.size() / RETIRED_PER_SECOND_SHARE);
        int idle = roster.idle();
        for (int i = roster.size() - 1; i >= 0; i--) {
            Member member = roster.at(i);
            int phase = member.phase();
            if (phase == Entry.IDLE) {
                if (isIdleTooLong(member, nowNanos) && idle > bounds.minIdle) {
                    idle -= end(member, CloseCause.IDLE_TIMEOUT);
                } else if (isOld(member, nowNanos)) {
                    idle -= retire(member, idle, bounds);
                } else if (isToBeProbed(member, nowNanos)) {
                    checks.beginIfIdle(member, nowNanos);
                }
            } else if (phase == Entry.LEASED && isOld(member, nowNanos)) {
                retireWithItsLease(member);
            }
            noteNext(member, nowNanos);
        }
        if (bounds.minIdle > 0) {
            soon(nowNanos);
        }
    }

    private int end(Member member, CloseCause cause) {
        return exit.endIfIdle(member, cause) ? 1 : 0;
    }

    private int retire(Member member, int idle, Bounds bounds) {
        if (idle <= bounds.minIdle && bounds.hasRoom) {
            replacements++;
            return 0;
        }
        if (retired >= mayRetire) {
            return 0;
        }
        int ended = end(member, CloseCause.LIFETIME);
        retired += ended;
        return ended;
    }

    private void retireWithItsLease(Member member) {
        if (retired < mayRetire && member.move(Entry.LEASED, Entry.RETIRING)) {
            member.because(CloseCause.LIFETIME, null);
            retired++;
        }
    }

    private void noteNext(Member member, long nowNanos) {
        int phase = member.phase();
        if (phase == Entry.CLOSING || phase == Entry.CLOSED || phase == Entry.LOST || phase == Entry.RETIRING) {
            return;
        }
        boolean isUnused = phase != Entry.LEASED;
        // What is due and still here has its reason; it is looked at again in a second.
        if (rules.lifetimeNanos() > 0) {
            next.by(later(member.retireNanos, nowNanos));
        }
        if (rules.idleNanos() > 0) {
            next.by(isUnused ? later(idleDueNanos(member), nowNanos) : nowNanos + rules.idleNanos());
        }
        if (rules.probeNanos() > 0) {
            next.by(isUnused ? later(probeDueNanos(member), nowNanos) : nowNanos + rules.probeNanos());
        }
    }

    private static long later(long dueNanos, long nowNanos) {
        return dueNanos - nowNanos > 0 ? dueNanos : nowNanos + SECOND_NANOS;
    }

    private boolean isOld(Member member, long nowNanos) {
        return rules.lifetimeNanos() > 0 && nowNanos - member.retireNanos >= 0;
    }

    private boolean isIdleTooLong(Member member, long nowNanos) {
        return rules.idleNanos() > 0 && nowNanos - idleDueNanos(member) >= 0;
    }

    private boolean isToBeProbed(Member member, long nowNanos) {
        return rules.probeNanos() > 0 && nowNanos - probeDueNanos(member) >= 0;
    }

    private long idleDueNanos(Member member) {
        return member.idleSinceNanos() + rules.idleNanos() + rules.tickNanos();
    }

    private long probeDueNanos(Member member) {
        long idleSinceNanos = member.idleSinceNanos();
        long provenNanos = member.checkedNanos() - idleSinceNanos > 0 ? member.checkedNanos() : idleSinceNanos;
        return provenNanos + rules.probeNanos() + rules.tickNanos();
    }
}
