package io.nettoolkit.pool;

import io.nettoolkit.core.Backoff;
import java.time.Duration;
import java.util.List;
import java.util.Objects;

/**
 * How the pool of one host behaves; a pool of many hosts has one for all of them. Immutable and comparable.
 *
 * <p><b>Threading.</b> Share freely; a builder belongs to one thread.
 */
public final class PoolConfig {

    private final int minIdle;
    private final int maxSize;
    private final int maxPending;
    private final Duration connectTimeout;
    private final int maxConnecting;
    private final int connectsPerSecond;
    private final Backoff connectBackoff;
    private final Duration idleTimeout;
    private final Duration maxLifetime;
    private final Duration validateAfterIdle;
    private final Duration probeInterval;
    private final Duration validationTimeout;
    private final boolean idleGuard;
    private final boolean barging;
    private final boolean exactLeases;
    private final Duration leakDetection;

    private PoolConfig(Builder builder) {
        minIdle = builder.minIdle;
        maxSize = builder.maxSize;
        maxPending = builder.maxPending;
        connectTimeout = builder.connectTimeout;
        maxConnecting = builder.maxConnecting;
        connectsPerSecond = builder.connectsPerSecond;
        connectBackoff = builder.connectBackoff;
        idleTimeout = builder.idleTimeout;
        maxLifetime = builder.maxLifetime;
        validateAfterIdle = builder.validateAfterIdle;
        probeInterval = builder.probeInterval;
        validationTimeout = builder.validationTimeout;
        idleGuard = builder.idleGuard;
        barging = builder.barging;
        exactLeases = builder.exactLeases;
        leakDetection = builder.leakDetection;
    }

    /** The defaults. */
    public static PoolConfig defaults() {
        return builder().build();
    }

    /** Begins with the defaults. */
    public static Builder builder() {
        return new Builder();
    }

    /** Begins with these values. */
    public Builder toBuilder() {
        Builder builder = new Builder();
        builder.minIdle = minIdle;
        builder.maxSize = maxSize;
        builder.maxPending = maxPending;
        builder.connectTimeout = connectTimeout;
        builder.maxConnecting = maxConnecting;
        builder.connectsPerSecond = connectsPerSecond;
        builder.connectBackoff = connectBackoff;
        builder.idleTimeout = idleTimeout;
        builder.maxLifetime = maxLifetime;
        builder.validateAfterIdle = validateAfterIdle;
        builder.probeInterval = probeInterval;
        builder.validationTimeout = validationTimeout;
        builder.idleGuard = idleGuard;
        builder.barging = barging;
        builder.exactLeases = exactLeases;
        builder.leakDetection = leakDetection;
        return builder;
    }

    /** See {@link Builder#minIdle}. */
    public int minIdle() {
        return minIdle;
    }

    /** See {@link Builder#maxSize}. */
    public int maxSize() {
        return maxSize;
    }

    /** See {@link Builder#maxPending}. */
    public int maxPending() {
        return maxPending;
    }

    /** See {@link Builder#connectTimeout}. */
    public Duration connectTimeout() {
        return connectTimeout;
    }

    /** See {@link Builder#maxConnecting}. */
    public int maxConnecting() {
        return maxConnecting;
    }

    /** See {@link Builder#connectsPerSecond}. */
    public int connectsPerSecond() {
        return connectsPerSecond;
    }

    /** See {@link Builder#connectBackoff}. */
    public Backoff connectBackoff() {
        return connectBackoff;
    }

    /** See {@link Builder#idleTimeout}. */
    public Duration idleTimeout() {
        return idleTimeout;
    }

    /** See {@link Builder#maxLifetime}. */
    public Duration maxLifetime() {
        return maxLifetime;
    }

    /** See {@link Builder#validateAfterIdle}. */
    public Duration validateAfterIdle() {
        return validateAfterIdle;
    }

    /** See {@link Builder#probeInterval}. */
    public Duration probeInterval() {
        return probeInterval;
    }

    /** See {@link Builder#validationTimeout}. */
    public Duration validationTimeout() {
        return validationTimeout;
    }

    /** See {@link Builder#idleGuard}. */
    public boolean idleGuard() {
        return idleGuard;
    }

    /** See {@link Builder#barging}. */
    public boolean barging() {
        return barging;
    }

