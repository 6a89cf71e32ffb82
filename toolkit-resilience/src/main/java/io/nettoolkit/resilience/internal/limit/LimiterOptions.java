package io.nettoolkit.resilience.internal.limit;

import io.nettoolkit.core.TimeSource;
import java.util.concurrent.ScheduledExecutorService;
import org.jspecify.annotations.Nullable;

/**
 * What all rate limiters have in common.
 *
 * @param shape the limit in words, such as "token bucket of 100 permits per 1.00 s"
 * @param scheduler null for the calling event loop, else a shared one
 */
public record LimiterOptions(
        String name,
        String shape,
        TimeSource timeSource,
        @Nullable ScheduledExecutorService scheduler,
        int maxPending,
        boolean shadow) {}
