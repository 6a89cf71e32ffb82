package io.nettoolkit.resilience.internal;

import java.time.Duration;
import java.util.Objects;

/** What options of policies have to be; the message names parameter, value and rule. */
public final class Check {

    private static final Duration LONGEST = Duration.ofDays(365);

    private Check() {}

    /** At least {@code least}. */
    public static int atLeast(String name, int value, int least) {
        if (value < least) {
            throw new IllegalArgumentException(name + ": " + value + " (must be " + least + " or more)");
        }
        return value;
    }

    /** Within bounds, both included. */
    public static long between(String name, long value, long least, long most) {
        if (value < least || value > most) {
            throw new IllegalArgumentException(name + ": " + value + " (must be " + least + " to " + most + ")");
        }
        return value;
    }

    /** A share: more than 0, at most 1. */
    public static double share(String name, double value) {
        if (!(value > 0 && value <= 1)) {
            throw new IllegalArgumentException(name + ": " + value + " (must be more than 0 and at most 1)");
        }
        return value;
    }

    /** More than zero and at most a year; in nanoseconds. */
    public static long positiveNanos(String name, Duration value) {
        Objects.requireNonNull(value, name + ": must not be null");
        if (value.isNegative() || value.isZero() || value.compareTo(LONGEST) > 0) {
            throw new IllegalArgumentException(name + ": " + value + " (must be more than zero and at most 365 days)");
        }
        return value.toNanos();
    }

    /** A name for messages, events and metrics. */
    public static String name(String name) {
        if (Objects.requireNonNull(name, "name: must not be null").isBlank()) {
            throw new IllegalArgumentException("name: \"" + name + "\" (must not be blank)");
        }
        return name;
    }
}