    /** See {@link Builder#exactLeases}. */
    public boolean exactLeases() {
        return exactLeases;
    }

    /** See {@link Builder#leakDetection}. */
    public Duration leakDetection() {
        return leakDetection;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof PoolConfig that && that.values().equals(values());
    }

    @Override
    public int hashCode() {
        return values().hashCode();
    }

    private List<Object> values() {
        return List.of(
                minIdle,
                maxSize,
                maxPending,
                connectTimeout,
                maxConnecting,
                connectsPerSecond,
                connectBackoff,
                idleTimeout,
                maxLifetime,
                validateAfterIdle,
                probeInterval,
                validationTimeout,
                idleGuard,
                barging,
                exactLeases,
                leakDetection);
    }

    @Override
    public String toString() {
        return "PoolConfig[minIdle=" + minIdle + ", maxSize=" + maxSize + ", maxPending=" + maxPending
                + ", connectTimeout=" + connectTimeout + ", maxConnecting=" + maxConnecting + ", connectsPerSecond="
                + connectsPerSecond + ", connectBackoff=" + connectBackoff + ", idleTimeout=" + idleTimeout
                + ", maxLifetime=" + maxLifetime + ", validateAfterIdle=" + validateAfterIdle + ", probeInterval="
                + probeInterval + ", validationTimeout=" + validationTimeout + ", idleGuard=" + idleGuard + ", barging="
                + barging + ", exactLeases=" + exactLeases + ", leakDetection=" + leakDetection + "]";
    }

    /** Puts a configuration together. Not thread-safe. */
    public static final class Builder {

        private static final int MAX_SIZE = 1 << 16;
        private static final Backoff DEFAULT_BACKOFF = Backoff.exponential(Duration.ofMillis(50), Duration.ofSeconds(5))
                .withJitter(1);
        private static final Duration LONGEST = Duration.ofDays(365);

        private int minIdle;
        private int maxSize = 16;
        private int maxPending = 1024;
        private Duration connectTimeout = Duration.ofSeconds(15);
        private int maxConnecting = 8;
        private int connectsPerSecond = 500;
        private Backoff connectBackoff = DEFAULT_BACKOFF;
        private Duration idleTimeout = Duration.ofSeconds(55);
        private Duration maxLifetime = Duration.ofMinutes(30);
        private Duration validateAfterIdle = Duration.ofMillis(500);
        private Duration probeInterval = Duration.ofSeconds(30);
        private Duration validationTimeout = Duration.ofSeconds(1);
        private boolean idleGuard = true;
        private boolean barging;
        private boolean exactLeases;
        private Duration leakDetection = Duration.ZERO;

        private Builder() {}

        /** How many connections are kept ready beyond those in use, as far as {@code maxSize} allows. Default 0. */
        public Builder minIdle(int connections) {
            minIdle = atLeast("minIdle", connections, 0);
            return this;
        }

        /** How many connections there are at most, being opened and being closed included; 1 to 65,536. Default 16. */
        public Builder maxSize(int connections) {
            maxSize = between("maxSize", connections, 1, MAX_SIZE);
            return this;
        }

        /**
         * How many callers may wait at most, 1 or more; one more is refused with PENDING_LIMIT. Default
         * 1,024.
         */
        public Builder maxPending(int callers) {
            maxPending = atLeast("maxPending", callers, 1);
            return this;
        }

        /**
         * How long one connect may take, the connector's name lookup, TLS and login included; more than zero. Its place is free
         * again then, whatever the connector does. Default 15 s.
         */
        public Builder connectTimeout(Duration timeout) {
            connectTimeout = positive("connectTimeout", timeout);
            return this;
        }

        /**
         * How many connects may be under way at once, 1 or more. The pool begins with two and goes further while many wait and
         * connects succeed. Default 8.
         */
        public Builder maxConnecting(int connects) {
            maxConnecting = atLeast("maxConnecting", connects, 1);
            return this;
        }

        /** How many connects may begin per second, in bursts of a tenth of that. 0: as many as there are. Default 500. */
        public Builder connectsPerSecond(int connects) {
            connectsPerSecond = atLeast("connectsPerSecond", connects, 0);
            return this;
        }

