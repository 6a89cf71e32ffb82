package io.nettoolkit.udp.internal.congestion;

import io.nettoolkit.udp.CongestionControl;

/** A path whose answers are set. */
final class FakePath implements CongestionControl.Path {

    static final long MS = 1_000_000;

    long bytesInFlight;
    long rttNanos = 100 * MS;
    boolean applicationLimited;

    @Override
    public int datagramBytes() {
        return 1000;
    }

    @Override
    public long bytesInFlight() {
        return bytesInFlight;
    }

    @Override
    public long smoothedRttNanos() {
        return rttNanos;
    }

    @Override
    public long latestRttNanos() {
        return rttNanos;
    }

    @Override
    public long minRttNanos() {
        return rttNanos;
    }

    @Override
    public boolean isApplicationLimited() {
        return applicationLimited;
    }
}
