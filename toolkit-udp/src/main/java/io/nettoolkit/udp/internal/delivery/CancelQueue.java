package io.nettoolkit.udp.internal.delivery;

import org.jspecify.annotations.Nullable;

/** Messages that were given up after they were begun, and of which the peer has to be told. Each holds a reference. */
final class CancelQueue {

    private @Nullable OutMessage first;
    private @Nullable OutMessage last;

    boolean isEmpty() {
        return first == null;
    }

    void add(OutMessage m) {
        if (m.inCancels) {
            return;
        }
        m.inCancels = true;
        m.references++;
        m.nextCancel = null;
        if (last == null) {
            first = m;
        } else {
            last.nextCancel = m;
        }
        last = m;
    }

    /** Takes the first one out; its reference is the caller's. Null for none. */
    @Nullable
    OutMessage poll() {
        OutMessage m = first;
        if (m != null) {
            first = m.nextCancel;
            last = first == null ? null : last;
            m.nextCancel = null;
            m.inCancels = false;
        }
        return m;
    }

    void clear() {
        first = null;
        last = null;
    }
}
