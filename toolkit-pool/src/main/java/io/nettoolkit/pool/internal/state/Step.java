package io.nettoolkit.pool.internal.state;

import org.jspecify.annotations.Nullable;

/**
 * Something that happened to a pool, or that it has to do about it: an event on the way in, an effect on the way out, and a
 * waiter first one and then the other.
 */
public abstract class Step {

    /** Of whoever lists it now. */
    @Nullable
    public Step next;

    /** As an event: tells the state machine, within its section. */
    public void apply(long nowNanos) {}

    /** As an effect: does it, outside of the section. */
    public void perform() {}
}
