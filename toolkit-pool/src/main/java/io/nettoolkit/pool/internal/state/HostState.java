package io.nettoolkit.pool.internal.state;

import io.nettoolkit.pool.ConnectionPool.CloseCause;
import io.nettoolkit.pool.internal.hit.Entry;
import io.nettoolkit.pool.internal.hit.Shelf;
import io.nettoolkit.pool.internal.state.Counts.Of;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/*
 * Design note.
 *
 * Idea. Whatever the hit path cannot do is an event of this machine: somebody waits or gives up, a connect ends, a channel is
 * closed, a check is over, time passes, an operator wants something. Events come one at a time. Each changes what it says and
 * then runs settle(), the one place where connections go to waiters, connects begin, and time limits end things. So no event
 * can forget to wake somebody up, whatever happened (the commonest bug of pools).
 *
 * It is pure: it knows no thread, no channel and no clock. What it wants done it tells its Effects, who do it when the section
 * is over. The only state it shares is the entries' words, which the hit path changes at any time; it takes part in that by the
 * same CASes as everybody, and a lost one is a reason to look again, not an error.
 *
 * Invariants, by the numbers of the test plan.
 *   I1, I8, I10  by the entry's word.
 *   I2   size of the roster + attempts <= maxSize, checked where an attempt is made; a permit of the shared cap goes with each.
 *   I3   A waiter is in line or not; whoever takes it out completes it. Its own word decides against a cancel.
 *   I4   A permit is taken for an attempt and passes to its connection; it goes back when the attempt fails or the channel is
 *        closed, which happens once for each.
 *   I5   settle(), and the proof in Shelf for a release that meets a waiter.
 *   I6   Connections go to the first in line; but see Barging.
 *   I7   A waiter that gave up is taken out of line, or has refused what was delivered; then its connection is released.
 *   I9   A connection is handed out only if it is active after it was taken.
 *   I11  drained() comes when roster and attempts are empty.
 *   I12  settle() ends what is due, and asks to be woken for what is next.
 *   I13  A snapshot has roster and attempts of one moment; a connection's phase is read once.
 *   I14  Effects are done outside of the section, and do not recurse: see Combiner.
 *   I15, I16  by the entry's word and by the hit path, which allocates nothing: see Entry and Shelf.
 *   I17  A waiter joins only while fewer than maxPending are there.
 *   I18  is the business of whoever hands out permits; this one asks once, and gives back what it cannot use.
 *   I19  What is gone is in no list: a connection leaves roster, shelf and hints when its channel is closed.
 *
 * Sources. Vert.x' SimpleConnectionPool for a serial pool whose effects run after the section; HikariCP for connects that are
 * not begun because others are under way; MongoDB's maxConnecting; Envoy for failing fast.
 */

/** The pool of one host as a serial state machine. Its methods are called one at a time, with a clock that does not go back. */
public final class HostState {

    private final Rules rules;
    private final Shelf shelf;
    private final Effects effects;
    private final Counts counts = new Counts();
    private final Roster roster;
    private final Barging barging;
    private final Surplus surplus;
    private final WaiterLine line;
    private final Checks checks;
    private final Exit exit;
    private final WarmUps warmUps;
    private final Connects connects;
    private final Ages ages;
    private final Refusals refusals;
    private final Ending ending;
    private final Due wake = new Due();

    private int minIdle;
    private int maxSize;
    private boolean isSuspended;
    private boolean isDown;
    private volatile Snapshot snapshot = new Snapshot(List.of(), 0, 0, 0);

    /**
     * What the pool is made of at one moment.
     *
     * @param members every connection; its phase counts it
     * @param connecting connects under way
     * @param pastLeases how often connections were leased that are gone by now
     */
    public record Snapshot(List<Member> members, int connecting, int maxSize, long pastLeases) {}

    /** A pool without connections; the first event opens the minimum. */
    public HostState(Rules rules, int minIdle, int maxSize, Shelf shelf, Surroundings surroundings) {
        this.rules = rules;
        this.minIdle = minIdle;
        this.maxSize = maxSize;
        this.shelf = shelf;
        effects = surroundings.effects;
        roster = new Roster(shelf);
        line = new WaiterLine(shelf.loops());
        barging = new Barging(line, roster, shelf, effects);
        checks = new Checks(rules, effects);
        exit = new Exit(roster, checks, effects);
        surplus = new Surplus(roster, effects, exit);
        connects = new Connects(rules, effects, surroundings.random);
        warmUps = new WarmUps(effects);
        ages = new Ages(rules, exit, checks, surroundings.random);
        refusals = new Refusals(rules.name(), roster);
        ending = new Ending(roster, connects, exit, effects);
    }

