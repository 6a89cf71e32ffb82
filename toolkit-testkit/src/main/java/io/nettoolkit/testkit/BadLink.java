package io.nettoolkit.testkit;

import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.UnaryOperator;

/**
 * One direction through a {@link BadNetwork}: decides what becomes of each datagram, and when. It does no I/O, has no
 * clock and sets no timer, so that a simulator can use it in a time of its own.
 *
 * <pre>{@code
 * BadLink link = new BadLink(network, clock.now());
 * link.carry(clock.now(), datagram, (nanos, arrived) -> clock.at(nanos, () -> peer.receive(arrived)));
 * }</pre>
 *
 * <p>The same network, the same datagrams and the same times give the same outcome.
 *
 * <p><b>Threading.</b> {@link #carry} belongs to one thread, for a relay or a handler to its event loop. All other
 * methods may be called from any thread, and act on the datagrams that come after.
 *
 * <p><b>Ownership.</b> Keeps nothing: what is on its way is with whoever was told of it. The arrays are never changed; an
 * undamaged datagram arrives in the array it came in.
 */
public final class BadLink {

    /** Told of every datagram that arrives, while {@link #carry} runs. */
    @FunctionalInterface
    public interface Delivery {
        /** This datagram arrives at this time, which is not before the one it was sent at. */
        void arrivesAt(long nanos, byte[] datagram);
    }

    private enum Count {
        SENT,
        SENT_BYTES,
        FORWARDED,
        FORWARDED_BYTES,
        LOST,
        LOST_IN_BURSTS,
        BLACKED_OUT,
        TOO_LARGE,
        QUEUE_FULL,
        DUPLICATED,
        REORDERED,
        CORRUPTED,
        TRUNCATED
    }

    private static final double NANOS_PER_SECOND = 1e9;
    private static final int MAX_FLIPS = 3;

    private final SplittableRandom random;
    private final long startNanos;
    private final Map<Count, AtomicLong> counts = new EnumMap<>(Count.class);
    private volatile BadNetwork network;
    private volatile boolean interrupted;
    private boolean inBurst;
    /** When what waits in front of the bottleneck will have left. */
    private long busyUntilNanos;

    /** A direction that starts at this time, with the seed of the network. */
    public BadLink(BadNetwork network, long startNanos) {
        this.network = Objects.requireNonNull(network, "network: must not be null");
        this.startNanos = startNanos;
        busyUntilNanos = startNanos;
        random = new SplittableRandom(network.seed);
        for (Count what : Count.values()) {
            counts.put(what, new AtomicLong());
        }
    }

    /**
     * Sends a datagram on its way.
     *
     * @param nowNanos never before that of an earlier call
     */
    public void carry(long nowNanos, byte[] datagram, Delivery delivery) {
        BadNetwork faults = network;
        count(Count.SENT, 1);
        count(Count.SENT_BYTES, datagram.length);
        boolean wasInBurst = inBurst;
        inBurst = wasInBurst ? !chance(faults.burstEnd) : chance(faults.burstBegin);
        if (isBlackedOut(faults, nowNanos)) {
            count(Count.BLACKED_OUT, 1);
        } else if (datagram.length > faults.maxDatagramBytes) {
            count(Count.TOO_LARGE, 1);
        } else if (inBurst && chance(faults.burstLoss)) {
            count(Count.LOST_IN_BURSTS, 1);
        } else if (chance(faults.loss)) {
            count(Count.LOST, 1);
        } else if (!takesRoom(faults, nowNanos, datagram.length)) {
            count(Count.QUEUE_FULL, 1);
        } else {
            long leaves = faults.bytesPerSecond > 0 ? busyUntilNanos : nowNanos;
            deliver(faults, leaves, damaged(faults, datagram), delivery);
            if (chance(faults.duplicate)) {
                count(Count.DUPLICATED, 1);
                deliver(faults, leaves, datagram, delivery);
            }
        }
    }

