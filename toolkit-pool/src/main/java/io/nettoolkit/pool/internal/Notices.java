package io.nettoolkit.pool.internal;

import io.nettoolkit.core.DrainReport;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.core.internal.CallbackGuard;
import io.nettoolkit.core.internal.LogLimiter;
import io.nettoolkit.core.internal.jfr.JfrEvents;
import io.nettoolkit.pool.ConnectionPool.CloseCause;
import io.nettoolkit.pool.ConnectionPool.Listener;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells the listener, the flight recorder and the log what happened. Any thread. */
final class Notices {

    private static final Logger log = LoggerFactory.getLogger(HostPool.class);
    private static final long LOG_INTERVAL_NANOS = TimeUnit.MINUTES.toNanos(1);

    private final String name;
    private final Object key;
    private final Listener listener;
    private final CallbackGuard guard;
    private final TimeSource timeSource;
    private final LogLimiter downs;
    private final LogLimiter ups;
    private volatile boolean hasShownTrace;

    Notices(Object key, HostPool.Parts parts) {
        this.name = parts.name();
        this.key = key;
        this.listener = parts.listener();
        timeSource = parts.timeSource();
        guard = new CallbackGuard("the listener of pool " + name, timeSource);
        downs = new LogLimiter(LOG_INTERVAL_NANOS, timeSource.nanoTime());
        ups = new LogLimiter(LOG_INTERVAL_NANOS, timeSource.nanoTime());
    }

    private void tell(CallbackGuard.Callback callback) {
        if (listener != Listener.NONE) {
            guard.run(callback);
        }
    }

    void opened(Connection connection, Duration elapsed) {
        JfrEvents.poolConnect(name, elapsed, null);
        tell(() -> listener.onConnect(key, connection.channel, elapsed));
    }

    void connectFailed(Throwable cause, Duration elapsed) {
        JfrEvents.poolConnect(name, elapsed, cause);
        tell(() -> listener.onConnectFailure(key, cause, elapsed));
    }

    void closed(Connection connection, CloseCause cause, @Nullable Throwable failure) {
        JfrEvents.poolClose(name, cause.name());
        tell(() -> listener.onClose(key, connection.channel, cause, failure));
    }

    void down(Throwable cause) {
        JfrEvents.policyState(name, "UP", "DOWN");
        long leftOut = downs.tryLog(timeSource.nanoTime());
        if (leftOut != LogLimiter.SUPPRESSED) {
            log.warn(
                    "pool {}: no connection is open and connects fail, so callers fail at once until one succeeds{}: {}",
                    name,
                    since(leftOut),
                    cause.toString(),
                    hasShownTrace ? null : cause);
            hasShownTrace = true;
        }
        tell(() -> listener.onDown(key, cause));
    }

    void up() {
        JfrEvents.policyState(name, "DOWN", "UP");
        long leftOut = ups.tryLog(timeSource.nanoTime());
        if (leftOut != LogLimiter.SUPPRESSED) {
            log.warn("pool {}: the host can be reached again{}", name, since(leftOut));
        }
        tell(() -> listener.onUp(key));
    }

    private static String since(long leftOut) {
        return leftOut == 0 ? "" : " (and " + leftOut + " more times since the last line like this)";
    }

    void leaked(Connection connection, Held held, Duration lasted, boolean isLost) {
        log.warn(
                "pool {}: the lease of {} {} after {}; it was acquired here",
                name,
                connection.channel,
                isLost ? "was lost without a release, and its connection is closed" : "is still held",
                lasted,
                held.acquiredAt);
        tell(() -> listener.onLeak(key, connection.channel, lasted, held.acquiredAt));
    }

    void drained(DrainReport report) {
        JfrEvents.drain(report);
        tell(() -> listener.onDrain(key, report));
    }
}
