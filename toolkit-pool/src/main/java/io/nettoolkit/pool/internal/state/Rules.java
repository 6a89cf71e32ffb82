package io.nettoolkit.pool.internal.state;

import io.nettoolkit.core.Backoff;
import io.nettoolkit.pool.PoolConfig;

/**
 * A configuration as numbers.
 *
 * @param name what messages call the pool
 * @param validates whether connections are checked at all
 * @param tickNanos how far the coarse clock may lag
 */
public record Rules(
        String name,
        int maxPending,
        int maxConnecting,
        int connectsPerSecond,
        Backoff backoff,
        long connectNanos,
        long idleNanos,
        long lifetimeNanos,
        long probeNanos,
        long validationNanos,
        boolean validates,
        long tickNanos) {

    /** Of a configuration. */
    public static Rules of(String name, PoolConfig config, boolean validates, long tickNanos) {
        return new Rules(
                name,
                config.maxPending(),
                config.maxConnecting(),
                config.connectsPerSecond(),
                config.connectBackoff(),
                config.connectTimeout().toNanos(),
                config.idleTimeout().toNanos(),
                config.maxLifetime().toNanos(),
                validates ? config.probeInterval().toNanos() : 0,
                config.validationTimeout().toNanos(),
                validates,
                tickNanos);
    }
}
