package io.nettoolkit.pool.internal;

import io.nettoolkit.pool.internal.state.Member;
import io.netty.channel.Channel;
import org.jspecify.annotations.Nullable;

/** A channel in a pool. */
final class Connection extends Member {

    /** Leases made once and handed out in turn; a power of two. */
    static final int SHELLS = 8;

    final HostPool<?> pool;
    final Channel channel;
    final LeaseShell[] shells = new LeaseShell[SHELLS];

    /** The lease it has now; only with leak detection. */
    volatile @Nullable Held held;

    Connection(HostPool<?> pool, Channel channel, long nowNanos, long loopThread) {
        super(nowNanos, loopThread);
        this.pool = pool;
        this.channel = channel;
        for (int i = 0; i < SHELLS; i++) {
            shells[i] = new LeaseShell(this, i, SHELLS - 1);
        }
    }

    @Override
    public boolean isActive() {
        return channel.isActive();
    }

    @Override
    public String toString() {
        return channel + " " + super.toString();
    }
}
