package io.nettoolkit.tcp.internal;

import io.netty.channel.ChannelPromise;
import org.jspecify.annotations.Nullable;

/** Waits for one frame to be written. */
@FunctionalInterface
interface WriteWaiter {

    /** Called once on the loop; {@code failure} is null when the operating system took the bytes. */
    void written(@Nullable Throwable failure);

    /** Completes the promise; null where nobody can wait on it. */
    static @Nullable WriteWaiter of(ChannelPromise promise) {
        if (promise.isVoid()) {
            return null;
        }
        return failure -> {
            if (failure == null) {
                promise.trySuccess();
            } else {
                promise.tryFailure(failure);
            }
        };
    }
}
