package io.nettoolkit.tcp;

import java.util.Objects;

/**
 * How much one server or client takes on. Immutable and comparable.
 *
 * <p><b>Threading.</b> Share freely; a builder belongs to one thread.
 */
public final class Limits {

    private static final Limits DEFAULTS = builder().build();

    private final int maxConnections;
    private final int maxConnectionsPerAddress;
    private final int acceptsPerSecond;
    private final int writeQueueBytes;

    private Limits(Builder builder) {
        maxConnections = builder.maxConnections;
        maxConnectionsPerAddress = builder.maxConnectionsPerAddress;
        acceptsPerSecond = builder.acceptsPerSecond;
        writeQueueBytes = builder.writeQueueBytes;
    }

    /** The limits that hold when none are given. */
    public static Limits defaults() {
        return DEFAULTS;
    }

    /** Begins with the defaults. */
    public static Builder builder() {
        return new Builder();
    }

    /** Begins with these values. */
    public Builder toBuilder() {
        Builder builder = new Builder();
        builder.maxConnections = maxConnections;
        builder.maxConnectionsPerAddress = maxConnectionsPerAddress;
        builder.acceptsPerSecond = acceptsPerSecond;
        builder.writeQueueBytes = writeQueueBytes;
        return builder;
    }

    /** See {@link Builder#maxConnections}. */
    public int maxConnections() {
        return maxConnections;
    }

    /** See {@link Builder#maxConnectionsPerAddress}. */
    public int maxConnectionsPerAddress() {
        return maxConnectionsPerAddress;
    }

    /** See {@link Builder#acceptsPerSecond}. */
    public int acceptsPerSecond() {
        return acceptsPerSecond;
    }

    /** See {@link Builder#writeQueueBytes}. */
    public int writeQueueBytes() {
        return writeQueueBytes;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Limits that
                && that.maxConnections == maxConnections
                && that.maxConnectionsPerAddress == maxConnectionsPerAddress
                && that.acceptsPerSecond == acceptsPerSecond
                && that.writeQueueBytes == writeQueueBytes;
    }

    @Override
    public int hashCode() {
        return Objects.hash(maxConnections, maxConnectionsPerAddress, acceptsPerSecond, writeQueueBytes);
    }

    @Override
    public String toString() {
        return "Limits[maxConnections=" + maxConnections + ", maxConnectionsPerAddress=" + maxConnectionsPerAddress
                + ", acceptsPerSecond=" + acceptsPerSecond + ", writeQueueBytes=" + writeQueueBytes + "]";
    }

    /** Puts limits together. */
    public static final class Builder {
        private int maxConnections = 100_000;
        private int maxConnectionsPerAddress;
        private int acceptsPerSecond;
        private int writeQueueBytes = 4 << 20;

        private Builder() {}

        /**
         * Connections a server holds at once; further ones are reset at accept and reported. Default 100,000; 0 for no
         * limit. Clients ignore it.
         */
        public Builder maxConnections(int connections) {
            maxConnections = atLeast("maxConnections", connections, 0);
            return this;
        }

        /**
         * Connections a server holds at once from one peer address (an IPv6 peer counts as its /64 network); further
         * ones are reset at accept and reported. Default 0: no limit. Clients ignore it.
         */
        public Builder maxConnectionsPerAddress(int connections) {
            maxConnectionsPerAddress = atLeast("maxConnectionsPerAddress", connections, 0);
            return this;
        }

        /**
         * Connections a server accepts in a second, with a burst of as many; when used up, it leaves further ones in the
         * kernel's backlog until the next is due. Default 0: no limit. Clients ignore it.
         */
        public Builder acceptsPerSecond(int connections) {
            acceptsPerSecond = atLeast("acceptsPerSecond", connections, 0);
            return this;
        }

        /**
         * Bytes queued for one connection that its peer has not taken; a frame that would exceed it is refused. Must
         * hold at least one frame of the framing's maximum. Default 4 MiB.
         */
        public Builder writeQueueBytes(int bytes) {
            writeQueueBytes = atLeast("writeQueueBytes", bytes, 1);
            return this;
        }

        /** The limits. */
        public Limits build() {
            return new Limits(this);
        }

        private static int atLeast(String name, int value, int floor) {
            if (value < floor) {
                throw new IllegalArgumentException(name + ": " + value + " (must be " + floor + " or more)");
            }
            return value;
        }
    }
}
