package io.nettoolkit.udp;

import java.time.Duration;

/**
 * What one connection has measured and done up to now.
 *
 * <p><b>Threading.</b> Immutable. All values were read at the same moment.
 *
 * @param path what is known of the path
 * @param sent what left
 * @param received what came
 */
public record RudpStats(Path path, Sent sent, Received received) {

    /**
     * What is known of the path.
     *
     * @param smoothedRtt smoothed round-trip time (RFC 9002 §5.3); before the first sample the configured initial one
     * @param rttVariation mean deviation of the round-trip time
     * @param minRtt shortest round trip seen; zero before the first sample
     * @param windowBytes congestion window
     * @param bytesInFlight bytes sent that are neither acknowledged nor given up for lost
     * @param pacingBytesPerSecond the rate packets are spread at
     * @param deliveryBytesPerSecond bytes a second that arrive at the peer, by its acknowledgements, over about the last
     *     busy round trip; 0 before that is known
     * @param congestionEvents times the window was reduced because of loss
     * @param undoneCongestionEvents of these, the ones taken back because nothing was lost after all
     * @param probeTimeouts times nothing was heard for a probe timeout
     */
    public record Path(
            Duration smoothedRtt,
            Duration rttVariation,
            Duration minRtt,
            long windowBytes,
            long bytesInFlight,
            long pacingBytesPerSecond,
            long deliveryBytesPerSecond,
            long congestionEvents,
            long undoneCongestionEvents,
            long probeTimeouts) {}

    /**
     * What left.
     *
     * @param datagrams datagrams
     * @param bytes their bytes, headers of ours included
     * @param lost packets declared lost
     * @param spurious of these, the ones acknowledged later
     * @param retransmittedBytes bytes of messages sent again
     * @param messages messages begun
     * @param acknowledged reliable messages the peer has whole
     * @param givenUp messages superseded, past their deadline, or dropped when the connection ended
     * @param queuedBytes bytes of messages written and not yet sent for the first time
     * @param unacknowledgedBytes bytes of reliable messages held until they are acknowledged, queued ones included
     */
    public record Sent(
            long datagrams,
            long bytes,
            long lost,
            long spurious,
            long retransmittedBytes,
            long messages,
            long acknowledged,
            long givenUp,
            long queuedBytes,
            long unacknowledgedBytes) {}

    /**
     * What came.
     *
     * @param datagrams datagrams that were genuine
     * @param bytes their bytes
     * @param duplicates of these, packets that had come before
     * @param invalid datagrams dropped: truncated, corrupt, forged, not for this connection
     * @param messages messages handed over
     * @param messageBytes their bytes
     * @param dropped unreliable messages dropped: late, incomplete, or not read in time
     * @param bufferedBytes bytes held in messages that are incomplete, wait for an earlier one, or were not read
     */
    public record Received(
            long datagrams,
            long bytes,
            long duplicates,
            long invalid,
            long messages,
            long messageBytes,
            long dropped,
            long bufferedBytes) {}
}
