package io.nettoolkit.udp.internal.connection;

import io.nettoolkit.udp.RudpStats;
import io.nettoolkit.udp.internal.delivery.Inbox;
import io.nettoolkit.udp.internal.delivery.Outbox;
import io.nettoolkit.udp.internal.recovery.LossRecovery;
import java.time.Duration;

/** Counts datagrams, and puts the statistics together. */
final class Traffic {

    private long sentDatagrams;
    private long sentBytes;
    private long receivedDatagrams;
    private long receivedBytes;
    long duplicates;
    long invalid;

    void onSent(int bytes) {
        if (bytes > 0) {
            sentDatagrams++;
            sentBytes += bytes;
        }
    }

    void onReceived(int bytes) {
        receivedDatagrams++;
        receivedBytes += bytes;
    }

    RudpStats stats(LossRecovery recovery, Outbox outbox, Inbox inbox) {
        RudpStats.Path path = new RudpStats.Path(
                Duration.ofNanos(recovery.smoothedRttNanos()),
                Duration.ofNanos(recovery.rtt().variationNanos()),
                Duration.ofNanos(recovery.minRttNanos()),
                recovery.controller().windowBytes(),
                recovery.bytesInFlight(),
                recovery.controller().pacingBytesPerSecond(),
                recovery.deliveryBytesPerSecond(),
                recovery.congestionEvents(),
                recovery.undoneEvents(),
                recovery.probeTimeouts());
        RudpStats.Sent sent = new RudpStats.Sent(
                sentDatagrams,
                sentBytes,
                recovery.lostPackets(),
                recovery.spuriousPackets(),
                outbox.retransmittedBytes(),
                outbox.sentMessages(),
                outbox.acknowledgedMessages(),
                outbox.droppedMessages(),
                outbox.queuedBytes(),
                outbox.unsettledBytes());
        RudpStats.Received received = new RudpStats.Received(
                receivedDatagrams,
                receivedBytes,
                duplicates,
                invalid,
                inbox.readMessages(),
                inbox.readBytes(),
                inbox.dropped(),
                inbox.bufferedBytes());
        return new RudpStats(path, sent, received);
    }
}