    /** What is not of the pool. */
    public record Surroundings(Effects effects, RandomGenerator random) {}

    /** What happened so far. Any thread. */
    public Counts counts() {
        return counts;
    }

    /** What there is. Any thread. */
    public Snapshot snapshot() {
        return snapshot;
    }

    /** Somebody waits. */
    public void acquire(Waiter waiter, long nowNanos) {
        if (ending.isClosed()) {
            refuse(waiter, refusals.closed());
        } else if (isSuspended) {
            refuse(waiter, refusals.suspended());
        } else if (line.size() >= rules.maxPending()) {
            refuse(waiter, refusals.full(line.size()));
        } else {
            barging.prepare(waiter);
            line.add(waiter);
        }
        settle(nowNanos);
    }

    /** A waiter that was invited has tried: it has a connection now, or others were faster. */
    public void tried(Waiter waiter, boolean hasTaken, long nowNanos) {
        if (!hasTaken) {
            line.passedOver(waiter);
        } else if (line.remove(waiter)) {
            counts.waited(nowNanos - waiter.sinceNanos);
        }
        settle(nowNanos);
    }

    private void refuse(Waiter waiter, Throwable cause) {
        counts.add(Of.REJECTIONS, 1);
        effects.fail(waiter, cause);
    }

    /** Somebody gave up. */
    public void cancel(Waiter waiter, long nowNanos) {
        if (line.remove(waiter)) {
            counts.add(Of.CANCELS, 1);
        }
        settle(nowNanos);
    }

    /** A connection is idle that was not, or time has passed. */
    public void tick(long nowNanos) {
        settle(nowNanos);
    }

    /** A connect succeeded. The member is NEW. */
    public void connected(Attempt attempt, Member member, long nowNanos) {
        if (!connects.end(attempt)) {
            if (member.move(Entry.NEW, Entry.CLOSING)) {
                exit.leave(member, CloseCause.UNWANTED, null);
            }
            settle(nowNanos);
            return;
        }
        connects.succeeded(Math.max(0, line.size() - 1));
        Duration elapsed = Duration.ofNanos(nowNanos - attempt.beganNanos);
        counts.connected(elapsed.toNanos());
        roster.add(member);
        ages.joined(member, nowNanos);
        if (minIdle > 0) {
            // The hit path tells nobody that it took one of them.
            ages.soon(nowNanos);
        }
        effects.opened(member, elapsed);
        Waiter first = line.first();
        if (ending.isClosed() || attempt.isRetired) {
            member.move(Entry.NEW, Entry.CLOSING);
            exit.leave(member, ending.isClosed() ? CloseCause.POOL_CLOSED : CloseCause.RETIRED, attempt.retiredBy);
        } else if (!attempt.avoided.isEmpty()) {
            member.move(Entry.NEW, Entry.VALIDATING);
            checks.begin(member, List.copyOf(attempt.avoided), nowNanos);
        } else if (first != null && member.move(Entry.NEW, Entry.IDLE) && member.claim()) {
            // Nobody else can have seen it: it is in no hint and has no bit.
            deliver(first, member, nowNanos);
        } else if (member.move(Entry.NEW, Entry.IDLE)) {
            shelf.offer(member);
        }
        settle(nowNanos);
    }

    /** A connect failed. */
    public void connectFailed(Attempt attempt, Throwable cause, long nowNanos) {
        if (connects.end(attempt)) {
            failed(attempt, cause, nowNanos);
        }
        settle(nowNanos);
    }

    private void failed(Attempt attempt, Throwable cause, long nowNanos) {
        connects.failed(cause, nowNanos);
        counts.add(Of.CONNECT_FAILURES, 1);
        effects.connectFailed(cause, Duration.ofNanos(nowNanos - attempt.beganNanos));
        Waiter first = line.first();
        if (first != null && roster.open() == 0) {
            line.remove(first);
            refuse(first, refusals.unreachable(cause, connects.pacer(), nowNanos));
        }
        warmUps.fail(roster.open(), cause);
    }

    /** A lease ended, and its connection is to be closed; its word says CLOSING. */
    public void leaving(Member member, CloseCause cause, @Nullable Throwable failure, long nowNanos) {
        exit.leave(member, cause, failure);
        settle(nowNanos);
    }

    /** A channel is closed, by whomever. */
    public void closed(Member member, long nowNanos) {
        member.gone();
        CloseCause cause = member.because(CloseCause.LOST, null);
        counts.closed(cause);
        effects.closed(member, cause, member.failure);
        checks.forget(member);
        if (roster.remove(member)) {
            effects.giveBackPermit();
            ending.gone(member);
        }
        settle(nowNanos);
    }

