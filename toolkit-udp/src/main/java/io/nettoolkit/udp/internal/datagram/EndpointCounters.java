package io.nettoolkit.udp.internal.datagram;

import java.util.concurrent.atomic.AtomicLong;

/** What an endpoint counts. All but the refusals and the callbacks are written by its event loop alone. */
final class EndpointCounters {

    final AtomicLong received = new AtomicLong();
    final AtomicLong receivedBytes = new AtomicLong();
    final AtomicLong oversized = new AtomicLong();
    final AtomicLong overflowed = new AtomicLong();
    final AtomicLong receiveFailures = new AtomicLong();
    final AtomicLong sent = new AtomicLong();
    final AtomicLong sentBytes = new AtomicLong();
    final AtomicLong sendFailures = new AtomicLong();
    /** Any thread. */
    final AtomicLong refusedSends = new AtomicLong();

    /** On the loop, which is the only one to write. */
    static void add(AtomicLong counter, long amount) {
        counter.setOpaque(counter.getPlain() + amount);
    }
}
