package io.nettoolkit.resilience.internal.store;

import io.nettoolkit.core.TimeSource;
import io.nettoolkit.resilience.TokenStore;
import io.nettoolkit.resilience.TokenStore.Grant;
import io.nettoolkit.resilience.TokenStore.Limit;
import io.nettoolkit.resilience.internal.Serial;
import io.nettoolkit.resilience.internal.Timers;
import io.nettoolkit.resilience.internal.call.Body;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Iterator;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/*
 * One limiter's traffic with its store.
 *
 * At most one call is under way. Who comes meanwhile waits in `queue`, and the next call asks for all of them: so a hot key
 * costs one round trip at a time however many ask, and the store never sees one process race with itself.
 *
 * Every waiter has a deadline, and all have the same time to it, so the head of the queue, or of the call under way, is the
 * first to expire: one timer, set while anybody waits, serves all. A call that is late for its own deadline is abandoned: its
 * answer will not count, and the next one may begin.
 *
 * Whatever happens is a step of `steps`, which runs one at a time and parks nobody. What a user wrote (the store, callbacks of
 * futures) is not called from a step: a step leaves it as an effect to the thread that ran it, for when its steps are done.
 */

/**
 * Merges callers into calls, bounds the time they wait, and notices when the store is away.
 *
 * <p>Threading: any thread.
 */
public final class StoreCalls {

    /** Who decides on the callers. Never called from within a step; must not throw. */
    public interface Desk {
        /** The store answered for this caller. */
        void decide(Waiter waiter, boolean granted, Grant grant);

        /** There will be no answer of the store. */
        void decideWithoutStore(Waiter waiter);

        /** Permits of an answer that no caller of that call took. */
        void leftOver(long permits);

        /** The store had less than was asked for; {@code unit} permits are not there before {@code untilNanos}. */
        void exhausted(long unit, long untilNanos);

        /** A call was made. */
        void called();

        /** A call failed or was late. */
        void failed();

        /** The store does not answer, from now on nobody waits for it. */
        void storeLost(Throwable cause);

        /** It answers again. */
        void storeBack();
    }

    /**
     * What stays the same.
     *
     * @param store where to ask
     * @param key which bucket
     * @param limit how it fills up
     * @param timeoutNanos how long a caller waits, and how long a call may take
     * @param maxPending how many callers may wait
     */
    public record Settings(TokenStore store, String key, Limit limit, long timeoutNanos, int maxPending) {}

    private final Settings settings;
    private final Lease lease;
    private final Desk desk;
    private final TimeSource timeSource;
    private final Timers timers;

    private final Serial<Queue<Effect>> steps = new Serial<>();
    private final StoreHealth health;
    private volatile @Nullable StoreCall call;

    // ---- of the steps alone
    private final ArrayDeque<Waiter> queue = new ArrayDeque<>();
    private boolean timerSet;
    private long timerDueNanos;

    /** What is left to do after a step. */
    private interface Effect {
        /** Runs, and may leave more to do. */
        void run(Queue<Effect> then);
    }

    /** Asks nothing yet. */
    public StoreCalls(Settings settings, Lease lease, Desk desk, TimeSource timeSource, Clockwork clockwork) {
        this.settings = settings;
        this.lease = lease;
        this.desk = desk;
        this.timeSource = timeSource;
        timers = clockwork.timers();
        health = new StoreHealth(clockwork.random());
    }

    /**
     * Where delays run and chance comes from.
     *
     * @param timers for deadlines
     * @param random for the delay of probes
     */
    public record Clockwork(Timers timers, RandomGenerator random) {}

    /** Whether the store does not answer, so that nobody should wait for it. */
    public boolean isAway() {
        return health.isAway();
    }

    /** How long until the store is asked again; 0 where it is not away. */
    public long nanosToProbe() {
        return health.isAway() ? Math.max(0, health.probeAtNanos() - timeSource.nanoTime()) : 0;
    }

    /** Lets the caller wait for an answer. */
    public void ask(Waiter waiter) {
        happened(effects -> {
            if (health.isAway() || queue.size() >= settings.maxPending()) {
                effects.add(then -> desk.decideWithoutStore(waiter));
            } else {
                queue.addLast(waiter);
                proceed(timeSource.nanoTime(), effects);
            }
        });
    }

    /** Borrows permits while there still are some, if no call is under way. */
    public void borrow() {
        if (call == null && !health.isAway()) {
            happened(effects -> callAlone(false, effects));
        }
    }

    /** Asks the store for nothing, if it is away and a probe is due. */
    public void probe() {
        // Asked for by every decision without the store; the step looks again.
        if (call == null && health.isProbeDue(timeSource.nanoTime())) {
            happened(effects -> callAlone(true, effects));
        }
    }

    private void happened(Serial.Step<Queue<Effect>> step) {
        Queue<Effect> effects = new ArrayDeque<>();
        try {
            steps.run(step, effects);
        } finally {
            perform(effects);
        }
    }

    /** All of them, whatever becomes of one: they are of several callers. */
    private static void perform(Queue<Effect> effects) {
        Effect effect = effects.poll();
        if (effect == null) {
            return;
        }
        try {
            for (; effect != null; effect = effects.poll()) {
                effect.run(effects);
            }
        } finally {
            perform(effects);
        }
    }

    // ---- steps

