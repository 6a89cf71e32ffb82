package io.nettoolkit.pool.internal;

import io.nettoolkit.core.DrainReport;
import io.nettoolkit.core.internal.CallbackGuard;
import io.nettoolkit.core.internal.jfr.JfrEvents;
import io.nettoolkit.pool.ConnectionPool.CloseCause;
import io.nettoolkit.pool.ConnectionPool.Listener;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells the listener, the flight recorder and the log what happened. Any thread. */
final class Notices {

    private static final Logger log = LoggerFactory.getLogger(HostPool.class);

    private final String name;
    private final Object key;
    private final Listener listener;
    private final CallbackGuard guard;

    Notices(Object key, HostPool.Parts parts) {
        this.name = parts.name();
        this.key = key;
        this.listener = parts.listener();
        guard = new CallbackGuard("the listener of pool " + name, parts.timeSource());
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
        log.warn(
                "pool {}: no connection is open and connects fail; callers fail at once until one succeeds",
                name,
                cause);
        tell(() -> listener.onDown(key, cause));
    }

    void up() {
        JfrEvents.policyState(name, "DOWN", "UP");
        log.warn("pool {}: the host can be reached again", name);
        tell(() -> listener.onUp(key));
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
