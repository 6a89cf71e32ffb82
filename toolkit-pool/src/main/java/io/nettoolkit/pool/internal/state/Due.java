package io.nettoolkit.pool.internal.state;

/** The earliest of some times; compares by difference, since clocks may wrap. */
final class Due {

    private boolean isSet;
    private long atNanos;

    void clear() {
        isSet = false;
    }

    void by(long nanos) {
        if (!isSet || nanos - atNanos < 0) {
            atNanos = nanos;
            isSet = true;
        }
    }

    void by(Due other) {
        if (other.isSet) {
            by(other.atNanos);
        }
    }

    boolean isSet() {
        return isSet;
    }

    long atNanos() {
        return atNanos;
    }

    boolean isReached(long nowNanos) {
        return isSet && nowNanos - atNanos >= 0;
    }
}