        /**
         * How long to wait after failed connects; {@link Backoff#STOP} is taken as the wait before. Default 50 ms, doubling up to
         * 5 s, with full jitter.
         */
        public Builder connectBackoff(Backoff backoff) {
            connectBackoff = Objects.requireNonNull(backoff, "connectBackoff: must not be null");
            return this;
        }

        /**
         * How long a connection may be idle before it is closed, down to {@code minIdle}; the default stays below the 60 s of
         * common load balancers. 0: for ever. Default 55 s.
         */
        public Builder idleTimeout(Duration timeout) {
            idleTimeout = nonNegative("idleTimeout", timeout);
            return this;
        }

        /**
         * How old a connection may become; each one gets up to a tenth less, by chance, so that they do not end together, and no
         * more than a twentieth of them (one at least) end of age in a second. One in use is closed when it is released. 0: as
         * old as it likes. Default 30 min.
         */
        public Builder maxLifetime(Duration lifetime) {
            maxLifetime = nonNegative("maxLifetime", lifetime);
            return this;
        }

        /**
         * How long a connection may be idle and still be handed out without a health check. 0: every one is checked. Means nothing
         * without a {@link HealthCheck}. Default 500 ms.
         */
        public Builder validateAfterIdle(Duration idle) {
            validateAfterIdle = nonNegative("validateAfterIdle", idle);
            return this;
        }

        /**
         * How often an idle connection is checked in the background. 0: never. Means nothing without a {@link HealthCheck}.
         * Default 30 s.
         */
        public Builder probeInterval(Duration interval) {
            probeInterval = nonNegative("probeInterval", interval);
            return this;
        }

        /** How long a health check may take, more than zero. Default 1 s. */
        public Builder validationTimeout(Duration timeout) {
            validationTimeout = positive("validationTimeout", timeout);
            return this;
        }

        /**
         * Whether a connection that receives bytes while nobody uses it is closed, because nobody could tell to which answer they
         * belong. Turn it off where the protocol talks while idle, such as with heartbeats. Default true.
         */
        public Builder idleGuard(boolean guard) {
            idleGuard = guard;
            return this;
        }

        /**
         * Whether {@code tryAcquire} and {@code acquire} may take a connection that is idle although others have waited longer.
         * Threads that wait are then woken to take one by themselves, and callers on event loops are handed the connections of
         * their own loop, which saves most switches between threads where connections are used for a short time. A thread that
         * others were faster than four times, and a caller that was passed over four times while it was the first in line, are
         * handed the next. Default false: strictly first come, first served.
         */
        public Builder barging(boolean barging) {
            this.barging = barging;
            return this;
        }

        /**
         * Whether each lease is an object of its own, so that a second release is always recognised; see {@link Lease}. Default
         * false; leak detection turns it on.
         */
        public Builder exactLeases(boolean exact) {
            exactLeases = exact;
            return this;
        }

        /**
         * How long a lease may last before it is reported, once, with the stack that acquired it; a lease that was lost to the
         * garbage collector is reported and its connection closed. Costs a stack trace per acquire. 0: off. Default 0.
         */
        public Builder leakDetection(Duration longest) {
            leakDetection = nonNegative("leakDetection", longest);
            return this;
        }

        /** The configuration. */
        public PoolConfig build() {
            if (minIdle > maxSize) {
                throw new IllegalArgumentException(
                        "minIdle: " + minIdle + " (must be at most maxSize, which is " + maxSize + ")");
            }
            return new PoolConfig(this);
        }

        private static int atLeast(String name, int value, int least) {
            if (value < least) {
                throw new IllegalArgumentException(name + ": " + value + " (must be " + least + " or more)");
            }
            return value;
        }

        private static int between(String name, int value, int least, int most) {
            if (value < least || value > most) {
                throw new IllegalArgumentException(name + ": " + value + " (must be " + least + " to " + most + ")");
            }
            return value;
        }

        private static Duration positive(String name, Duration value) {
            if (nonNegative(name, value).isZero()) {
                throw new IllegalArgumentException(name + ": " + value + " (must be more than zero)");
            }
            return value;
        }

        private static Duration nonNegative(String name, Duration value) {
            Objects.requireNonNull(value, name + ": must not be null");
            if (value.isNegative() || value.compareTo(LONGEST) > 0) {
                throw new IllegalArgumentException(name + ": " + value + " (must be zero to 365 days)");
            }
            return value;
        }
    }
}
