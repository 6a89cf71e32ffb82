package io.nettoolkit.testkit;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * What a network does to the datagrams of one direction: loses, delays, reorders, duplicates, damages and refuses them.
 * All chance comes from a seed, so that a run can be repeated.
 *
 * <pre>{@code
 * BadNetwork network = BadNetwork.builder()
 *         .loss(0.05)
 *         .delay(Duration.ofMillis(40))
 *         .jitter(Duration.ofMillis(10))
 *         .seed(42)
 *         .build();
 * try (BadNetworkRelay relay = BadNetworkRelay.to(server.localAddress(), network)) {
 *     client.connect(relay.address());
 *     ...
 *     assertThat(relay.toTarget().stats().lost()).isPositive();
 * }
 * }</pre>
 *
 * <p>There are three ways to put it between two peers: {@link BadNetworkRelay} for any pair of programs,
 * {@link BadNetworkHandler} in the pipeline of a Netty channel, and {@link BadLink}, the model alone, for a simulator
 * with a clock of its own.
 *
 * <p>A datagram meets the faults in this order: blackout, too large, loss in a burst, loss, queue full; what is left is
 * damaged (truncated or else corrupted), travels for the delay and the jitter, is held back where it is reordered, and
 * perhaps arrives once more, undamaged. A length of a datagram is that of its payload.
 *
 * <p><b>Threading.</b> Immutable.
 *
 * <p><b>Failure.</b> An option out of its range is an {@link IllegalArgumentException} at the call.
 *
 * <p><b>Sources.</b> Bursts: E. N. Gilbert, Capacity of a burst-noise channel, BSTJ 39 (1960), and E. O. Elliott, BSTJ 42
 * (1963). The faults are those of Linux' netem.
 */
public final class BadNetwork {

    static final long NEVER = Long.MAX_VALUE;

    final long seed;
    final double loss;
    final double burstBegin;
    final double burstEnd;
    final double burstLoss;
    final long delayNanos;
    final long jitterNanos;
    final double reorder;
    final long reorderNanos;
    final double duplicate;
    final double corrupt;
    final double truncate;
    final long bytesPerSecond;
    final long queueBytes;
    final int maxDatagramBytes;
    final long blackoutFromNanos;
    final long blackoutNanos;

    private BadNetwork(Builder b) {
        seed = b.seed;
        loss = b.loss;
        burstBegin = b.burstBegin;
        burstEnd = b.burstEnd;
        burstLoss = b.burstLoss;
        delayNanos = b.delayNanos;
        jitterNanos = b.jitterNanos;
        reorder = b.reorder;
        reorderNanos = b.reorderNanos;
        duplicate = b.duplicate;
        corrupt = b.corrupt;
        truncate = b.truncate;
        bytesPerSecond = b.bytesPerSecond;
        queueBytes = b.queueBytes;
        maxDatagramBytes = b.maxDatagramBytes;
        blackoutFromNanos = b.blackoutFromNanos;
        blackoutNanos = b.blackoutNanos;
    }

    /** A network without faults, to be given some. */
    public static Builder builder() {
        return new Builder();
    }

    /** These faults, to be changed. */
    public Builder toBuilder() {
        Builder b = new Builder();
        b.seed = seed;
        b.loss = loss;
        b.burstBegin = burstBegin;
        b.burstEnd = burstEnd;
        b.burstLoss = burstLoss;
        b.delayNanos = delayNanos;
        b.jitterNanos = jitterNanos;
        b.reorder = reorder;
        b.reorderNanos = reorderNanos;
        b.duplicate = duplicate;
        b.corrupt = corrupt;
        b.truncate = truncate;
        b.bytesPerSecond = bytesPerSecond;
        b.queueBytes = queueBytes;
        b.maxDatagramBytes = maxDatagramBytes;
        b.blackoutFromNanos = blackoutFromNanos;
        b.blackoutNanos = blackoutNanos;
        return b;
    }

    /** The same faults by other chances. */
    BadNetwork otherDirection() {
        return toBuilder().seed(~seed).build();
    }

