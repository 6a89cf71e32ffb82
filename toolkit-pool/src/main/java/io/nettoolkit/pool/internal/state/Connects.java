package io.nettoolkit.pool.internal.state;

import java.net.SocketAddress;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Predicate;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** The connects under way, their pace, and the permits they take. */
final class Connects {

    private final Effects effects;
    private final long timeoutNanos;
    private final Deque<Attempt> attempts = new ArrayDeque<>();
    private final Pacer pacer;

    /** Permits in hand: granted, and not passed to an attempt yet. */
    private int permits;

    private boolean isInLineForPermit;
    /** Somebody asked while the host was down. */
    private boolean isWanted;
    /** The last look found no permit for connects that were only wished for. */
    private boolean isStarved;

    Connects(Rules rules, Effects effects, RandomGenerator random) {
        this.effects = effects;
        timeoutNanos = rules.connectNanos();
        pacer = new Pacer(rules, random);
    }

    Pacer pacer() {
        return pacer;
    }

    int underWay() {
        return attempts.size();
    }

    boolean isWanted() {
        return isWanted;
    }

    /** Somebody was told that the host is down: one connect shall find out whether it still is. */
    void want() {
        isWanted = true;
    }

    /** Whether no permit is left for connects that nobody needs at once. */
    boolean isStarved() {
        return isStarved;
    }

    void granted() {
        isInLineForPermit = false;
        permits++;
    }

    /** Gives back what was granted and is of no use. */
    void returnPermits() {
        for (; permits > 0; permits--) {
            effects.connectEnded();
            effects.giveBackPermit();
        }
    }

    /** An attempt is over; false where that is known. */
    boolean end(Attempt attempt) {
        boolean isKnown = attempts.remove(attempt);
        if (isKnown) {
            effects.connectEnded();
        }
        return isKnown;
    }

    void succeeded(int waiting) {
        isWanted = false;
        pacer.succeeded(waiting);
    }

    void failed(Throwable cause, long nowNanos) {
        effects.giveBackPermit();
        pacer.failed(nowNanos, cause);
    }

    /** An attempt that has taken too long, taken off the list; null for none. */
    @Nullable
    Attempt nextExpired(long nowNanos) {
        Attempt first = attempts.peek();
        if (first == null || nowNanos - first.deadlineNanos() < 0) {
            return null;
        }
        attempts.remove();
        effects.connectEnded();
        effects.abandon(first);
        return first;
    }

    /** Waits for none of them any longer. */
    void cut() {
        for (Attempt attempt = attempts.poll(); attempt != null; attempt = attempts.poll()) {
            effects.connectEnded();
            effects.giveBackPermit();
            effects.abandon(attempt);
        }
    }

    void retire(@Nullable Predicate<? super SocketAddress> avoided, @Nullable Throwable cause) {
        for (Attempt attempt : attempts) {
            if (avoided != null) {
                attempt.avoided.add(avoided);
            } else {
                attempt.isRetired = true;
                attempt.retiredBy = cause;
            }
        }
    }

    /**
     * Begins connects.
     *
     * @param needed how many somebody waits for, or the minimum is short of
     * @param wished how many are to be opened ahead of need, of the permits that others leave; the needed ones count
     * @param ahead how many of those in line will be served by others
     */
    void begin(int needed, int wished, WaiterLine line, int ahead, long nowNanos) {
        isStarved = false;
        int most = Math.max(needed, wished);
        if (most <= 0 && isInLineForPermit) {
            isInLineForPermit = false;
            effects.unwantPermit();
        }
        for (int i = 0; i < most && attempts.size() < pacer.limit() && pacer.mayBegin(nowNanos); i++) {
            if (permits > 0) {
                permits--;
            } else if (!effects.tryTakePermit()) {
                if (i >= needed && effects.isCapFull()) {
                    isStarved = true;
                } else if (!isInLineForPermit) {
                    isInLineForPermit = true;
                    effects.wantPermit();
                }
                return;
            }
            Attempt attempt = new Attempt(nowNanos, nowNanos + timeoutNanos);
            attempts.add(attempt);
            pacer.began(nowNanos);
            isWanted = false;
            effects.connect(attempt, line.behind(ahead + i));
        }
    }

    /** When something has to be done: an attempt ends, or, where one is needed and has room, may begin. */
    void nextInto(Due wake, boolean isNeeded, long nowNanos) {
        Attempt first = attempts.peek();
        if (first != null) {
            wake.by(first.deadlineNanos());
        }
        if (isNeeded && attempts.size() < pacer.limit() && !isInLineForPermit && !isStarved) {
            pacer.nextInto(wake, nowNanos);
        }
    }
}
