package io.nettoolkit.resilience.internal.breaker;

import io.nettoolkit.core.Backoff;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.resilience.internal.Check;
import io.nettoolkit.resilience.internal.breaker.BreakerCore.Refusals;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.ThreadLocalRandom;
import java.util.random.RandomGenerator;

/**
 * The options of a breaker that have rules, with their defaults. What each means stands at the public builder.
 *
 * <p>Threading: of one thread.
 */
public final class BreakerOptions {

    /** A thread-safe source of random numbers. */
    public static final RandomGenerator THREAD_LOCAL_RANDOM =
            () -> ThreadLocalRandom.current().nextLong();

    private static final Duration SHORTEST_WINDOW = Duration.ofMillis(100);
    private static final Duration LONGEST_WINDOW = Duration.ofMinutes(10);
    private static final Duration SHORTEST_TIME = Duration.ofMillis(1);
    private static final Duration LONGEST_TIME = Duration.ofDays(1);
    private static final int DEFAULT_MINIMUM_CALLS = 20;

    private Duration window = Duration.ofSeconds(10);
    private int countWindow;
    private int minimumCalls;
    private double failureRate = 0.5;
    private Duration slowThreshold = Duration.ZERO;
    private double slowRate = Thresholds.OFF;
    private int consecutiveFailures;
    private int halfOpenProbes = 3;
    private Duration probeLease = Duration.ofSeconds(30);
    private Duration initialOpenTime = Duration.ofSeconds(5);
    private Duration maxOpenTime = Duration.ofMinutes(1);
    private double jitter = 0.2;
    private boolean shadow;

    /** A time window. */
    public void window(Duration value) {
        window = between("window", value, SHORTEST_WINDOW, LONGEST_WINDOW);
        countWindow = 0;
    }

    /** A count window. */
    public void countWindow(int value) {
        countWindow = (int) Check.between("countWindow", value, 1, CountWindow.MOST_CALLS);
    }

    /** Results before shares count. */
    public void minimumCalls(int value) {
        minimumCalls = Check.atLeast("minimumCalls", value, 1);
    }

    /** Share of failures. */
    public void failureRate(double value) {
        failureRate = Check.share("failureRate", value);
    }

    /** Share of slow calls. */
    public void slowCalls(Duration threshold, double share) {
        Check.positiveNanos("threshold", threshold);
        slowRate = Check.share("share", share);
        slowThreshold = threshold;
    }

    /** Failures in a row. */
    public void consecutiveFailures(int value) {
        consecutiveFailures = Check.atLeast("consecutiveFailures", value, 0);
    }

    /** Probes. */
    public void halfOpenProbes(int value) {
        halfOpenProbes = (int) Check.between("halfOpenProbes", value, 1, BreakerWord.MOST_PROBES);
    }

    /** Lease of a probe. */
    public void probeLease(Duration value) {
        probeLease = between("probeLease", value, SHORTEST_TIME, LONGEST_TIME);
    }

    /** Open time. */
    public void openTime(Duration initial, Duration max) {
        between("initial", initial, SHORTEST_TIME, LONGEST_TIME);
        between("max", max, SHORTEST_TIME, LONGEST_TIME);
        if (max.compareTo(initial) < 0) {
            throw new IllegalArgumentException("max: " + max + " (must be at least initial, which is " + initial + ")");
        }
        initialOpenTime = initial;
        maxOpenTime = max;
    }

    /** Jitter of the open time. */
    public void jitter(double fraction) {
        if (!(fraction >= 0 && fraction <= 1)) {
            throw new IllegalArgumentException("fraction: " + fraction + " (must be 0 to 1)");
        }
        jitter = fraction;
    }

    /** Shadow mode. */
    public void shadow(boolean value) {
        shadow = value;
    }

    /** Throws where options contradict each other. */
    public void check() {
        if (countWindow > 0 && minimumCalls > countWindow) {
            throw new IllegalArgumentException("minimumCalls: " + minimumCalls
                    + " (must be at most countWindow, which is " + countWindow + ": no window would ever hold enough)");
        }
    }

    /** A breaker with these options. */
    public BreakerCore newCore(Transitions.Sink sink, RandomGenerator random, TimeSource timeSource) {
        Thresholds thresholds = new Thresholds(minimumCalls(), failureRate, slowRate);
        BreakerRules rules = new BreakerRules(halfOpenProbes, probeLease.toNanos(), maxOpenTime.toNanos(), thresholds);
        Backoff openTime = Backoff.exponential(initialOpenTime, maxOpenTime).withJitter(jitter);
        BreakerCore.Parts parts = new BreakerCore.Parts(rules, openTime, random, timeSource);
        parts.windowCalls = countWindow;
        parts.windowNanos = window.toNanos();
        parts.consecutiveFailures = consecutiveFailures;
        parts.slowNanos = slowRate == Thresholds.OFF ? Long.MAX_VALUE : slowThreshold.toNanos();
        parts.refusals = shadow ? Refusals.SHADOW : Refusals.REAL;
        return new BreakerCore(parts, sink);
    }

    private int minimumCalls() {
        if (minimumCalls > 0) {
            return minimumCalls;
        }
        return countWindow > 0 ? Math.min(countWindow, DEFAULT_MINIMUM_CALLS) : DEFAULT_MINIMUM_CALLS;
    }

    private static Duration between(String name, Duration value, Duration least, Duration most) {
        Objects.requireNonNull(value, name + ": must not be null");
        if (value.compareTo(least) < 0 || value.compareTo(most) > 0) {
            throw new IllegalArgumentException(name + ": " + value + " (must be " + least + " to " + most + ")");
        }
        return value;
    }

    @Override
    public String toString() {
        return (countWindow > 0 ? "countWindow=" + countWindow : "window=" + window)
                + ", minimumCalls=" + minimumCalls()
                + ", failureRate=" + failureRate
                + (slowRate == Thresholds.OFF ? "" : ", slowCalls=" + slowThreshold + " in " + slowRate)
                + (consecutiveFailures == 0 ? "" : ", consecutiveFailures=" + consecutiveFailures)
                + ", halfOpenProbes=" + halfOpenProbes
                + ", probeLease=" + probeLease
                + ", openTime=" + initialOpenTime + " to " + maxOpenTime
                + ", jitter=" + jitter
                + (shadow ? ", shadow" : "");
    }
}