    private boolean isBlackedOut(BadNetwork faults, long nowNanos) {
        long sinceStart = nowNanos - startNanos;
        return interrupted
                || (sinceStart >= faults.blackoutFromNanos
                        && sinceStart - faults.blackoutFromNanos < faults.blackoutNanos);
    }

    private boolean takesRoom(BadNetwork faults, long nowNanos, int bytes) {
        if (faults.bytesPerSecond == 0) {
            return true;
        }
        long waitNanos = Math.max(0, busyUntilNanos - nowNanos);
        if (waitNanos / NANOS_PER_SECOND * faults.bytesPerSecond + bytes > faults.queueBytes) {
            return false;
        }
        busyUntilNanos = nowNanos + waitNanos + (long) (bytes * NANOS_PER_SECOND / faults.bytesPerSecond);
        return true;
    }

    private byte[] damaged(BadNetwork faults, byte[] datagram) {
        if (datagram.length > 0 && chance(faults.truncate)) {
            count(Count.TRUNCATED, 1);
            return Arrays.copyOf(datagram, random.nextInt(datagram.length));
        }
        if (datagram.length > 0 && chance(faults.corrupt)) {
            count(Count.CORRUPTED, 1);
            return corrupted(datagram);
        }
        return datagram;
    }

    private byte[] corrupted(byte[] datagram) {
        byte[] copy = datagram.clone();
        int bits = copy.length * Byte.SIZE;
        int first = random.nextInt(bits);
        flip(copy, first);
        for (int more = random.nextInt(MAX_FLIPS); more > 0; more--) {
            int bit = random.nextInt(bits);
            if (bit != first) {
                flip(copy, bit);
            }
        }
        return copy;
    }

    private static void flip(byte[] bytes, int bit) {
        bytes[bit / Byte.SIZE] ^= (byte) (1 << bit % Byte.SIZE);
    }

    private void deliver(BadNetwork faults, long leavesNanos, byte[] datagram, Delivery delivery) {
        long arrives = leavesNanos + faults.delayNanos;
        if (faults.jitterNanos > 0) {
            arrives += random.nextLong(faults.jitterNanos);
        }
        if (chance(faults.reorder)) {
            count(Count.REORDERED, 1);
            arrives += 1 + random.nextLong(faults.reorderNanos);
        }
        count(Count.FORWARDED, 1);
        count(Count.FORWARDED_BYTES, datagram.length);
        delivery.arrivesAt(arrives, datagram);
    }

    private boolean chance(double probability) {
        return probability > 0 && random.nextDouble() < probability;
    }

    private void count(Count what, long by) {
        counter(what).addAndGet(by);
    }

    private AtomicLong counter(Count what) {
        return Objects.requireNonNull(counts.get(what));
    }

    /** The faults that are on. */
    public BadNetwork network() {
        return network;
    }

    /**
     * Changes the faults: {@code link.change(faults -> faults.loss(0.5))}. The random numbers and the time of the start go
     * on; a seed is not looked at any more.
     */
    public void change(UnaryOperator<BadNetwork.Builder> change) {
        network = change.apply(network.toBuilder()).build();
    }

    /** Lets nothing pass until {@link #restore}. */
    public void interrupt() {
        interrupted = true;
    }

    /** Ends what {@link #interrupt} began. */
    public void restore() {
        interrupted = false;
    }

    /** What has been done so far. */
    public BadNetwork.Stats stats() {
        return new BadNetwork.Stats(
                counted(Count.SENT),
                counted(Count.SENT_BYTES),
                counted(Count.FORWARDED),
                counted(Count.FORWARDED_BYTES),
                counted(Count.LOST),
                counted(Count.LOST_IN_BURSTS),
                counted(Count.BLACKED_OUT),
                counted(Count.TOO_LARGE),
                counted(Count.QUEUE_FULL),
                counted(Count.DUPLICATED),
                counted(Count.REORDERED),
                counted(Count.CORRUPTED),
                counted(Count.TRUNCATED));
    }

    private long counted(Count what) {
        return counter(what).get();
    }

    @Override
    public String toString() {
        return "BadLink(" + network + (interrupted ? ", interrupted, " : ", ") + stats() + ")";
    }
}
