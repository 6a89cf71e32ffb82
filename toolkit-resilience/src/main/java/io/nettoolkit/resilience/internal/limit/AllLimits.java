package io.nettoolkit.resilience.internal.limit;

import io.nettoolkit.resilience.RateLimiter;
import io.nettoolkit.resilience.internal.Check;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Several limits that all have to admit a call. All are looked at before any is written to, so that a refusal changes
 * nothing. What the earlier ones gave is given back when a later one refuses all the same, because another call came first.
 *
 * <p>It promises no later moment: the limits would name different ones, and a limit that was promised an early one could
 * admit others again before the call is made.
 *
 * <p>Threading: any thread. While one call tries the limits in turn, another may be refused for permits that come back.
 */
public final class AllLimits extends Limit {

    /** As many as a word has bits. */
    public static final int MOST = Long.SIZE;

    private final Limiter[] members;
    private final long capacity;

    /** Tried in this order. */
    public AllLimits(List<Limiter> members) {
        this.members = members.toArray(Limiter[]::new);
        capacity = members.stream()
                .mapToLong(member -> member.limit().capacity())
                .min()
                .orElseThrow();
    }

    /** A limiter of the name and options of the first of these. */
    public static Limiter limiterOf(RateLimiter... limiters) {
        Check.between("limiters.length", limiters.length, 1, MOST);
        List<Limiter> members = new ArrayList<>();
        for (RateLimiter limiter : limiters) {
            if (!(limiter instanceof Limiter member)) {
                throw new IllegalArgumentException(
                        "limiters: " + limiter + " (must be made by RateLimiter's factories)");
            }
            if (member.timeSource() != ((Limiter) limiters[0]).timeSource()) {
                throw new IllegalArgumentException(
                        "limiters: " + limiter + " (must be on the same TimeSource as " + limiters[0] + ")");
            }
            members.add(member);
        }
        String shape =
                Stream.of(limiters).map(RateLimiter::toString).collect(Collectors.joining(" and ", "all of ", ""));
        return members.get(0).withLimit(new AllLimits(members), shape);
    }

    @Override
    public long capacity() {
        return capacity;
    }

    @Override
    public boolean promises() {
        return false;
    }

    @Override
    public boolean tryTake(long permits, long nowNanos) {
        for (Limiter member : members) {
            if (member.refusesAsMember(permits, nowNanos)) {
                return false;
            }
        }
        long taken = 0;
        for (int i = 0; i < members.length; i++) {
            if (members[i].takeAsMember(permits, nowNanos)) {
                taken |= 1L << i;
            } else if (!members[i].isShadow()) {
                for (int j = 0; j < i; j++) {
                    if ((taken & 1L << j) != 0) {
                        members[j].giveBackAsMember(permits, nowNanos);
                    }
                }
                return false;
            }
        }
        return true;
    }

    @Override
    public long take(long permits, long nowNanos, long maxWaitNanos) {
        if (maxWaitNanos >= 0 && tryTake(permits, nowNanos)) {
            return 0;
        }
        long wait = maxWaitNanos + 1;
        for (Limiter member : members) {
            if (!member.isShadow()) {
                wait = Math.max(wait, member.limit().take(permits, nowNanos, -1));
            }
        }
        return wait;
    }

    @Override
    public boolean cancel(long permits, long dueNanos, long nowNanos) {
        boolean all = true;
        for (Limiter member : members) {
            all &= member.limit().cancel(permits, dueNanos, nowNanos);
        }
        return all;
    }
}
