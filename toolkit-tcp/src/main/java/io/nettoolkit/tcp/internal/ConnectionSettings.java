package io.nettoolkit.tcp.internal;

import io.nettoolkit.core.ConnectionListener;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.tcp.FrameHandler;
import io.nettoolkit.tcp.Limits;
import io.nettoolkit.tcp.Timeouts;
import java.util.concurrent.atomic.LongAdder;

/** What all connections of one server or client have in common. */
final class ConnectionSettings {

    final String name;
    final FrameFormat format;
    final FrameHandler handler;
    final ConnectionListener listener;
    final TimeSource time;
    final boolean usesTls;
    final boolean pausesWhenQueueFills;
    final long writeQueueBytes;
    final long firstFrameNanos;
    final long wholeFrameNanos;
    final long readIdleNanos;
    final long writeStallNanos;
    final long lingerNanos;
    final Callbacks callbacks;

    /** Sends refused because a write queue was at its cap. */
    final LongAdder refusedSends = new LongAdder();

    ConnectionSettings(Endpointless owner) {
    }
}
