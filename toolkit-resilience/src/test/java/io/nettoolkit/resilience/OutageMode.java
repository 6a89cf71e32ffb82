package io.nettoolkit.resilience;

import io.nettoolkit.resilience.DistributedRateLimiter.Outage;

/** Everything that can be chosen for the time without the store. */
public enum OutageMode {
    /** All go ahead. */
    FAIL_OPEN,
    /** None does. */
    FAIL_CLOSED,
    /** Each process has a part of the limit. */
    LOCAL_SHARE;

    /** For so many processes, where that is what matters. */
    public Outage outage(int nodes) {
        return switch (this) {
            case FAIL_OPEN -> Outage.failOpen();
            case FAIL_CLOSED -> Outage.failClosed();
            case LOCAL_SHARE -> Outage.localShare(nodes);
        };
    }
}
