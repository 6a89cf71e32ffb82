package io.nettoolkit.core;

import java.time.Duration;

/**
 * How a graceful stop went.
 *
 * @param drained connections that finished their work and closed in order
 * @param forced connections that were cut because the grace period was over
 * @param elapsed from the call to the last close
 */
public record DrainReport(int drained, int forced, Duration elapsed) {}