    /** The faults that are on, and the seed. */
    @Override
    public String toString() {
        List<String> faults = new ArrayList<>();
        add(faults, loss > 0, "loss " + loss);
        add(faults, burstBegin > 0, "bursts " + burstBegin + "/" + burstEnd + " losing " + burstLoss);
        add(faults, delayNanos > 0, "delay " + Duration.ofNanos(delayNanos));
        add(faults, jitterNanos > 0, "jitter " + Duration.ofNanos(jitterNanos));
        add(faults, reorder > 0, "reorder " + reorder + " by up to " + Duration.ofNanos(reorderNanos));
        add(faults, duplicate > 0, "duplicate " + duplicate);
        add(faults, corrupt > 0, "corrupt " + corrupt);
        add(faults, truncate > 0, "truncate " + truncate);
        add(faults, bytesPerSecond > 0, "rate " + bytesPerSecond + " B/s, queue " + queueBytes + " B");
        add(faults, maxDatagramBytes < Integer.MAX_VALUE, "at most " + maxDatagramBytes + " B");
        add(
                faults,
                blackoutNanos > 0,
                "blackout of " + Duration.ofNanos(blackoutNanos) + " at " + Duration.ofNanos(blackoutFromNanos));
        faults.add("seed " + seed);
        return "BadNetwork(" + String.join(", ", faults) + ")";
    }

    private static void add(List<String> faults, boolean on, String fault) {
        if (on) {
            faults.add(fault);
        }
    }

    /**
     * What one direction has done to its datagrams so far. Where none comes in just now, {@code sent + duplicated} is
     * {@code forwarded} plus {@link #dropped}.
     *
     * @param sent datagrams that came in
     * @param sentBytes their payloads
     * @param forwarded datagrams that arrive, or will when their time has come; duplicates count
     * @param forwardedBytes their payloads
     * @param lost by {@link Builder#loss}
     * @param lostInBursts by {@link Builder#bursts}
     * @param blackedOut by {@link Builder#blackout} or {@link BadLink#interrupt}
     * @param tooLarge by {@link Builder#maxDatagramBytes}
     * @param queueFull by {@link Builder#rate}
     * @param duplicated by {@link Builder#duplicate}
     * @param reordered held back by {@link Builder#reorder}
     * @param corrupted by {@link Builder#corrupt}
     * @param truncated by {@link Builder#truncate}
     */
    public record Stats(
            long sent,
            long sentBytes,
            long forwarded,
            long forwardedBytes,
            long lost,
            long lostInBursts,
            long blackedOut,
            long tooLarge,
            long queueFull,
            long duplicated,
            long reordered,
            long corrupted,
            long truncated) {

        /** All that did not arrive, for whatever reason. */
        public long dropped() {
            return lost + lostInBursts + blackedOut + tooLarge + queueFull;
        }
    }

    /** Chances are per datagram, from 0 (never) to 1 (always). */
    public static final class Builder {

        private long seed = 1;
        private double loss;
        private double burstBegin;
        private double burstEnd = 1;
        private double burstLoss;
        private long delayNanos;
        private long jitterNanos;
        private double reorder;
        private long reorderNanos;
        private double duplicate;
        private double corrupt;
        private double truncate;
        private long bytesPerSecond;
        private long queueBytes = Long.MAX_VALUE;
        private int maxDatagramBytes = Integer.MAX_VALUE;
        private long blackoutFromNanos = NEVER;
        private long blackoutNanos;

        private Builder() {}

        /** Where all chance comes from. The directions of a relay or a handler draw from it independently. Default 1. */
        public Builder seed(long seed) {
            this.seed = seed;
            return this;
        }

        /** The chance of a datagram to be lost, each on its own. Default 0. */
        public Builder loss(double chance) {
            loss = requireChance("loss", chance);
            return this;
        }

