package io.nettoolkit.tcp.internal;

import org.jspecify.annotations.Nullable;

/** Waits for one frame to be written. */
@FunctionalInterface
interface WriteWaiter {

    /** Called once on the loop; {@code failure} is null when the operating system took the bytes. */
    void written(@Nullable Throwable failure);
}
