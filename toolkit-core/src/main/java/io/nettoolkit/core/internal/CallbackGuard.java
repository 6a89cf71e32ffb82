package io.nettoolkit.core.internal;

import io.nettoolkit.core.TimeSource;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stands between the toolkit and one place where it calls a user's code: what that throws is counted, logged at most
 * once a minute, and goes no further.
 *
 * <p>Nothing is rethrown, not even a {@link VirtualMachineError}: options such as {@code -XX:+ExitOnOutOfMemoryError}
 * act when it is thrown, whoever catches it, and a loop that dies of one takes the connections of everybody else with
 * it. An {@link InterruptedException} sets the thread's flag again.
 *
 * <p><b>Threading.</b> Any thread may call every method.
 */
public final class CallbackGuard {

    private static final Logger log = LoggerFactory.getLogger(CallbackGuard.class);
    private static final long LOG_EVERY_NANOS = TimeUnit.MINUTES.toNanos(1);

    private final String place;
    private final TimeSource timeSource;
    private final AtomicLong failures = new AtomicLong();
    private final AtomicLong failuresLogged = new AtomicLong();
    private final AtomicLong nextLogNanos;

    /** A user's code. */
    @FunctionalInterface
    public interface Callback {
        /** Runs it. */
        void run() throws Exception;
    }

    /**
     * A guard for one place.
     *
     * @param place what the log calls it, such as "onOpen of the listener of server orders"
     */
    public CallbackGuard(String place, TimeSource timeSource) {
        this.place = Objects.requireNonNull(place, "place: must not be null");
        this.timeSource = Objects.requireNonNull(timeSource, "timeSource: must not be null");
        nextLogNanos = new AtomicLong(timeSource.nanoTime());
    }

    /** Calls the user; false when that threw. */
    public boolean run(Callback callback) {
        try {
            callback.run();
            return true;
        } catch (Throwable failure) {
            failed(failure);
            return false;
        }
    }

    /** Takes what the user threw, where a {@link #run} would allocate a lambda for every message. Never throws. */
    public void failed(Throwable failure) {
        long count = failures.incrementAndGet();
        if (failure instanceof InterruptedException) {
            Thread.currentThread().interrupt();
        }
        long now = timeSource.nanoTime();
        long next = nextLogNanos.get();
        if (now - next < 0 || !nextLogNanos.compareAndSet(next, now + LOG_EVERY_NANOS)) {
            return;
        }
        long before = failuresLogged.getAndSet(count);
        try {
            log.warn(
                    "{} threw; {} failures so far, {} since the last line like this (one a minute at most)",
                    place,
                    count,
                    count - before,
                    failure);
        } catch (Throwable outOfMemory) {
            // Counted all the same; there is no better place to say it.
        }
    }

    /** How often the user's code threw. */
    public long failures() {
        return failures.get();
    }
}
