package io.nettoolkit.udp.internal.channel;

import io.nettoolkit.udp.RudpStats.Received;
import io.nettoolkit.udp.RudpStats.Sent;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/**
 * The connections of one loop, and what those that are gone did. The loop writes; whoever reads while a connection goes reads
 * again, so that each counts once.
 */
public final class ConnectionSet {

    private static final int MOST_ATTEMPTS = 100;

    private final Set<ConnectionChannel> live = ConcurrentHashMap.newKeySet();
    private volatile Sums gone = Sums.NONE;
    /** Odd while a connection goes. */
    private volatile long version;

    /** How many there are, and what they and those before them did. */
    public record Sums(int live, Sent sent, Received received) {

        /** Of no connection at all. */
        public static final Sums NONE =
                new Sums(0, new Sent(0, 0, 0, 0, 0, 0, 0, 0, 0, 0), new Received(0, 0, 0, 0, 0, 0, 0, 0));

        /** Both together. */
        public Sums plus(Sums other) {
            return new Sums(live + other.live, plus(sent, other.sent), plus(received, other.received));
        }

        Sums plus(ConnectionChannel channel) {
            return new Sums(
                    live + 1,
                    plus(sent, channel.stats().sent()),
                    plus(received, channel.stats().received()));
        }

        /** Both together. */
        public static Sent plus(Sent a, Sent b) {
            return new Sent(
                    a.datagrams() + b.datagrams(),
                    a.bytes() + b.bytes(),
                    a.lost() + b.lost(),
                    a.spurious() + b.spurious(),
                    a.retransmittedBytes() + b.retransmittedBytes(),
                    a.messages() + b.messages(),
                    a.acknowledged() + b.acknowledged(),
                    a.givenUp() + b.givenUp(),
                    a.queuedBytes() + b.queuedBytes(),
                    a.unacknowledgedBytes() + b.unacknowledgedBytes());
        }

        /** Both together. */
        public static Received plus(Received a, Received b) {
            return new Received(
                    a.datagrams() + b.datagrams(),
                    a.bytes() + b.bytes(),
                    a.duplicates() + b.duplicates(),
                    a.invalid() + b.invalid(),
                    a.messages() + b.messages(),
                    a.messageBytes() + b.messageBytes(),
                    a.dropped() + b.dropped(),
                    a.bufferedBytes() + b.bufferedBytes());
        }
    }

    /** A connection begins. On the loop. */
    public void add(ConnectionChannel channel) {
        live.add(channel);
    }

    /** A connection is gone. On the loop. */
    @SuppressWarnings("NonAtomicVolatileUpdate") // one loop writes
    public void remove(ConnectionChannel channel) {
        version++;
        if (live.remove(channel)) {
            Sums sum = gone.plus(channel);
            gone = new Sums(0, sum.sent(), sum.received());
        }
        version++;
    }

    /** Those there are. Any thread. */
    public void forEach(Consumer<ConnectionChannel> action) {
        live.forEach(action);
    }

    /** What all of them did. Any thread. */
    public Sums sums() {
        for (int attempt = 1; ; attempt++) {
            long before = version;
            Sums sums = gone;
            for (ConnectionChannel channel : live) {
                sums = sums.plus(channel);
            }
            if (((before & 1) == 0 && version == before) || attempt == MOST_ATTEMPTS) {
                return sums;
            }
        }
    }
}
