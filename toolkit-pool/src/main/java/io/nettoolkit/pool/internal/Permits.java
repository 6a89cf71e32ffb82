package io.nettoolkit.pool.internal;

/**
 * Where the pool of one host gets leave for one more connection: from nobody in particular, or from a cap it shares with
 * the pools of other hosts. A permit is held from the begin of a connect until its channel is closed.
 *
 * <p>{@link #tryTake} is called in the host's critical section and must not call into any pool. The others are called
 * outside of it, on any thread, and may: {@link HostPool#grantPermit}, {@link HostPool#evictOldestIdle} and
 * {@link HostPool#oldestIdleNanos} never block.
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

    /** A permit is free again. */
    void giveBack();

    /**
     * The host was told no and has use for one: it gets in line, once, and another host may have to make room. Its turn is
     * {@link HostPool#grantPermit}, at once where a permit has become free meanwhile; it may answer by giving it back.
     */
    void want(HostPool<?> host);
}
