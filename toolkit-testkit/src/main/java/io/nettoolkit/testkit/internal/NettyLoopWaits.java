package io.nettoolkit.testkit.internal;

import reactor.blockhound.BlockHound;
import reactor.blockhound.integration.BlockHoundIntegration;

/**
 * Lets Netty's event loops wait in their own ways where BlockHound watches them, which would end their threads: io_uring
 * spins for the few microseconds that another thread's wake-up takes before it closes its ring, and a loop of local
 * channels, which has no selector to wait in, parks.
 *
 * <p>BlockHound finds this class through {@link java.util.ServiceLoader}.
 */
public final class NettyLoopWaits implements BlockHoundIntegration {

    /** For the service loader. */
    public NettyLoopWaits() {}

    @Override
    public void applyTo(BlockHound.Builder builder) {
        builder.allowBlockingCallsInside("io.netty.channel.uring.IoUringIoHandler", "closeWakeupGate");
        builder.allowBlockingCallsInside("io.netty.channel.local.LocalIoHandler", "run");
    }
}
