package io.nettoolkit.core.internal;

import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Notices that files have changed, by polling: works on every file system, also those that tell nobody (NFS, mounted
 * secrets), and on links.
 *
 * <p>A change is reported when two looks in a row, {@link #SETTLE_NANOS} apart, found the same new state. So a file
 * that is being written is left alone until it is whole, and a second write of the same length cannot hide in the time
 * stamp of the first. Coming into being and vanishing are changes too. What changes all the time is never reported.
 *
 * <p><b>Threading.</b> Polled by one thread; {@link #close} from any.
 */
public final class FileWatch implements AutoCloseable {

    static final long SETTLE_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

    private final long periodNanos;
    private final Runnable onChange;
    private FileStamp reported;
    private FileStamp seen;
    private volatile boolean closed;
    private volatile @Nullable Future<?> nextLook;

    FileWatch(FileStamp loaded, Duration period, Runnable onChange) {
        this.reported = Objects.requireNonNull(loaded, "loaded: must not be null");
        this.seen = loaded;
        this.onChange = Objects.requireNonNull(onChange, "onChange: must not be null");
        Objects.requireNonNull(period, "period: must not be null");
        if (period.isNegative() || period.isZero()) {
            throw new IllegalArgumentException("period: " + period + " (must be more than zero)");
        }
        Duration longest = Duration.ofDays(365);
        periodNanos = (period.compareTo(longest) < 0 ? period : longest).toNanos();
    }

    /** One look; what the callback throws goes to the guard. */
    void poll(CallbackGuard guard) {
        if (closed) {
            return;
        }
        FileStamp now = seen.again();
        boolean settled = now.equals(seen);
        seen = now;
        if (settled && !now.equals(reported)) {
            reported = now;
            guard.run(onChange::run);
        }
    }

    /** Until the next look: the period, or a moment while a change settles. */
    long nextDelayNanos() {
        return seen.equals(reported) ? periodNanos : Math.min(periodNanos, SETTLE_NANOS);
    }

    long periodNanos() {
        return periodNanos;
    }

    /** Remembers the next look, so that a close drops it at once with all that it holds. */
    void scheduled(Future<?> look) {
        nextLook = look;
        if (closed) {
            look.cancel(false);
        }
    }

    /** Ends the watch. */
    @Override
    public void close() {
        closed = true;
        Future<?> look = nextLook;
        if (look != null) {
            look.cancel(false);
        }
    }
}
