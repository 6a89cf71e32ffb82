package io.nettoolkit.testkit.internal;

import reactor.blockhound.BlockHound;
import reactor.blockhound.integration.BlockHoundIntegration;

/**
 * Lets Netty's io_uring close its ring where BlockHound watches the event loops: it spins there for the few microseconds
 * that another thread's wake-up takes, after the loop's last task. BlockHound would end the thread with the ring open.
 *
 * <p>BlockHound finds this class through {@link java.util.ServiceLoader}.
 */
public final class IoUringBlockHoundIntegration implements BlockHoundIntegration {

    /** For the service loader. */
    public IoUringBlockHoundIntegration() {}

    @Override
    public void applyTo(BlockHound.Builder builder) {
        builder.allowBlockingCallsInside("io.netty.channel.uring.IoUringIoHandler", "closeWakeupGate");
        // A loop of local channels has no selector to wait in: it parks.
        builder.allowBlockingCallsInside("io.netty.channel.local.LocalIoHandler", "run");
    }
}