    private void callAlone(boolean probe, Queue<Effect> effects) {
        long now = timeSource.nanoTime();
        if (call == null && health.isAway() == probe && (!probe || health.isProbeDue(now))) {
            begin(StoreCall.alone(probe ? 0 : lease.size(), now), now, effects);
        }
    }

    /** What follows from everything that happens: the next call for those who wait, where none is under way, and the timer. */
    private void proceed(long now, Queue<Effect> effects) {
        boolean mayCall = call == null && !health.isAway();
        begin(mayCall ? StoreCall.merging(queue, lease, settings.limit().burst(), now) : null, now, effects);
    }

    private void begin(@Nullable StoreCall next, long now, Queue<Effect> effects) {
        if (next != null) {
            call = next;
        }
        setTimer(now, effects);
        if (next != null) {
            effects.add(then -> send(next, then));
        }
    }

    private void setTimer(long now, Queue<Effect> effects) {
        long due = nextDue(now);
        // A timer that should have run long ago was on a loop that is gone.
        boolean stillSet = timerSet && now - timerDueNanos < settings.timeoutNanos();
        if (stillSet || due == 0) {
            return;
        }
        timerSet = true;
        timerDueNanos = now + due;
        effects.add(then -> schedule(due, then));
    }

    private long nextDue(long now) {
        long due = Long.MAX_VALUE;
        StoreCall current = call;
        if (current != null) {
            due = current.startNanos + settings.timeoutNanos() - now;
            if (!current.waiters.isEmpty()) {
                due = Math.min(due, current.waiters.get(0).deadlineNanos - now);
            }
        }
        Waiter head = queue.peekFirst();
        if (head != null) {
            due = Math.min(due, head.deadlineNanos - now);
        }
        return due == Long.MAX_VALUE ? 0 : Math.max(1, due);
    }

    private void onTimer(Queue<Effect> effects) {
        timerSet = false;
        long now = timeSource.nanoTime();
        StoreCall current = call;
        if (current != null) {
            if (now - current.startNanos - settings.timeoutNanos() >= 0) {
                effects.add(then -> current.cancel());
                fail(
                        current,
                        new TimeoutException("no answer within " + Duration.ofNanos(settings.timeoutNanos())),
                        now,
                        effects);
            } else {
                takeExpired(current.waiters.iterator(), now, effects);
            }
        }
        takeExpired(queue.iterator(), now, effects);
        proceed(now, effects);
    }

    private void takeExpired(Iterator<Waiter> waiters, long now, Queue<Effect> effects) {
        while (waiters.hasNext()) {
            Waiter waiter = waiters.next();
            if (now - waiter.deadlineNanos < 0) {
                return;
            }
            effects.add(then -> desk.decideWithoutStore(waiter));
            waiters.remove();
        }
    }

    /** The call under way ends without an answer; once the store counts as away, nobody waits longer. */
    private void fail(StoreCall failed, Throwable cause, long now, Queue<Effect> effects) {
        call = null;
        effects.add(then -> desk.failed());
        if (health.failed(now)) {
            effects.add(then -> desk.storeLost(cause));
        }
        abandon(failed.waiters, effects);
        if (health.isAway()) {
            abandon(queue, effects);
        }
    }

    private void abandon(Collection<Waiter> waiters, Queue<Effect> effects) {
        for (Waiter waiter : waiters) {
            effects.add(then -> desk.decideWithoutStore(waiter));
        }
        waiters.clear();
    }

    /** Without a timer nobody may wait. */
    private void giveUp(Queue<Effect> effects) {
        timerSet = false;
        StoreCall current = call;
        call = null;
        if (current != null) {
            abandon(current.waiters, effects);
        }
        abandon(queue, effects);
    }

    private void onEnd(StoreCall ended, @Nullable Grant grant, @Nullable Throwable failure, Queue<Effect> effects) {
        if (call != ended) {
            return;
        }
        long now = timeSource.nanoTime();
        Throwable problem = ended.problem(grant, failure, settings.limit().burst());
        if (problem != null) {
            fail(ended, problem, now, effects);
        } else {
            call = null;
            if (health.succeeded()) {
                effects.add(then -> desk.storeBack());
            }
            if (lease.isUsed() && ended.count > 0) {
                lease.resize();
            }
            effects.add(then -> ended.deliver(Objects.requireNonNull(grant), desk));
        }
        proceed(now, effects);
    }

    // ---- effects

    private void schedule(long delayNanos, Queue<Effect> then) {
        try {
            timers.current().schedule(() -> happened(this::onTimer), delayNanos, TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException shutDown) {
            steps.run(this::giveUp, then);
        }
    }

    private void send(StoreCall sent, Queue<Effect> then) {
        desk.called();
        CompletionStage<Grant> stage = sent.send(settings, timeSource);
        if (!(stage instanceof CompletableFuture<Grant> done && Body.isDone(done))) {
            try {
                stage.whenComplete((grant, failure) -> happened(effects -> onEnd(sent, grant, failure, effects)));
            } catch (RuntimeException refused) {
                steps.run(effects -> onEnd(sent, null, refused, effects), then);
            }
            return;
        }
        // What follows is left to the caller: a store that always answers at once must not add to the stack for each
        // call.
        Grant grant;
        try {
            grant = done.join();
        } catch (Throwable failure) {
            steps.run(effects -> onEnd(sent, null, failure, effects), then);
            return;
        }
        steps.run(effects -> onEnd(sent, grant, null, effects), then);
    }
}
