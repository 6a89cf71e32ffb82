package io.nettoolkit.pool.internal;

/**
 * Where the pool of one host gets leave for one more connection: from nobody in particular, or from a cap it shares with
 * the pools of other hosts. A permit is held from the begin of a connect until its channel is closed.
 *
 * <p>{@link #tryTake} is called in the host's critical section and must not call into any pool, and so are those that say so.
 * The others are called outside of it, on any thread, and may: {@link HostPool#grantPermit} and {@link Eviction} never block.
 */
public interface Permits {

    /** No cap. */
    Permits UNLIMITED = new Permits() {
        @Override
        public boolean tryTake() {
            return true;
        }

        @Override
        public void giveBack() {}

        @Override
        public void want(HostPool<?> host) {}
    };

    /** Takes a permit, where one is free and no other host is in line for it. */
    boolean tryTake();

    /** Whether {@link #tryTake} says no because every permit is taken, and not because of too many connects under way. */
    default boolean isFull() {
        return false;
    }

    /** A permit is free again. */
    void giveBack();

    /**
     * The host was told no and has use for one: it gets in line, once, and another host may have to make room. Its turn is
     * {@link HostPool#grantPermit}, at once where a permit has become free meanwhile; it may answer by giving it back.
     */
    void want(HostPool<?> host);

    /**
     * The host has no use for one any more, and leaves the line where it stands in it; a grant that is on its way it gives
     * back. Called in the critical section, and must not call into any pool.
     */
    default void unwant() {}

    /**
     * The connect of a permit is over: it succeeded, failed or was given up, or a granted permit is handed back unused. Exactly
     * once for each permit, before {@link #giveBack}.
     */
    default void connectEnded() {}

    /**
     * Whether another host waits for a permit that this one may have to give up. To be read after a connection came free, and
     * after it can be seen by {@link Eviction#evictOldest}.
     */
    default boolean isWanted() {
        return false;
    }

    /** Whether more permits are taken than there are by now; then even a host's minimum of idle connections may have to go. */
    default boolean isExceeded() {
        return false;
    }

    /**
     * Asked in the critical section about each connection that comes free while {@link #isWanted}: whether to close it for
     * another host instead of using it again. Must not call into any pool.
     *
     * @param needed whether a caller of this host waits for it
     */
    default boolean takesBack(boolean needed) {
        return false;
    }

    /** What {@link #takesBack} asked for was taken into use at that moment. */
    default void keeps() {}
}
