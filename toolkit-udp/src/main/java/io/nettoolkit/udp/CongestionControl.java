package io.nettoolkit.udp;

import io.nettoolkit.udp.internal.congestion.Cubic;
import io.nettoolkit.udp.internal.congestion.FixedRate;
import io.nettoolkit.udp.internal.congestion.NewReno;

/**
 * How fast to send: makes one {@link Controller} for each connection.
 *
 * <pre>{@code
 * RudpConfig.wan(security).toBuilder().congestionControl(CongestionControl.newReno()).build();
 * }</pre>
 *
 * <p><b>Threading.</b> An implementation is shared by connections on many threads; a controller belongs to one
 * connection and is called on its loop, never twice at a time.
 *
 * <p><b>Failure.</b> A controller that throws ends its connection.
 *
 * <p><b>Sources.</b> RFC 9002 §7 (NewReno), RFC 9438 (CUBIC), RFC 9406 (HyStart++), RFC 6937 (PRR).
 */
@FunctionalInterface
public interface CongestionControl {

    /** A controller for a new connection on this path. */
    Controller newController(Path path);

    /** NewReno as QUIC has it: halves on loss, grows by one packet a round trip. Yields to everybody else. */
    static CongestionControl newReno() {
        return NewReno.FACTORY;
    }

    /** CUBIC with HyStart++ and PRR: what TCP uses nearly everywhere. The default. */
    static CongestionControl cubic() {
        return Cubic.FACTORY;
    }

    /**
     * A constant rate, whatever is lost. For closed networks whose capacity is known: on a shared path it starves the
     * others and then itself.
     *
     * @param bytesPerSecond datagram bytes a second, at least 1,000
     */
    static CongestionControl fixedRate(long bytesPerSecond) {
        return FixedRate.factory(bytesPerSecond);
    }

    /** What a controller may ask about its connection. Times are nanoseconds of one clock with an arbitrary origin. */
    interface Path {
        /** Bytes of one full datagram. */
        int datagramBytes();

        /** Bytes sent and neither acknowledged nor lost, at this moment. */
        long bytesInFlight();

        /** Smoothed round-trip time in nanoseconds. */
        long smoothedRttNanos();

        /** The latest sample in nanoseconds; 0 before the first. */
        long latestRttNanos();

        /** The shortest sample in nanoseconds; 0 before the first. */
        long minRttNanos();

        /** Whether the connection could not fill the window, so that its acknowledgements say nothing about room. */
        boolean isApplicationLimited();
    }

    /** The congestion controller of one connection. */
    interface Controller {
        /** A packet that counts towards the window was sent. */
        void onSent(long nowNanos, long packetNumber, int bytes);

        /**
         * Packets were newly acknowledged. Called once for an acknowledgement, after {@link #onLost} where that also
         * showed losses, with the acknowledged bytes already out of {@link Path#bytesInFlight()}.
         *
         * @param bytes bytes newly acknowledged
         * @param largest the largest packet number among them
         * @param largestSentNanos when that was sent
         */
        void onAcknowledged(long nowNanos, long bytes, long largest, long largestSentNanos);

        /**
         * Packets were declared lost, their bytes already out of {@link Path#bytesInFlight()}.
         *
         * @param bytes bytes lost
         * @param largest the largest packet number among them
         * @return whether this began a new congestion event, not one more loss of the last
         */
        boolean onLost(long nowNanos, long bytes, long largest);

        /** Every packet whose loss began or belonged to the last congestion event arrived after all. */
        void onSpuriousLoss(long nowNanos);

        /** Nothing got through for so long that all that was known is void (RFC 9002 §7.6). */
        void onPersistentCongestion();

        /** The most bytes that may be in flight. */
        long windowBytes();

        /** The rate to spread packets at, in bytes a second. */
        long pacingBytesPerSecond();
    }
}
