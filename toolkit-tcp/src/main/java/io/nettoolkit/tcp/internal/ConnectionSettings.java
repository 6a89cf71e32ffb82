package io.nettoolkit.tcp.internal;

import io.nettoolkit.core.ConnectionListener;
import io.nettoolkit.core.EventLoops;
import io.nettoolkit.core.NetException;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.core.TlsConfig;
import io.nettoolkit.core.internal.CallbackGuard;
import io.nettoolkit.core.internal.tls.LiveTls;
import io.nettoolkit.tcp.FrameHandler;
import io.nettoolkit.tcp.Limits;
import io.nettoolkit.tcp.Timeouts;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/** What all connections of one server or client have in common. */
final class ConnectionSettings {

    final String name;
    final FrameFormat format;
    final FrameHandler handler;
    final ConnectionListener listener;
    final TimeSource time;
    final EventLoops loops;
    final @Nullable LiveTls tls;
    final Limits limits;
    final Timeouts timeouts;

    /** Whether a full write queue stops reading: a server must not take requests whose answers it cannot place. */
    final boolean pausesWhenQueueFills;

    final long writeQueueBytes;
    final long firstFrameNanos;
    final long wholeFrameNanos;
    final long readIdleNanos;
    final long writeStallNanos;
    final long lingerNanos;

    final CallbackGuard handlerGuard;
    final CallbackGuard listenerGuard;

    /** Sends refused because a write queue was at its cap. */
    final LongAdder refusedSends = new LongAdder();

    ConnectionSettings(ConnectionOptions options) {
        options.check();
        name = options.name;
        format = options.format;
        handler = options.handler;
        listener = options.listener;
        time = options.timeSource;
        loops = options.eventLoops != null ? options.eventLoops : EventLoops.shared();
        limits = options.limits;
        timeouts = options.timeouts;
        pausesWhenQueueFills = options.server;
        tls = options.tls == null ? null : open(options.tls);
        writeQueueBytes = limits.writeQueueBytes();
        firstFrameNanos = timeouts.firstFrame().toNanos();
        wholeFrameNanos = timeouts.wholeFrame().toNanos();
        readIdleNanos = timeouts.readIdle().toNanos();
        writeStallNanos = timeouts.writeStall().toNanos();
        lingerNanos = timeouts.linger().toNanos();
        handlerGuard = new CallbackGuard("the FrameHandler of " + name, time);
        listenerGuard = new CallbackGuard("the ConnectionListener of " + name, time);
    }

    private static LiveTls open(TlsConfig config) {
        try {
            return LiveTls.open(config);
        } catch (NetException unusable) {
            throw new IllegalArgumentException("tls: " + unusable.getMessage(), unusable);
        }
    }

    boolean usesTls() {
        return tls != null;
    }
}
