package io.nettoolkit.pool.internal.state;

import io.nettoolkit.core.Backoff;
import io.nettoolkit.core.DrainReport;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.pool.ConnectionPool.CloseCause;
import io.nettoolkit.pool.internal.SetTicker;
import io.nettoolkit.pool.internal.hit.Entry;
import io.nettoolkit.pool.internal.hit.Entry.End;
import io.nettoolkit.pool.internal.hit.Shelf;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import java.util.function.Predicate;

/**
 * A state machine with everything around it played by a test: effects are noted and done after the event, channels open and
 * close when the test says so, time stands still. Each step checks the invariants that hold always.
 */
final class Rig implements Effects, Shelf.Keeper {

    static final long ALL_BITS = -1;

    long now = TimeUnit.SECONDS.toNanos(1);
    private final SetTicker ticker = new SetTicker();
    private final TimeSource clock = TimeSource.of(ticker);
    final Shelf shelf;
    final HostState state;

    /** Connects under way, in the order of their begin. */
    final Deque<Attempt> connecting = new ArrayDeque<>();

    final List<Waiter> forWhom = new ArrayList<>();
    final List<Attempt> abandoned = new ArrayList<>();
    final List<FakeMember> open = new ArrayList<>();
    /** Told to close, and not closed yet. */
    final Deque<FakeMember> closing = new ArrayDeque<>();

    final Deque<Check> checks = new ArrayDeque<>();
    final List<CloseCause> closes = new ArrayList<>();
    final List<Throwable> failedConnects = new ArrayList<>();
    final List<Duration> failedAfter = new ArrayList<>();
    final List<String> health = new ArrayList<>();
    final List<FakeWaiter> delivered = new ArrayList<>();
    final List<FakeWaiter> failed = new ArrayList<>();
    DrainReport drained;
    Long wakeAt;
    int freePermits = Integer.MAX_VALUE / 2;
    int takenPermits;
    int wantedPermits;
    private boolean isInLineForPermit;
    private final boolean isCapFull;
    int bounced;
    /** How many idle connections other hosts want, what they asked about, and what they were told to keep. */
    int wantedByOthers;

    int askedForOthers;
    int keptFromOthers;
    boolean isCapExceeded;
    /** What else happens while the cap is asked. */
    Runnable meanwhile = () -> {};
    /** Connects that have a permit and are not over. */
    int connectsOut;

    private final List<Runnable> effects = new ArrayList<>();
    private boolean inSection;

    /** What a test changes of the rules. */
    static final class Options {
        int minIdle;
        int maxSize = 2;
        int maxPending = 8;
        int maxConnecting = 8;
        int connectsPerSecond;
        Backoff backoff = Backoff.fixed(Duration.ofMillis(50));
        Duration connect = Duration.ofSeconds(15);
        Duration idle = Duration.ZERO;
        Duration lifetime = Duration.ZERO;
        Duration validateAfter;
        Duration probe = Duration.ZERO;
        boolean fair = true;
        boolean isCapFull = true;
        Duration tick = Duration.ZERO;
        int freePermits = Integer.MAX_VALUE / 2;
    }

    static final class FakeMember extends Member {
        boolean active = true;
        int closeEffects;

        FakeMember(long bornNanos, long loopThread) {
            super(bornNanos, loopThread);
        }

        @Override
        public boolean isActive() {
            return active;
        }
    }

    static final class FakeWaiter extends Waiter {
        final int number;
        FakeMember got;
        long generation;
        Throwable failure;
        boolean gaveUp;
        int outcomes;
        /** Whether it takes a connection by itself when it is told to. */
        boolean canTry;

        int invitations;
        /** On which event loop it waits. */
        long loopThread;

        FakeWaiter(int number, long sinceNanos, long deadlineNanos) {
            super(sinceNanos, deadlineNanos);
            this.number = number;
        }

        @Override
        protected boolean canTry() {
            return canTry;
        }

        @Override
        protected long loopThread() {
            return loopThread;
        }

        boolean isDecided() {
            return outcomes > 0 || gaveUp;
        }
    }

    static final class FakeWarmUp extends WarmUp {
        Integer open;
        Throwable failure;

        FakeWarmUp(int connections) {
            super(connections);
        }
    }

    private int lastNumber;

    Rig(Options options) {
        isCapFull = options.isCapFull;
        freePermits = options.freePermits;
        long freshNanos = options.validateAfter == null ? -1 : options.validateAfter.toNanos();
        shelf = new Shelf(this, options.fair, freshNanos, new Shelf.Sizes(2, 1, options.maxSize));
        Rules rules = new Rules(
                "test",
                options.maxPending,
                options.maxConnecting,
                options.connectsPerSecond,
                options.backoff,
                options.connect.toNanos(),
                options.idle.toNanos(),
                options.lifetime.toNanos(),
                options.probe.toNanos(),
                TimeUnit.SECONDS.toNanos(1),
                options.validateAfter != null,
                options.tick.toNanos());
        state = new HostState(
                rules,
                options.minIdle,
                options.maxSize,
                shelf,
                new HostState.Surroundings(this, new SplittableRandom(1)));
    }

