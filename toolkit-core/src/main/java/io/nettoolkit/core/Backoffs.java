package io.nettoolkit.core;

import java.time.Duration;
import java.util.Objects;
import java.util.random.RandomGenerator;

/** The kinds of {@link Backoff}, as values: two with the same numbers are equal and print them. */
final class Backoffs {

    private Backoffs() {}

    record Fixed(long nanos) implements Backoff {
        @Override
        public long delayNanos(int attempt, long previousNanos, RandomGenerator random) {
            return nanos;
        }

        @Override
        public String toString() {
            return "fixed(" + Duration.ofNanos(nanos) + ")";
        }
    }

    record Exponential(long firstNanos, long maxNanos) implements Backoff {
        @Override
        public long delayNanos(int attempt, long previousNanos, RandomGenerator random) {
            int doublings = attempt <= 1 ? 0 : attempt - 1;
            boolean fits = doublings < Long.numberOfLeadingZeros(firstNanos) - 1;
            return fits ? Math.min(maxNanos, firstNanos << doublings) : maxNanos;
        }

        @Override
        public String toString() {
            return "exponential(" + Duration.ofNanos(firstNanos) + ", " + Duration.ofNanos(maxNanos) + ")";
        }
    }

    record DecorrelatedJitter(long baseNanos, long maxNanos) implements Backoff {
        @Override
        public long delayNanos(int attempt, long previousNanos, RandomGenerator random) {
            long before = Math.max(baseNanos, previousNanos);
            long ceiling = before >= maxNanos / 3 ? maxNanos : before * 3;
            return ceiling <= baseNanos ? baseNanos : random.nextLong(baseNanos, ceiling + 1);
        }

        @Override
        public String toString() {
            return "decorrelatedJitter(" + Duration.ofNanos(baseNanos) + ", " + Duration.ofNanos(maxNanos) + ")";
        }
    }

    record Jittered(Backoff backoff, double fraction) implements Backoff {
        @Override
        public long delayNanos(int attempt, long previousNanos, RandomGenerator random) {
            long delay = backoff.delayNanos(attempt, previousNanos, random);
            return delay <= 0 ? delay : delay - (long) (delay * fraction * random.nextDouble());
        }

        @Override
        public String toString() {
            return backoff + ".withJitter(" + fraction + ")";
        }
    }

    record Limited(Backoff backoff, int maxAttempts) implements Backoff {
        @Override
        public long delayNanos(int attempt, long previousNanos, RandomGenerator random) {
            return attempt > maxAttempts ? STOP : backoff.delayNanos(attempt, previousNanos, random);
        }

        @Override
        public String toString() {
            return backoff + ".withMaxAttempts(" + maxAttempts + ")";
        }
    }

    static long nonNegative(String name, Duration value) {
        Objects.requireNonNull(value, () -> name + ": must not be null");
        if (value.isNegative()) {
            throw new IllegalArgumentException(name + ": " + value + " (must not be negative)");
        }
        return Deadline.clampedNanos(value);
    }

    static long positive(String name, Duration value) {
        long nanos = nonNegative(name, value);
        if (nanos == 0) {
            throw new IllegalArgumentException(name + ": " + value + " (must be more than zero)");
        }
        return nanos;
    }

    static long atLeast(String name, Duration value, String floorName, Duration floor) {
        long nanos = nonNegative(name, value);
        if (value.compareTo(floor) < 0) {
            throw new IllegalArgumentException(
                    name + ": " + value + " (must be at least " + floorName + ", which is " + floor + ")");
        }
        return nanos;
    }
}
