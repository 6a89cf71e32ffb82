package io.nettoolkit.core;

import java.time.Duration;
import java.util.Objects;

/**
 * How a graceful stop went.
 *
 * <p><b>Threading.</b> Immutable.
 *
 * @param drained connections that finished their work and closed in order
 * @param forced connections that were cut because the grace period was over
 * @param elapsed from the call to the last close
 */
public record DrainReport(int drained, int forced, Duration elapsed) {

    /** Checks that the time is there and that nothing is negative. */
    public DrainReport {
        Objects.requireNonNull(elapsed, "elapsed: must not be null");
        if (drained < 0 || forced < 0) {
            throw new IllegalArgumentException(
                    "drained, forced: " + drained + ", " + forced + " (must not be negative)");
        }
    }
}