    /** The hit path passed this one over; its word says VALIDATING. */
    public void needsCheck(Member member, long nowNanos) {
        if (member.phase() == Entry.VALIDATING) {
            checks.begin(member, List.of(), nowNanos);
        }
        settle(nowNanos);
    }

    /** A check is over. */
    public void checked(Check check, boolean isFit, @Nullable Throwable failure, long nowNanos) {
        if (checks.end(check)) {
            Member member = check.member;
            if (!isFit) {
                unfit(check, failure);
            } else {
                member.checked(nowNanos);
                if (member.move(Entry.VALIDATING, Entry.IDLE)) {
                    shelf.offer(member);
                }
            }
        }
        settle(nowNanos);
    }

    private void unfit(Check check, @Nullable Throwable failure) {
        if (check.member.move(Entry.VALIDATING, Entry.CLOSING)) {
            CloseCause cause = check.avoided().isEmpty() ? CloseCause.UNHEALTHY : CloseCause.RETIRED;
            exit.leave(check.member, cause, failure);
        }
    }

    /** A permit of the shared cap, out of turn. */
    public void granted(long nowNanos) {
        connects.granted();
        settle(nowNanos);
    }

    /** Refuses everybody until {@link #resume}. */
    public void suspend(long nowNanos) {
        isSuspended = true;
        refuseAll(refusals::suspended);
        settle(nowNanos);
    }

    /** Ends a suspension. */
    public void resume(long nowNanos) {
        isSuspended = false;
        settle(nowNanos);
    }

    /** Changes the bounds. */
    public void resize(int newMinIdle, int newMaxSize, long nowNanos) {
        minIdle = newMinIdle;
        maxSize = newMaxSize;
        ages.soon(nowNanos);
        settle(nowNanos);
    }

    /**
     * Ends connections: all that are open or being opened, or those to some addresses.
     *
     * @param avoided asked about each connection, outside of the section; null for all
     */
    public void retire(@Nullable Predicate<? super SocketAddress> avoided, @Nullable Throwable cause, long nowNanos) {
        connects.retire(avoided, cause);
        if (avoided != null) {
            effects.screen(roster.copy(), avoided);
        } else {
            for (int i = 0; i < roster.size(); i++) {
                exit.retire(roster.at(i), CloseCause.RETIRED, cause);
            }
        }
        settle(nowNanos);
    }

    /** Ends some connections. */
    public void retire(Collection<? extends Member> members, long nowNanos) {
        for (Member member : members) {
            exit.retire(member, CloseCause.RETIRED, null);
        }
        settle(nowNanos);
    }

    /** Wishes for open connections. */
    public void warmUp(WarmUp warmUp, long nowNanos) {
        if (ending.isClosed()) {
            effects.warmed(warmUp, roster.open(), refusals.closed());
        } else {
            warmUps.add(warmUp);
        }
        settle(nowNanos);
    }

    /** Nobody is interested in a warm-up any more. */
    public void giveUp(WarmUp warmUp, long nowNanos) {
        warmUps.forget(warmUp);
        settle(nowNanos);
    }

    /** Ends everything; a later call may shorten the grace period. */
    public void close(long graceNanos, long nowNanos) {
        if (ending.begin(graceNanos, nowNanos)) {
            refuseAll(refusals::closed);
            warmUps.fail(roster.open(), refusals.closed());
        }
        settle(nowNanos);
    }

    private void settle(long nowNanos) {
        expire(nowNanos);
        if (ages.next().isReached(nowNanos) && !ending.isClosed()) {
            ages.sweep(roster, new Ages.Bounds(minIdle, room() > 0), nowNanos);
        }
        if (ending.isClosed()) {
            ending.goOn(nowNanos);
        } else {
            surplus.trim(maxSize - connects.underWay());
            surplus.makeRoom(!line.isEmpty(), minIdle);
            // Who comes after this line is told of by releasers; who came before is seen by serve().
            openShelf();
            serve(nowNanos);
            expireWaiters(nowNanos);
            connects.begin(needed(), wished(), line, connects.underWay() + checks.underWay(), nowNanos);
            failFast(nowNanos);
            warmUps.end(roster.open(), maxSize, connects.isStarved() && connects.underWay() == 0);
        }
        connects.returnPermits();
        publish();
        arm(nowNanos);
    }

