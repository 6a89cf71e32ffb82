package io.nettoolkit.pool.internal;

import io.nettoolkit.core.TimeSource;
import io.nettoolkit.pool.internal.state.Step;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/*
 * Design note.
 *
 * Idea. Events of any thread are applied one at a time, by whichever thread is there: it puts its event on a stack, and where
 * nobody is in the section it goes in, applies all there is in the order of coming, leaves, and does the effects. Who finds
 * somebody in there leaves his event with him: that one looks at the stack again after he has left. Nobody ever waits.
 *
 * Two things keep that harmless. Nobody serves the others for long: after some rounds the rest goes to an executor. And nothing
 * recurses: an effect that causes events (a connector that is done at once, a listener that closes the pool) leaves them to the
 * loop that is at work on this thread already, whichever pool they are for (I14).
 *
 * A signal is an event without an object: time may have passed, or a connection may be idle. One that is not taken yet
 * stands for any number of them.
 *
 * Sources. Flat combining (Hendler and others, 2010), as in Vert.x' CombinerExecutor.
 */

/** Applies events one at a time and does their effects outside of the section. Any thread. */
final class Combiner {

    private static final Logger log = LoggerFactory.getLogger(Combiner.class);

    private static final int EVENTS_PER_ROUND = 64;
    private static final int ROUNDS = 4;

    private static final VarHandle INBOX;
    private static final VarHandle BUSY;
    private static final ThreadLocal<Trampoline> TRAMPOLINE = ThreadLocal.withInitial(Trampoline::new);

    static {
        try {
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            INBOX = lookup.findVarHandle(Combiner.class, "inbox", Step.class);
            BUSY = lookup.findVarHandle(Combiner.class, "busy", boolean.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final TimeSource timeSource;
    private final Step tick;
    private final Executor rest;

    /** Events, the last one first. */
    private volatile @Nullable Step inbox;

    private volatile boolean signalled;
    private volatile boolean busy;
    private volatile boolean hasBacklog;

    /** Events taken and not applied, in order; the section's. */
    private @Nullable Step backlog;
    /** Effects, in order; the section's. */
    private @Nullable Step firstEffect;

    private @Nullable Step lastEffect;

    /** What is at work on one thread. */
    private static final class Trampoline {
        boolean active;
        final Deque<Combiner> waiting = new ArrayDeque<>(2);
    }

    /**
     * One for a pool.
     *
     * @param tick what a signal is for the state machine
     * @param rest goes on where a thread has done enough for others
     */
    Combiner(TimeSource timeSource, Step tick, Executor rest) {
        this.timeSource = timeSource;
        this.tick = tick;
        this.rest = rest;
    }

    /** An event. */
    void submit(Step event) {
        push(event);
        run();
    }

    /** An event of somebody who will block until it has been dealt with. */
    void submitBeforeBlocking(Step event) {
        push(event);
        if (TRAMPOLINE.get().active) {
            rounds();
        } else {
            run();
        }
    }

    /** An event from within the section, or from an effect. */
    void push(Step event) {
        for (; ; ) {
            Step head = inbox;
            event.next = head;
            if (INBOX.compareAndSet(this, head, event)) {
                return;
            }
        }
    }

    /** Has the state machine look at what there is. */
    void signal() {
        if (!signalled) {
            signalled = true;
        }
        run();
    }

    /** Adds an effect; within the section. */
    void effect(Step effect) {
        effect.next = null;
        if (lastEffect == null) {
            firstEffect = effect;
        } else {
            lastEffect.next = effect;
        }
        lastEffect = effect;
    }

    private void run() {
        Trampoline trampoline = TRAMPOLINE.get();
        if (trampoline.active) {
            if (!trampoline.waiting.contains(this)) {
                trampoline.waiting.add(this);
            }
            return;
        }
        trampoline.active = true;
        try {
            for (Combiner next = this; next != null; next = trampoline.waiting.poll()) {
                next.rounds();
            }
        } finally {
            trampoline.active = false;
        }
    }

    /** Whether every event that was submitted before has been applied. */
    boolean isQuiet() {
        // Work that was left over by a section that has ended between the first two looks is seen by the third.
        return !hasWork() && !busy && !hasWork();
    }

    private boolean hasWork() {
        return signalled || inbox != null || hasBacklog;
    }

    private void rounds() {
        for (int round = 1; hasWork() && BUSY.compareAndSet(this, false, true); round++) {
            Step effects;
            try {
                section();
            } finally {
                effects = firstEffect;
                firstEffect = null;
                lastEffect = null;
                busy = false;
            }
            perform(effects);
            if (round >= ROUNDS && hasWork() && handOver()) {
                return;
            }
        }
    }

    private boolean handOver() {
        try {
            rest.execute(this::run);
            return true;
        } catch (RejectedExecutionException shutDown) {
            return false;
        }
    }

    private void section() {
        long nowNanos = timeSource.nanoTime();
        signalled = false;
        int applied = 0;
        for (Step event = nextEvent(); event != null; event = applied < EVENTS_PER_ROUND ? nextEvent() : null) {
            applied++;
            apply(event, nowNanos);
        }
        if (applied == 0) {
            apply(tick, nowNanos);
        }
        hasBacklog = backlog != null;
    }

    private static void apply(Step event, long nowNanos) {
        try {
            event.apply(nowNanos);
        } catch (Throwable bug) {
            log.error("an event of a connection pool failed; this is a bug in the pool", bug);
        }
    }

    private @Nullable Step nextEvent() {
        if (backlog == null) {
            Step taken = inbox == null ? null : (Step) INBOX.getAndSet(this, (Step) null);
            while (taken != null) {
                Step earlier = taken.next;
                taken.next = backlog;
                backlog = taken;
                taken = earlier;
            }
        }
        Step first = backlog;
        if (first != null) {
            backlog = first.next;
            first.next = null;
        }
        return first;
    }

    private static void perform(@Nullable Step first) {
        for (Step effect = first; effect != null; ) {
            // An effect may be an event again before it returns.
            Step following = effect.next;
            effect.next = null;
            try {
                effect.perform();
            } catch (Throwable failure) {
                log.error("an effect of a connection pool failed; this is a bug in the pool", failure);
            }
            effect = following;
        }
    }
}
