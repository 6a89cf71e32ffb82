package io.nettoolkit.tcp;

import java.time.Duration;
import java.util.Objects;

/**
 * How long a connection may take over each of its steps. Immutable and comparable.
 *
 * <p>The deadlines of established connections are checked by one sweep per event loop, which may notice them up to about
 * 70 ms late and never early.
 *
 * <p><b>Threading.</b> Share freely; a builder belongs to one thread.
 *
 * <p><b>Failure.</b> Each timeout names the {@link io.nettoolkit.core.NetFailure.Kind} it ends a connection with.
 */
public final class Timeouts {

    private final Duration connectAddress;
    private final Duration tlsHandshake;
    private final Duration firstFrame;
    private final Duration wholeFrame;
    private final Duration readIdle;
    private final Duration writeStall;
    private final Duration linger;

    private Timeouts(Builder builder) {
        connectAddress = builder.connectAddress;
        tlsHandshake = builder.tlsHandshake;
        firstFrame = builder.firstFrame;
        wholeFrame = builder.wholeFrame;
        readIdle = builder.readIdle;
        writeStall = builder.writeStall;
        linger = builder.linger;
    }

    /** What servers use when nothing is given: the defaults, with first frame 10 s and read idle 5 min. */
    public static Timeouts forServers() {
        return builder()
                .firstFrame(Duration.ofSeconds(10))
                .readIdle(Duration.ofMinutes(5))
                .build();
    }

    /** What clients use when nothing is given: the defaults. */
    public static Timeouts forClients() {
        return builder().build();
    }

    /** Begins with the defaults. */
    public static Builder builder() {
        return new Builder();
    }

    /** Begins with these values. */
    public Builder toBuilder() {
        Builder builder = new Builder();
        builder.connectAddress = connectAddress;
        builder.tlsHandshake = tlsHandshake;
        builder.firstFrame = firstFrame;
        builder.wholeFrame = wholeFrame;
        builder.readIdle = readIdle;
        builder.writeStall = writeStall;
        builder.linger = linger;
        return builder;
    }

    /** See {@link Builder#connectAddress}. */
    public Duration connectAddress() {
        return connectAddress;
    }

    /** See {@link Builder#tlsHandshake}. */
    public Duration tlsHandshake() {
        return tlsHandshake;
    }

    /** See {@link Builder#firstFrame}. */
    public Duration firstFrame() {
        return firstFrame;
    }

    /** See {@link Builder#wholeFrame}. */
    public Duration wholeFrame() {
        return wholeFrame;
    }

    /** See {@link Builder#readIdle}. */
    public Duration readIdle() {
        return readIdle;
    }

    /** See {@link Builder#writeStall}. */
    public Duration writeStall() {
        return writeStall;
    }

    /** See {@link Builder#linger}. */
    public Duration linger() {
        return linger;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Timeouts that
                && that.connectAddress.equals(connectAddress)
                && that.tlsHandshake.equals(tlsHandshake)
                && that.firstFrame.equals(firstFrame)
                && that.wholeFrame.equals(wholeFrame)
                && that.readIdle.equals(readIdle)
                && that.writeStall.equals(writeStall)
                && that.linger.equals(linger);
    }

    @Override
    public int hashCode() {
        return Objects.hash(connectAddress, tlsHandshake, firstFrame, wholeFrame, readIdle, writeStall, linger);
    }

    @Override
    public String toString() {
        return "Timeouts[connectAddress=" + connectAddress + ", tlsHandshake=" + tlsHandshake + ", firstFrame="
                + firstFrame + ", wholeFrame=" + wholeFrame + ", readIdle=" + readIdle + ", writeStall=" + writeStall
                + ", linger=" + linger + "]";
    }

    /** Puts timeouts together. In every setter zero means: no such timeout. */
    public static final class Builder {
        private Duration connectAddress = Duration.ofSeconds(5);
        private Duration tlsHandshake = Duration.ofSeconds(10);
        private Duration firstFrame = Duration.ZERO;
        private Duration wholeFrame = Duration.ofSeconds(30);
        private Duration readIdle = Duration.ZERO;
        private Duration writeStall = Duration.ofSeconds(30);
        private Duration linger = Duration.ofSeconds(5);

        private Builder() {}

        /**
         * A client's attempt to reach one address, before it tries the next; the caller's deadline limits all of them
         * together. Ends in CONNECT_TIMEOUT. Default 5 s.
         */
        public Builder connectAddress(Duration timeout) {
            connectAddress = checked("connectAddress", timeout);
            return this;
        }

        /** From the connection to the end of the TLS handshake. Ends in TLS_TIMEOUT. Default 10 s. */
        public Builder tlsHandshake(Duration timeout) {
            tlsHandshake = checked("tlsHandshake", timeout);
            return this;
        }

        /**
         * From the open connection to the end of its first frame. Ends in FRAME_TIMEOUT. Default 10 s on servers, none
         * on clients.
         */
        public Builder firstFrame(Duration timeout) {
            firstFrame = checked("firstFrame", timeout);
            return this;
        }

        /** From the first byte of a frame to its last, however the bytes trickle. Ends in FRAME_TIMEOUT. Default 30 s. */
        public Builder wholeFrame(Duration timeout) {
            wholeFrame = checked("wholeFrame", timeout);
            return this;
        }

        /** Without a byte from the peer. Ends in IDLE_TIMEOUT. Default 5 min on servers, none on clients. */
        public Builder readIdle(Duration timeout) {
            readIdle = checked("readIdle", timeout);
            return this;
        }

        /**
         * With something to write of which the peer takes not one byte; noticed up to a quarter late. Ends in
         * WRITE_TIMEOUT. Default 30 s.
         */
        public Builder writeStall(Duration timeout) {
            writeStall = checked("writeStall", timeout);
            return this;
        }

        /**
         * How long an orderly close waits for the peer to close too, after everything was written and FIN was sent: this
         * long without a byte from it, and ten times this long in all. Ends the wait, not with a failure. Zero closes
         * at once. Default 5 s.
         */
        public Builder linger(Duration timeout) {
            linger = checked("linger", timeout);
            return this;
        }

        /** The timeouts. */
        public Timeouts build() {
            return new Timeouts(this);
        }

        private static Duration checked(String name, Duration value) {
            Objects.requireNonNull(value, () -> name + ": must not be null");
            if (value.isNegative() || value.compareTo(Duration.ofDays(365)) > 0) {
                throw new IllegalArgumentException(name + ": " + value + " (must be between 0 and 365 days)");
            }
            return value;
        }
    }
}
