package io.nettoolkit.resilience.internal.limit;

import java.math.BigInteger;

/*
 * How a rate is kept without drift.
 *
 * The generic cell rate algorithm needs one word, the theoretical arrival time, and adds the time per permit to it for each
 * permit. Kept in nanoseconds that increment is rounded, and the rate with it: 3 permits a microsecond would be 333 ns each.
 * Here the unit is not the nanosecond but the permit: one permit is exactly 2^k units, with the smallest k for which a
 * unit is no longer than a nanosecond. Adding permits is then exact for ever, and what is rounded is the conversion of the
 * clock, which starts anew from the same origin with each reading, so its error does not add up:
 *
 *     units(now) = floor((now - origin) * speed / 2^58),  speed = ceil(permits * 2^(k + 58) / period)
 *
 * The product has 128 bits. The speed is good to 2^-58 of a unit per nanosecond, 11 units after 100 years of uptime; it is rounded
 * up so that a period which is a whole number of nanoseconds is over when it is over, and not one later.
 *
 * Units are compared by difference. A unit is at least 1/8 ns (the builders allow 8 permits per nanosecond and no more), so
 * differences are right for spans of up to 36 years, and a limit may lie idle as long.
 *
 * Sources: ITU-T I.371 (GCRA); the virtual scheduling form is also how Go's uber-go/ratelimit and Redis-cell keep a limit in
 * one number.
 */
/**
 * Converts between a clock and the units in which a token bucket keeps time. Immutable.
 *
 * <p>Threading: any thread.
 */
public final class TokenRate {

    private static final int FRACTION_BITS = 58;

    /** The longest time to fill a bucket, and the longest promise, in units: 4.5 years and more. */
    static final long LONGEST_UNITS = 1L << 60;

    private final long originNanos;
    private final long speed;
    private final long nanosPerUnit;
    private final int permitBits;

    /**
     * A rate.
     *
     * @param permits at most 8 per nanosecond
     * @param perNanos at most 365 days
     * @param originNanos the present reading of the clock
     */
    public TokenRate(long permits, long perNanos, long originNanos) {
        this.originNanos = originNanos;
        permitBits = Long.SIZE - Long.numberOfLeadingZeros((perNanos - 1) / permits);
        BigInteger units = BigInteger.valueOf(permits).shiftLeft(permitBits);
        BigInteger period = BigInteger.valueOf(perNanos);
        speed = units.shiftLeft(FRACTION_BITS)
                .add(period)
                .subtract(BigInteger.ONE)
                .divide(period)
                .longValueExact();
        nanosPerUnit = period.shiftLeft(63)
                .divide(units)
                .min(BigInteger.valueOf(Long.MAX_VALUE))
                .longValueExact();
    }

    /** The largest burst that {@link #LONGEST_UNITS} allow at this rate. */
    public static long maxBurst(long permits, long perNanos) {
        return new TokenRate(permits, perNanos, 0).maxPermits();
    }

    /** The most permits that are worth {@link #LONGEST_UNITS} or less. */
    long maxPermits() {
        return LONGEST_UNITS >> permitBits;
    }

    /** What permits are worth. */
    long ofPermits(long permits) {
        return permits << permitBits;
    }

    /** How many whole permits are in so many units. */
    long permitsIn(long units) {
        return units >> permitBits;
    }

    /** A reading of the clock. */
    long units(long nowNanos) {
        long elapsed = nowNanos - originNanos;
        return (Math.multiplyHigh(elapsed, speed) << (Long.SIZE - FRACTION_BITS))
                | ((elapsed * speed) >>> FRACTION_BITS);
    }

    /** How long after {@code nowNanos} the clock first reads {@code target} units or more; 0 if it does already. */
    long nanosUntil(long target, long nowNanos) {
        long units = target - units(nowNanos);
        if (units <= 0) {
            return 0;
        }
        // An estimate that is too low by three at most, for both factors were rounded down.
        long estimate = (Math.multiplyHigh(units, nanosPerUnit) << 1) | ((units * nanosPerUnit) >>> 63);
        long nanos = Math.max(1, estimate - 1);
        while (units(nowNanos + nanos) - target < 0) {
            nanos++;
        }
        return nanos;
    }
}