    /** Ends connects and checks that took too long. */
    private void expire(long nowNanos) {
        for (Attempt stuck = connects.nextExpired(nowNanos); stuck != null; stuck = connects.nextExpired(nowNanos)) {
            failed(stuck, refusals.stuck(nowNanos - stuck.beganNanos), nowNanos);
        }
        for (Check overdue = checks.nextExpired(nowNanos); overdue != null; overdue = checks.nextExpired(nowNanos)) {
            unfit(overdue, null);
        }
    }

    private void expireWaiters(long nowNanos) {
        for (Waiter next = line.nextToExpire();
                next != null && nowNanos - next.deadlineNanos >= 0;
                next = line.nextToExpire()) {
            Refusals.Numbers numbers = new Refusals.Numbers(nowNanos, maxSize, connects.underWay(), line.size());
            line.remove(next);
            counts.add(Of.TIMEOUTS, 1);
            effects.fail(next, refusals.late(next, numbers, connects.pacer()));
        }
    }

    private void serve(long nowNanos) {
        for (Waiter first = line.first(); first != null; first = line.first()) {
            Member found = (Member) shelf.anyIdle(nowNanos);
            if (found == null) {
                return;
            }
            if (!found.isActive()) {
                exit.endIfIdle(found, CloseCause.LOST);
            } else if (shelf.isFresh(found, nowNanos)) {
                if (barging.invites()) {
                    return;
                }
                if (found.claim()) {
                    deliver(barging.nextFor(found), found, nowNanos);
                }
            } else if (checks.underWay() >= line.size()) {
                return;
            } else {
                checks.beginIfIdle(found, nowNanos);
            }
        }
    }

    private void deliver(Waiter waiter, Member member, long nowNanos) {
        line.remove(waiter);
        counts.waited(nowNanos - waiter.sinceNanos);
        effects.deliver(waiter, member, member.generation());
    }

    private int room() {
        return maxSize - roster.size() - connects.underWay();
    }

    /** How many more connects would be of use now, as far as there is room for them. */
    private int needed() {
        if (isSuspended) {
            return 0;
        }
        int connecting = connects.underWay();
        int spare = minIdle > 0 ? Math.max(0, minIdle - roster.idle()) : 0;
        int need = line.size() + spare + ages.replacements() - connecting - checks.underWay();
        return Math.min(connects.isWanted() ? Math.max(need, 1 - connecting) : need, room());
    }

    /** How many more are to be opened ahead of need. */
    private int wished() {
        int most = warmUps.most(maxSize);
        return isSuspended ? 0 : most - roster.size() - connects.underWay();
    }

    /** Lets nobody wait for a host that is down, unless a connect is under way that may show the contrary. */
    private void failFast(long nowNanos) {
        Pacer pacer = connects.pacer();
        Throwable cause = pacer.lastFailure();
        boolean nowDown = pacer.isFailing() && roster.open() == 0;
        if (nowDown && cause != null && connects.underWay() == 0 && !line.isEmpty()) {
            connects.want();
            refuseAll(() -> refusals.unreachable(cause, pacer, nowNanos));
        }
        if (nowDown && !isDown && cause != null) {
            effects.down(cause);
        } else if (isDown && !nowDown) {
            effects.up();
        }
        isDown = nowDown;
    }

    private void refuseAll(Supplier<Throwable> cause) {
        for (Waiter first = line.first(); first != null; first = line.first()) {
            line.remove(first);
            refuse(first, cause.get());
        }
    }

    private void openShelf() {
        boolean isOver = roster.open() > maxSize;
        shelf.open(
                line.size(),
                (ending.isClosed() || isSuspended ? Shelf.BARRED : 0)
                        | (ending.isClosed() || isOver ? Shelf.WATCHED : 0)
                        | (line.trying() > 0 ? Shelf.TRYING : 0));
    }

    private void publish() {
        openShelf();
        Snapshot last = snapshot;
        boolean hasChanged = roster.hasChanged();
        if (hasChanged || last.connecting != connects.underWay() || last.maxSize != maxSize) {
            List<Member> members = hasChanged ? roster.copy() : last.members;
            snapshot = new Snapshot(members, connects.underWay(), maxSize, roster.pastLeases());
        }
    }

    /** Asks to be woken when the next thing is due. */
    private void arm(long nowNanos) {
        wake.clear();
        Waiter next = line.nextToExpire();
        if (next != null) {
            wake.by(next.deadlineNanos);
        }
        connects.nextInto(wake, !ending.isClosed() && (needed() > 0 || wished() > 0), nowNanos);
        checks.nextInto(wake);
        if (ending.isClosed()) {
            ending.nextInto(wake);
        } else {
            wake.by(ages.next());
        }
        if (wake.isSet() && !ending.isOver()) {
            effects.wakeAt(wake.atNanos());
        }
    }
}
