package io.nettoolkit.resilience.internal.breaker;

import io.nettoolkit.resilience.CircuitBreaker.State;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/*
 * Tells of transitions in the order in which they happened, one at a time, on whichever thread caused one of them, and
 * without a lock.
 *
 * Every transition raises the breaker's generation by one, so the generation is its number. A thread makes its node before
 * the compare-and-set of the breaker's word and hands it in afterwards; in between, the thread of a later transition may
 * overtake it. So nodes may arrive in any order; whoever is at work sorts them and tells only of the next number. A node
 * that is not in yet is told of by its own thread, which comes by and finds what waits behind it.
 *
 * `work` counts arrivals that nobody has looked at: who raises it from zero works until it is zero again. A listener that
 * changes the breaker only adds to it, so it is never called from within itself.
 */
/** What tells of a breaker's transitions, in their order. Threading: any thread. */
public final class Transitions {

    /** Takes what happened. Must not throw. */
    @FunctionalInterface
    public interface Sink {
        /** The breaker went from one state to another; the two are the same when it was reset while closed. */
        void onTransition(State from, State to);
    }

    /** One transition. */
    static final class Transition {

        private final int generation;
        private final State from;
        private final State to;
        private @Nullable Transition next;

        /** What leads from one word to the next. */
        Transition(long from, long to) {
            generation = BreakerWord.generation(to);
            this.from = BreakerWord.state(from);
            this.to = BreakerWord.state(to);
        }
    }

    private final Sink sink;
    private final AtomicReference<@Nullable Transition> arrived = new AtomicReference<>();
    private final AtomicInteger work = new AtomicInteger();

    // Of the thread at work alone.
    private int told;
    private @Nullable Transition waiting;

    Transitions(Sink sink) {
        this.sink = sink;
    }

    /** Hands in a transition that has happened. */
    void happened(Transition transition) {
        Transition head;
        do {
            head = arrived.get();
            transition.next = head;
        } while (!arrived.compareAndSet(head, transition));
        if (work.getAndIncrement() != 0) {
            return;
        }
        int seen = 1;
        do {
            takeIn();
            Transition due = nextDue();
            while (due != null) {
                told = due.generation;
                sink.onTransition(due.from, due.to);
                due = nextDue();
            }
            seen = work.addAndGet(-seen);
        } while (seen != 0);
    }

    private void takeIn() {
        Transition node = arrived.getAndSet(null);
        while (node != null) {
            Transition rest = node.next;
            node.next = waiting;
            waiting = node;
            node = rest;
        }
    }

    /** Takes the transition that comes next out of those that wait; null where it is not in yet. */
    private @Nullable Transition nextDue() {
        int wanted = (told + 1) & BreakerWord.GENERATION_MASK;
        Transition before = null;
        for (Transition node = waiting; node != null; node = node.next) {
            if (node.generation == wanted) {
                if (before == null) {
                    waiting = node.next;
                } else {
                    before.next = node.next;
                }
                return node;
            }
            before = node;
        }
        return null;
    }
}