        /**
         * Losses in bursts, by the model of Gilbert and Elliott: with each datagram the network falls into a bad state or
         * leaves it, and loses more while it is in it. Default none.
         *
         * @param begin the chance to fall into the bad state; 0 for no bursts
         * @param end the chance to leave it, above 0: a burst is {@code 1 / end} datagrams long on average
         * @param loss the chance of a datagram to be lost within a burst
         */
        public Builder bursts(double begin, double end, double loss) {
            requireChance("begin", begin);
            requireChance("end", end);
            requireChance("loss", loss);
            if (end == 0) {
                throw new IllegalArgumentException("end: 0.0 (must be above 0, or a burst would never end)");
            }
            burstBegin = begin;
            burstEnd = end;
            burstLoss = loss;
            return this;
        }

        /** How long each datagram travels. Default 0. */
        public Builder delay(Duration delay) {
            delayNanos = requireNanos("delay", delay);
            return this;
        }

        /** Each datagram travels longer by a random part of this, so that close ones overtake each other. Default 0. */
        public Builder jitter(Duration jitter) {
            jitterNanos = requireNanos("jitter", jitter);
            return this;
        }

        /**
         * Holds datagrams back so that later ones overtake them. Default 0.
         *
         * @param by each is held back for a random part of this, longer than 0
         */
        public Builder reorder(double chance, Duration by) {
            requireChance("reorder", chance);
            reorderNanos = requireNanos("by", by);
            if (reorderNanos == 0) {
                throw new IllegalArgumentException("by: " + by + " (must be longer than 0)");
            }
            reorder = chance;
            return this;
        }

        /** The chance of a datagram to arrive twice. Default 0. */
        public Builder duplicate(double chance) {
            duplicate = requireChance("duplicate", chance);
            return this;
        }

        /** The chance of a datagram to arrive with one to three of its bits inverted; an empty one has none. Default 0. */
        public Builder corrupt(double chance) {
            corrupt = requireChance("corrupt", chance);
            return this;
        }

        /** The chance of a datagram to arrive shorter than it was sent, down to no byte at all. Default 0. */
        public Builder truncate(double chance) {
            truncate = requireChance("truncate", chance);
            return this;
        }

        /**
         * A bottleneck: datagrams leave one after the other at this rate, wait in a queue meanwhile, and are dropped where
         * it has no room. Default no bottleneck.
         *
         * @param bytesPerSecond 0 for no bottleneck
         * @param queueBytes what waits at most, the one that is just leaving included; at least 1
         */
        public Builder rate(long bytesPerSecond, long queueBytes) {
            if (bytesPerSecond < 0) {
                throw new IllegalArgumentException("bytesPerSecond: " + bytesPerSecond + " (must be 0 or more)");
            }
            if (queueBytes < 1) {
                throw new IllegalArgumentException("queueBytes: " + queueBytes + " (must be at least 1)");
            }
            this.bytesPerSecond = bytesPerSecond;
            this.queueBytes = queueBytes;
            return this;
        }

        /** The hole that a small MTU is where no ICMP comes back: larger datagrams vanish. Default no limit. */
        public Builder maxDatagramBytes(int bytes) {
            if (bytes < 1) {
                throw new IllegalArgumentException("maxDatagramBytes: " + bytes + " (must be at least 1)");
            }
            maxDatagramBytes = bytes;
            return this;
        }

        /**
         * Nothing passes from {@code after} the start of the direction on, for so long. For a blackout at will see
         * {@link BadLink#interrupt}. Default none.
         *
         * @param length 0 for none
         */
        public Builder blackout(Duration after, Duration length) {
            blackoutFromNanos = requireNanos("after", after);
            blackoutNanos = requireNanos("length", length);
            return this;
        }

        /** A network with these faults. */
        public BadNetwork build() {
            return new BadNetwork(this);
        }

        private static double requireChance(String name, double chance) {
            if (!(chance >= 0 && chance <= 1)) {
                throw new IllegalArgumentException(name + ": " + chance + " (must be from 0 to 1)");
            }
            return chance;
        }

        private static long requireNanos(String name, Duration duration) {
            Objects.requireNonNull(duration, () -> name + ": must not be null");
            if (duration.isNegative() || duration.compareTo(Duration.ofDays(365)) > 0) {
                throw new IllegalArgumentException(name + ": " + duration + " (must be from 0 to 365 days)");
            }
            return duration.toNanos();
        }
    }
}
