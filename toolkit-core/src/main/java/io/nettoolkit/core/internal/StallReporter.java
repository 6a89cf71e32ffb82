package io.nettoolkit.core.internal;

/** What hears of stalled event loops; called on the ticker thread, so it hands on whatever might block. */
public interface StallReporter {

    /** A loop does not run its tasks; said once per stall, while it lasts. */
    void onStall(String thread, long waitedNanos, StackTraceElement[] stack);

    /** The loop runs again. */
    void onRecovery(String thread, long waitedNanos, StackTraceElement[] stack);
}
