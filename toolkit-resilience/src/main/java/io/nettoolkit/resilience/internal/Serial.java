package io.nettoolkit.resilience.internal;

import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/*
 * `work` counts steps that have arrived and are not done: who raises it from zero runs steps until it is zero again, those of
 * others too. A step is in the queue before it is counted, so there is one for each count.
 */

/**
 * Runs steps one at a time, in the order of their arrival, where a lock might park an event loop: who comes while a step runs
 * leaves its own to the thread that runs it, and goes on.
 *
 * <p>Threading: any thread. What one step writes, the next one sees.
 *
 * @param <C> what the thread that runs steps gives to each of them
 */
public final class Serial<C> {

    /** Must not block: others leave theirs to the thread that runs it. */
    @FunctionalInterface
    public interface Step<C> {
        /** Runs with what the thread brought, which need not be the one that handed the step in. */
        void run(C context);
    }

    private final Queue<Step<C>> arrived = new ConcurrentLinkedQueue<>();
    private final AtomicInteger work = new AtomicInteger();

    /** Runs the step and what arrives meanwhile, or leaves it to the thread at work. A step that throws stops no other. */
    public void run(Step<C> step, C context) {
        add(step);
        runOne(context);
    }

    /** Gives a step its place in the order, for one {@link #runOne} later. */
    public void add(Step<C> step) {
        arrived.add(step);
    }

    /** As {@link #run}, after {@link #add}. Where others have come meanwhile it may be one of theirs that it runs. */
    public void runOne(C context) {
        if (work.getAndIncrement() != 0) {
            return;
        }
        @Nullable Throwable thrown = null;
        do {
            try {
                Objects.requireNonNull(arrived.poll()).run(context);
            } catch (RuntimeException | Error failure) {
                thrown = failure;
            }
        } while (work.decrementAndGet() != 0);
        if (thrown instanceof Error error) {
            throw error;
        }
        if (thrown instanceof RuntimeException exception) {
            throw exception;
        }
    }
}