    static Rig of(int maxSize) {
        Options options = new Options();
        options.maxSize = maxSize;
        return new Rig(options);
    }

    // --- events

    void event(LongConsumer event) {
        must(!inSection, "an event within the section");
        inSection = true;
        wakeAt = null;
        event.accept(now);
        inSection = false;
        if (!effects.isEmpty()) {
            Runnable[] todo = effects.toArray(new Runnable[0]);
            effects.clear();
            for (Runnable effect : todo) {
                effect.run();
            }
        }
    }

    /** As an assertion, a million times. */
    static void must(boolean holds, String what) {
        if (!holds) {
            throw new AssertionError(what);
        }
    }

    void tick() {
        event(state::tick);
    }

    void advance(Duration duration) {
        long target = now + duration.toNanos();
        while (wakeAt != null && wakeAt - target <= 0) {
            now = Math.max(now, wakeAt);
            tick();
        }
        now = target;
    }

    FakeWaiter acquire() {
        return acquire(Duration.ofSeconds(5));
    }

    FakeWaiter acquire(Duration timeout) {
        return acquire(timeout, false);
    }

    FakeWaiter acquire(Duration timeout, boolean canTry) {
        return acquire(timeout, waiter -> waiter.canTry = canTry);
    }

    /** On an event loop, of a pool that allows barging. */
    FakeWaiter acquireOn(long loopThread) {
        return acquire(Duration.ofSeconds(5), waiter -> waiter.loopThread = loopThread);
    }

    private FakeWaiter acquire(Duration timeout, Consumer<FakeWaiter> how) {
        FakeWaiter waiter = new FakeWaiter(++lastNumber, now, now + timeout.toNanos());
        how.accept(waiter);
        event(nowNanos -> state.acquire(waiter, nowNanos));
        return waiter;
    }

    /** A waiter that was invited tries; what it got. */
    FakeMember follow(FakeWaiter waiter) {
        must(waiter.invitations-- > 0, "not invited: " + waiter.number);
        FakeMember got = tryAcquire();
        if (got != null && waiter.isDecided()) {
            release(got);
        } else if (got != null) {
            waiter.outcomes++;
            waiter.got = got;
        }
        event(nowNanos -> state.tried(waiter, got != null, nowNanos));
        return waiter.got;
    }

    void cancel(FakeWaiter waiter) {
        if (waiter.outcomes == 0) {
            waiter.gaveUp = true;
        }
        event(nowNanos -> state.cancel(waiter, nowNanos));
    }

    /** The hit path. */
    FakeMember tryAcquire() {
        ticker.nowNanos = now;
        FakeMember got = (FakeMember) shelf.tryClaim(1, clock);
        if (got != null && !got.active) {
            got.discard(ALL_BITS, 0);
            event(nowNanos -> state.leaving(got, CloseCause.LOST, null, nowNanos));
            return tryAcquire();
        }
        return got;
    }

    End release(FakeMember member) {
        End end = swapToIdle(member, member.generation());
        finishRelease(member, end);
        return end;
    }

    End swapToIdle(FakeMember member, long generation) {
        return member.release(generation, ALL_BITS, now);
    }

    void finishRelease(FakeMember member, End end) {
        if (end == End.IDLE && shelf.released(member, 1)) {
            tick();
        } else if (end == End.CLOSING) {
            event(nowNanos -> state.leaving(member, CloseCause.UNWANTED, null, nowNanos));
        }
    }

    End discard(FakeMember member) {
        End end = member.discard(member.generation(), ALL_BITS);
        if (end == End.CLOSING) {
            event(nowNanos -> state.leaving(member, CloseCause.DISCARDED, null, nowNanos));
        }
        return end;
    }

    FakeMember connectOk() {
        return connectOk(connecting.remove());
    }

    FakeMember connectOk(Attempt attempt) {
        return connectOn(0, attempt);
    }

    /** A connection of the event loop with this thread. */
    FakeMember connectOn(long loopThread) {
        return connectOn(loopThread, connecting.remove());
    }

    private FakeMember connectOn(long loopThread, Attempt attempt) {
        connecting.remove(attempt);
        FakeMember member = new FakeMember(now, loopThread);
        open.add(member);
        event(nowNanos -> state.connected(attempt, member, nowNanos));
        return member;
    }

    void connectFail() {
        Attempt attempt = connecting.remove();
        event(nowNanos -> state.connectFailed(attempt, new java.io.IOException("refused"), nowNanos));
    }

    void check(boolean fit) {
        Check check = checks.remove();
        event(nowNanos -> state.checked(check, fit, null, nowNanos));
    }

    /** The channel of a connection is closed, by us or by the peer. */
    void closed(FakeMember member) {
        member.active = false;
        closing.remove(member);
        open.remove(member);
        event(nowNanos -> state.closed(member, nowNanos));
    }

    void finishCloses() {
        while (!closing.isEmpty()) {
            closed(closing.peek());
        }
    }

    FakeWarmUp warmUp(int connections) {
        FakeWarmUp warmUp = new FakeWarmUp(connections);
        event(nowNanos -> state.warmUp(warmUp, nowNanos));
        return warmUp;
    }

