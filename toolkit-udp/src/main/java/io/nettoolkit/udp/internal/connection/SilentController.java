package io.nettoolkit.udp.internal.connection;

import io.nettoolkit.udp.CongestionControl;

/**
 * Stands in until a connection is established: nothing is sent that counts before. So the user's controller is made within
 * an event of its connection, and where that throws it ends no other; and a half-open connection has none.
 */
enum SilentController implements CongestionControl.Controller {
    INSTANCE;

    @Override
    public void onSent(long nowNanos, long packetNumber, int bytes) {}

    @Override
    public void onAcknowledged(long nowNanos, long bytes, long largest, long largestSentNanos) {}

    @Override
    public boolean onLost(long nowNanos, long bytes, long largest) {
        return false;
    }

    @Override
    public void onSpuriousLoss(long nowNanos) {}

    @Override
    public void onPersistentCongestion() {}

    @Override
    public long windowBytes() {
        return 0;
    }

    @Override
    public long pacingBytesPerSecond() {
        return 0;
    }
}
