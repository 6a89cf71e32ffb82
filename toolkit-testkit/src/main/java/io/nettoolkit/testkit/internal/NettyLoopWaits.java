package io.nettoolkit.testkit.internal;

import java.util.Set;
import reactor.blockhound.BlockHound;
import reactor.blockhound.BlockingOperationError;
import reactor.blockhound.integration.BlockHoundIntegration;

/**
 * What event loops may do where BlockHound watches them, which would end their connections or threads: a loop of local
 * channels, which has no selector to wait in, parks; and whoever lost an atomic exchange may spin, as Netty's ring does
 * before it closes and the lock-free policies do, for the instant that the winner takes.
 *
 * <p>BlockHound finds this class through {@link java.util.ServiceLoader}.
 */
public final class NettyLoopWaits implements BlockHoundIntegration {

    /** BlockHound counts {@link Thread}'s hints to the processor and to the scheduler among what blocks. */
    private static final Set<String> SPINNING = Set.of("onSpinWait", "yield", "yield0");

    /** For the service loader. */
    public NettyLoopWaits() {}

    @Override
    public void applyTo(BlockHound.Builder builder) {
        builder.allowBlockingCallsInside("io.netty.channel.local.LocalIoHandler", "run");
        builder.blockingMethodCallback(method -> {
            if (!SPINNING.contains(method.getName())) {
                throw new BlockingOperationError(method);
            }
        });
    }
}
