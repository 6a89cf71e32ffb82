package io.nettoolkit.pool.internal.state;

import io.nettoolkit.pool.internal.hit.Entry;
import java.net.SocketAddress;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** The checks under way. All of them may take equally long, so the first to begin is the first to be overdue. */
final class Checks {

    private final Effects effects;
    private final long timeoutNanos;
    private final Deque<Check> checks = new ArrayDeque<>();

    Checks(Rules rules, Effects effects) {
        this.effects = effects;
        timeoutNanos = rules.validationNanos();
    }

    int underWay() {
        return checks.size();
    }

    /**
     * Has a connection checked; its word says VALIDATING.
     *
     * @param avoided as {@link Check#avoided}
     */
    void begin(Member member, List<Predicate<? super SocketAddress>> avoided, long nowNanos) {
        Check check = new Check(member, nowNanos + timeoutNanos, avoided);
        member.check = check;
        checks.add(check);
        effects.check(check);
    }

    /** Has an idle connection checked; false where it is not idle any more. */
    boolean beginIfIdle(Member member, long nowNanos) {
        if (!member.move(Entry.IDLE, Entry.VALIDATING)) {
            return false;
        }
        begin(member, List.of(), nowNanos);
        return true;
    }

    /** A check is over; false where that is known. */
    boolean end(Check check) {
        if (!checks.remove(check)) {
            return false;
        }
        check.member.check = null;
        return true;
    }

    /** A check that has taken too long, taken off the list; null for none. */
    @Nullable
    Check nextExpired(long nowNanos) {
        Check first = checks.peek();
        if (first == null || nowNanos - first.deadlineNanos < 0) {
            return null;
        }
        checks.remove();
        first.member.check = null;
        return first;
    }

    /** What comes of a connection's check is of no interest any more. */
    void forget(Member member) {
        if (member.check != null) {
            end(member.check);
        }
    }

    void nextInto(Due wake) {
        Check first = checks.peek();
        if (first != null) {
            wake.by(first.deadlineNanos);
        }
    }
}
