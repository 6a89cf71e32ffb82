package io.nettoolkit.core;

import java.time.Duration;
import java.util.Objects;

/**
 * A point in time by which an operation has to be over, handed unchanged through every layer.
 *
 * <p>A timeout is an option of one step; a deadline belongs to the whole job, so the time a lower layer used up is
 * gone for the layers above it.
 *
 * <pre>{@code
 * Deadline deadline = Deadline.after(Duration.ofSeconds(2));
 * client.connect(endpoint, deadline.atMost(Duration.ofMillis(500)));
 * }</pre>
 *
 * <p><b>Threading.</b> Immutable; share freely.
 *
 * <p><b>Failure.</b> Combining deadlines of two different {@link TimeSource}s is an
 * {@link IllegalArgumentException}: their nanoseconds do not count from the same origin.
 */
public final class Deadline {

    private static final Duration LONGEST = Duration.ofNanos(Long.MAX_VALUE / 4);
    /** Kept, because a duration is negated by way of a BigDecimal. */
    private static final Duration LONGEST_AGO = LONGEST.negated();

    private final TimeSource timeSource;
    private final long nanos;

    private Deadline(TimeSource timeSource, long nanos) {
        this.timeSource = timeSource;
        this.nanos = nanos;
    }

    /**
     * The moment {@code timeout} from now on the system clock.
     *
     * @param timeout zero or negative gives a deadline that has passed already; more than 73 years is cut to that
     */
    public static Deadline after(Duration timeout) {
        return after(timeout, TimeSource.system());
    }

    /**
     * The moment {@code timeout} from now on the given clock.
     *
     * @param timeout as for {@link #after(Duration)}
     */
    public static Deadline after(Duration timeout, TimeSource timeSource) {
        Objects.requireNonNull(timeout, "timeout: must not be null");
        Objects.requireNonNull(timeSource, "timeSource: must not be null");
        return new Deadline(timeSource, timeSource.nanoTime() + clampedNanos(timeout));
    }

    /** At most a quarter of the number range, so that the difference of two deadlines never overflows. */
    static long clampedNanos(Duration duration) {
        if (duration.compareTo(LONGEST) >= 0) {
            return LONGEST.toNanos();
        }
        return duration.compareTo(LONGEST_AGO) <= 0 ? -LONGEST.toNanos() : duration.toNanos();
    }

    /** The clock this deadline is measured on. */
    public TimeSource timeSource() {
        return timeSource;
    }

    /** The absolute time in nanoseconds of {@link #timeSource()}; compare by difference, it may have wrapped round. */
    public long nanos() {
        return nanos;
    }

    /** Nanoseconds left by the exact clock; zero or negative once the deadline has passed. */
    public long remainingNanos() {
        return nanos - timeSource.nanoTime();
    }

    /** Time left by the exact clock, never negative. */
    public Duration remaining() {
        return Duration.ofNanos(Math.max(0, remainingNanos()));
    }

    /** Whether the exact clock has reached the deadline. */
    public boolean isExpired() {
        return remainingNanos() <= 0;
    }

    /**
     * The sooner of the two.
     *
     * @throws IllegalArgumentException when {@code other} is measured on another clock
     */
    public Deadline earlierOf(Deadline other) {
        Objects.requireNonNull(other, "other: must not be null");
        if (other.timeSource != timeSource) {
            throw new IllegalArgumentException("other: measured on " + other.timeSource + ", this one on " + timeSource
                    + "; build both from the same TimeSource");
        }
        return other.nanos - nanos < 0 ? other : this;
    }

    /** This deadline, or {@code timeout} from now where that is sooner: a step's timeout under the job's deadline. */
    public Deadline atMost(Duration timeout) {
        return earlierOf(after(timeout, timeSource));
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Deadline that && that.timeSource == timeSource && that.nanos == nanos;
    }

    @Override
    public int hashCode() {
        return Long.hashCode(nanos);
    }

    @Override
    public String toString() {
        long left = remainingNanos();
        return left > 0
                ? "Deadline[in " + Duration.ofNanos(left) + "]"
                : "Deadline[passed " + Duration.ofNanos(-left) + " ago]";
    }
}