    long count(Counts.Of what) {
        return state.counts().of(what);
    }

    int in(int phase) {
        int count = 0;
        for (Member member : state.snapshot().members()) {
            count += member.phase() == phase ? 1 : 0;
        }
        return count;
    }

    int idle() {
        return in(Entry.IDLE);
    }

    int total() {
        return state.snapshot().members().size() + state.snapshot().connecting();
    }

    // --- effects

    private void effect(Runnable effect) {
        must(inSection, "an effect outside of the section");
        effects.add(effect);
    }

    @Override
    public boolean tryTakePermit() {
        if (freePermits == 0) {
            return false;
        }
        freePermits--;
        takenPermits++;
        connectsOut++;
        return true;
    }

    @Override
    public void connectEnded() {
        must(--connectsOut >= 0, "a connect ended that had not begun");
    }

    @Override
    public boolean isPermitWanted() {
        return wantedByOthers > 0;
    }

    @Override
    public boolean isCapExceeded() {
        return isCapExceeded;
    }

    @Override
    public boolean takesPermitBack(boolean needed) {
        askedForOthers++;
        if (needed && !isCapExceeded) {
            return false;
        }
        wantedByOthers--;
        meanwhile.run();
        return true;
    }

    @Override
    public void keepsPermit() {
        keptFromOthers++;
    }

    @Override
    public void unwantPermit() {
        isInLineForPermit = false;
    }

    @Override
    public void giveBackPermit() {
        effect(() -> {
            freePermits++;
            takenPermits--;
            grantIfFree();
        });
    }

    private void grantIfFree() {
        if (isInLineForPermit && freePermits > 0) {
            freePermits--;
            grant();
        }
    }

    /** A permit for who is in line. */
    void grant() {
        isInLineForPermit = false;
        takenPermits++;
        connectsOut++;
        event(state::granted);
    }

    @Override
    public boolean isCapFull() {
        return isCapFull;
    }

    @Override
    public void wantPermit() {
        effect(() -> {
            wantedPermits++;
            isInLineForPermit = true;
            grantIfFree();
        });
    }

    @Override
    public void connect(Attempt attempt, Waiter waiter) {
        effect(() -> {
            connecting.add(attempt);
            forWhom.add(waiter);
        });
    }

    @Override
    public void abandon(Attempt attempt) {
        effect(() -> {
            connecting.remove(attempt);
            abandoned.add(attempt);
        });
    }

    @Override
    public void deliver(Waiter waiter, Member member, long generation) {
        FakeWaiter to = (FakeWaiter) waiter;
        FakeMember what = (FakeMember) member;
        must(what.phase() == Entry.LEASED, "delivered: " + what);
        must(what.closeEffects == 0, "delivered while it is being closed: " + what);
        effect(() -> {
            must(to.outcomes == 0, "two outcomes of waiter " + to.number);
            if (to.gaveUp) {
                bounced++;
                release(what);
                return;
            }
            to.outcomes++;
            to.got = what;
            to.generation = generation;
            delivered.add(to);
        });
    }

    @Override
    public void invite(Waiter waiter) {
        must(waiter.canTry(), "invited who cannot try");
        effect(() -> ((FakeWaiter) waiter).invitations++);
    }

    @Override
    public void fail(Waiter waiter, Throwable cause) {
        FakeWaiter to = (FakeWaiter) waiter;
        effect(() -> {
            must(to.outcomes == 0, "two outcomes of waiter " + to.number);
            to.outcomes++;
            to.failure = cause;
            failed.add(to);
        });
    }

    @Override
    public void check(Check check) {
        effect(() -> checks.add(check));
    }

    @Override
    public void screen(List<Member> members, Predicate<? super SocketAddress> avoided) {
        effect(() -> event(nowNanos -> state.retire(members, nowNanos)));
    }

    @Override
    public void close(Member member) {
        FakeMember what = (FakeMember) member;
        must(++what.closeEffects == 1, "closed twice: " + what);
        effect(() -> {
            if (what.active) {
                closing.add(what);
            }
        });
    }

    @Override
    public void wakeAt(long nanos) {
        wakeAt = nanos;
    }

    @Override
    public void opened(Member member, Duration elapsed) {}

    @Override
    public void connectFailed(Throwable cause, Duration elapsed) {
        failedConnects.add(cause);
        failedAfter.add(elapsed);
    }

    @Override
    public void closed(Member member, CloseCause cause, Throwable failure) {
        closes.add(cause);
    }

    @Override
    public void down(Throwable cause) {
        health.add("down");
    }

    @Override
    public void up() {
        health.add("up");
    }

    @Override
    public void warmed(WarmUp warmUp, int count, Throwable failure) {
        effect(() -> {
            ((FakeWarmUp) warmUp).open = count;
            ((FakeWarmUp) warmUp).failure = failure;
        });
    }

    @Override
    public void drained(DrainReport report) {
        must(drained == null, "drained twice");
        drained = report;
    }

    @Override
    public void needsCheck(Entry entry) {
        event(nowNanos -> state.needsCheck((Member) entry, nowNanos));
    }

    @Override
    public void signal() {
        tick();
    }
}
