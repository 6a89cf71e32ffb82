package io.nettoolkit.pool.internal;

import io.nettoolkit.pool.ConnectionPool.CloseCause;
import io.nettoolkit.pool.internal.hit.Entry;
import io.nettoolkit.pool.internal.state.Member;
import org.jspecify.annotations.Nullable;

/** The idle connections of a host that may have to make room for another host's. Any thread; never blocks. */
public final class Eviction {

    private final HostPool<?> host;
    private final Permits permits;
    private volatile int minIdle;

    Eviction(HostPool<?> host, Permits permits, int minIdle) {
        this.host = host;
        this.permits = permits;
        this.minIdle = minIdle;
    }

    /** Changes how many stay. */
    void keep(int newMinIdle) {
        minIdle = newMinIdle;
    }

    /**
     * Closes the connection that was idle longest; the minimum of idle ones stays, unless there are more connections than the cap
     * allows. Its permit comes back through {@link Permits#giveBack} once the channel is closed.
     *
     * @return false where there is none
     */
    public boolean evictOldest() {
        for (; ; ) {
            Connection oldest = oldest();
            if (oldest == null) {
                return false;
            }
            if (oldest.move(Entry.IDLE, Entry.CLOSING)) {
                host.leaving(oldest, CloseCause.EVICTED, null);
                return true;
            }
        }
    }

    /** Since when the connection is idle that was so longest, by the coarse clock; {@link Long#MAX_VALUE} where there is none. */
    public long oldestNanos() {
        Connection oldest = oldest();
        return oldest == null ? Long.MAX_VALUE : oldest.idleSinceNanos();
    }

    private @Nullable Connection oldest() {
        int idle = 0;
        Member oldest = null;
        for (Member member : host.state().snapshot().members()) {
            if (member.phase() == Entry.IDLE) {
                idle++;
                if (oldest == null || member.idleSinceNanos() - oldest.idleSinceNanos() < 0) {
                    oldest = member;
                }
            }
        }
        return idle > minIdle || permits.isExceeded() ? (Connection) oldest : null;
    }
}
