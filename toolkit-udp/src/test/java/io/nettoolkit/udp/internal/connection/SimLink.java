package io.nettoolkit.udp.internal.connection;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.Consumer;

/** One direction of a bad network. Faults are fields, to be set before use or in flight; all chance is seeded. */
final class SimLink {

    private final SimClock clock;
    private final SplittableRandom random;

    double loss;
    /** Gilbert and Elliott: chance to fall into, and to leave, a state in which half is lost. */
    double burstBegin;

    double burstEnd = 0.2;
    double duplicate;
    double reorder;
    double corrupt;
    double truncate;
    long delayNanos = 10 * SimClock.MILLIS;
    long jitterNanos;
    long reorderNanos = 30 * SimClock.MILLIS;
    /** 0 for unlimited. */
    long bytesPerSecond;

    long queueBytes = Long.MAX_VALUE;
    /** Larger datagrams vanish, from {@link #mtuFrom} on. */
    int mtu = Integer.MAX_VALUE;

    long mtuFrom;

    long blackoutFrom = Long.MAX_VALUE;
    long blackoutTo = Long.MAX_VALUE;

    private boolean inBurst;
    private long busyUntil;
    long sent;
    long dropped;
    long deliveredBytes;

    SimLink(SimClock clock, long seed) {
        this.clock = clock;
        random = new SplittableRandom(seed);
    }

    private boolean chance(double probability) {
        return probability > 0 && random.nextDouble() < probability;
    }

    void send(byte[] datagram, Consumer<byte[]> receiver) {
        sent++;
        long now = clock.now();
        inBurst = inBurst ? !chance(burstEnd) : chance(burstBegin);
        boolean lost = chance(loss)
                || (inBurst && chance(0.5))
                || (datagram.length > mtu && now >= mtuFrom)
                || (now >= blackoutFrom && now < blackoutTo);
        if (lost) {
            dropped++;
            return;
        }
        long leaves = now;
        if (bytesPerSecond > 0) {
            long waiting = Math.max(0, busyUntil - now);
            if (waiting * (bytesPerSecond / 1e9) + datagram.length > queueBytes) {
                dropped++;
                return;
            }
            busyUntil = now + waiting + (long) (datagram.length * 1e9 / bytesPerSecond);
            leaves = busyUntil;
        }
        deliver(leaves, mangle(datagram), receiver);
        if (chance(duplicate)) {
            deliver(leaves, datagram, receiver);
        }
    }

    private byte[] mangle(byte[] datagram) {
        if (chance(truncate)) {
            return Arrays.copyOf(datagram, random.nextInt(datagram.length));
        }
        if (chance(corrupt)) {
            byte[] copy = datagram.clone();
            for (int flips = 1 + random.nextInt(3); flips > 0; flips--) {
                copy[random.nextInt(copy.length)] ^= (byte) (1 << random.nextInt(8));
            }
            return copy;
        }
        return datagram;
    }

    private void deliver(long leaves, byte[] datagram, Consumer<byte[]> receiver) {
        long delay = delayNanos + (jitterNanos == 0 ? 0 : random.nextLong(jitterNanos));
        if (chance(reorder)) {
            delay += random.nextLong(reorderNanos) + 1;
        }
        clock.at(leaves + delay, () -> {
            deliveredBytes += datagram.length;
            receiver.accept(datagram);
        });
    }

    @Override
    public String toString() {
        return "loss " + loss + ", burst " + burstBegin + ", duplicate " + duplicate + ", reorder " + reorder
                + ", corrupt " + corrupt + ", truncate " + truncate + ", delay " + delayNanos / SimClock.MILLIS
                + " ms, jitter " + jitterNanos / SimClock.MILLIS + " ms, rate " + bytesPerSecond + " B/s, queue "
                + queueBytes + ", mtu " + mtu + " from " + mtuFrom / SimClock.MILLIS + " ms, blackout "
                + (blackoutFrom == Long.MAX_VALUE
                        ? "none"
                        : blackoutFrom / SimClock.MILLIS + ".." + blackoutTo / SimClock.MILLIS + " ms");
    }
}
