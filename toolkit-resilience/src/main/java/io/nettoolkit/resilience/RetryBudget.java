package io.nettoolkit.resilience;

import io.nettoolkit.core.TimeSource;
import io.nettoolkit.resilience.internal.Check;
import io.nettoolkit.resilience.internal.StripedCounters;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.time.Duration;
import java.util.Objects;

/*
 * Design note.
 *
 * Idea. A bank account that forgets: each call pays in `ratio` of a retry, each retry takes out one, and what nobody took out
 * within the time to live is void. Time is cut into spans of half a time to live, and there are two balances: of this span
 * and of the one before. When a span begins, the older balance is void, this span's becomes the older one, and the new one
 * starts with the floor's share. So a deposit lives for half to one time to live.
 *
 * The whole state is one word, so that a withdrawal is one CAS that sees balance and time together:
 *
 *    63            48 47                        24 23                         0
 *   +----------------+----------------------------+----------------------------+
 *   | span (mod 2^16)|   balance, span before     |     balance, this span     |
 *   +----------------+----------------------------+----------------------------+
 *
 * Balances count in units: a call pays in `deposit` units and a retry costs `price`, two small integers whose quotient is
 * the ratio. A balance that is full takes no more, which only makes the budget stricter.
 *
 * Invariant. In any interval, retries <= ratio x calls in it and in one time to live before it
 *                                     + minPerSecond x (its length + one and a half times to live).
 *
 * Source. The idea of paying in and taking out is that of Finagle's RetryBudget.
 */

/**
 * Bounds the extra load that retries make: all callers that share it get at most a ratio of their calls, and a small floor,
 * as retries. When a peer is down for everybody, each caller's own limit of three attempts would make its load threefold;
 * a budget keeps it at 1.2 times.
 *
 * <pre>{@code
 * RetryBudget budget = RetryBudget.builder().ratio(0.2).minPerSecond(10).build();
 * Retry orders = Retry.builder().budget(budget).build();
 * Retry stock = Retry.builder().budget(budget).build();
 * }</pre>
 *
 * <p><b>Threading.</b> Any thread; one atomic instruction per call.
 *
 * <p><b>Ownership.</b> Holds nothing; share one among all callers of one peer.
 *
 * <p><b>Failure.</b> Never throws. A retry that is refused fails the call with the failure it already had.
 *
 * <p><b>Sources.</b> Twitter's Finagle, {@code RetryBudget}; Google's SRE book, chapter 22, "Addressing Cascading Failures".
 */
public final class RetryBudget {

    private static final VarHandle WORD;

    static {
        try {
            WORD = MethodHandles.lookup().findVarHandle(RetryBudget.class, "word", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private static final int BALANCE_BITS = 24;
    private static final long BALANCE_MASK = (1L << BALANCE_BITS) - 1;
    private static final int SPAN_SHIFT = 2 * BALANCE_BITS;
    private static final long SPAN_MASK = (1L << (Long.SIZE - SPAN_SHIFT)) - 1;

    /** Ratios are kept in thousandths. */
    private static final int RESOLUTION = 1000;

    private static final int WITHDRAWN = 0;
    private static final int REFUSED = 1;

    private final String name;
    private final double ratio;
    private final int minPerSecond;
    private final TimeSource timeSource;
    private final long spanNanos;
    private final long originNanos;
    private final long deposit;
    private final long price;
    private final long floor;
    private final StripedCounters counters = new StripedCounters(2);

    @SuppressWarnings("unused") // also through WORD
    private volatile long word;

    private RetryBudget(Builder builder) {
        name = builder.name;
        ratio = builder.ratio;
        minPerSecond = builder.minPerSecond;
        timeSource = builder.timeSource;
        spanNanos = builder.ttlNanos / 2;
        originNanos = timeSource.coarseNanos();
        long thousandths = Math.round(ratio * RESOLUTION);
        long divisor = greatestCommonDivisor(thousandths, RESOLUTION);
        deposit = thousandths / divisor;
        price = RESOLUTION / divisor;
        double floorTokens = minPerSecond * (spanNanos / 1e9);
        floor = Math.min(BALANCE_MASK, (long) Math.floor(floorTokens * price));
        word = floor;
    }

    private static long greatestCommonDivisor(long a, long b) {
        return b == 0 ? a : greatestCommonDivisor(b, a % b);
    }

    /** Begins with the defaults. */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * A call begins: pays in. Policies that hold a budget do it themselves; those of one {@link Pipeline} that share it, once
     * for all of them.
     */
    public void deposit() {
        for (; ; ) {
            long now = word;
            long current = at(now);
            boolean isFull = (current & BALANCE_MASK) + deposit > BALANCE_MASK;
            if (WORD.compareAndSet(this, now, isFull ? current : current + deposit)) {
                return;
            }
            Thread.onSpinWait();
        }
    }

    /** Before a retry: takes out one; false where there is none left. A refusal changes nothing. */
    public boolean tryWithdraw() {
        for (; ; ) {
            long now = word;
            long current = at(now);
            long before = (current >>> BALANCE_BITS) & BALANCE_MASK;
            long here = current & BALANCE_MASK;
            if (before + here < price) {
                counters.increment(REFUSED);
                return false;
            }
            // The older balance first: it is void sooner.
            long fromBefore = Math.min(before, price);
            long next = word(spanOf(current), before - fromBefore, here - (price - fromBefore));
            if (WORD.compareAndSet(this, now, next)) {
                counters.increment(WITHDRAWN);
                return true;
            }
            Thread.onSpinWait();
        }
    }

    /**
     * What the word says at this moment. Called after the word was read; still, the coarse clock of this thread may be a
     * little behind that of the thread which wrote it, and then the word's span is the right one.
     */
    private long at(long now) {
        long span = (timeSource.coarseNanos() - originNanos) / spanNanos;
        long ahead = (span - spanOf(now)) & SPAN_MASK;
        if (ahead == 0 || ahead > SPAN_MASK - 2) {
            return now;
        }
        return word(span & SPAN_MASK, ahead == 1 ? now & BALANCE_MASK : floor, floor);
    }

    private static long spanOf(long word) {
        return word >>> SPAN_SHIFT;
    }

    private static long word(long span, long before, long here) {
        return (span << SPAN_SHIFT) | (before << BALANCE_BITS) | here;
    }

    TimeSource timeSource() {
        return timeSource;
    }

    /** Counts, and what could be withdrawn at this moment. */
    public Stats stats() {
        long current = at(word);
        long available = (((current >>> BALANCE_BITS) & BALANCE_MASK) + (current & BALANCE_MASK)) / price;
        return new Stats(available, counters.sum(WITHDRAWN), counters.sum(REFUSED));
    }

    @Override
    public String toString() {
        return "RetryBudget[" + name + ", ratio=" + ratio + ", minPerSecond=" + minPerSecond + ", ttl="
                + Duration.ofNanos(2 * spanNanos) + "]";
    }

    /**
     * What a budget did so far.
     *
     * @param available retries it would allow at this moment
     * @param withdrawn retries it allowed
     * @param refused retries it refused
     */
    public record Stats(long available, long withdrawn, long refused) {}

    /** Puts a budget together. Not thread-safe. */
    public static final class Builder {
        private String name = "retry-budget";
        private double ratio = 0.2;
        private int minPerSecond = 10;
        private long ttlNanos = Duration.ofSeconds(10).toNanos();
        private TimeSource timeSource = TimeSource.system();

        private Builder() {}

        /** What messages and metrics call it. Default "retry-budget". */
        public Builder name(String name) {
            this.name = Check.name(name);
            return this;
        }

        /** Retries for each call, 0.001 to 1; kept in thousandths. Default 0.2: one retry for five calls. */
        public Builder ratio(double ratio) {
            if (!(ratio >= 1.0 / RESOLUTION && ratio <= 1)) {
                throw new IllegalArgumentException("ratio: " + ratio + " (must be 0.001 to 1)");
            }
            this.ratio = ratio;
            return this;
        }

        /**
         * Retries a second that are allowed however few calls there are, 0 to 1000; they too are void after the time to
         * live. Default 10; 0 for none.
         */
        public Builder minPerSecond(int retries) {
            minPerSecond = (int) Check.between("minPerSecond", retries, 0, 1000);
            return this;
        }

        /** How long a call's share may wait for its retry; 100 ms to an hour. Default 10 s. */
        public Builder ttl(Duration ttl) {
            Objects.requireNonNull(ttl, "ttl: must not be null");
            if (ttl.compareTo(Duration.ofMillis(100)) < 0 || ttl.compareTo(Duration.ofHours(1)) > 0) {
                throw new IllegalArgumentException("ttl: " + ttl + " (must be 100 ms to 1 h)");
            }
            ttlNanos = ttl.toNanos();
            return this;
        }

        /** The clock. Default {@link TimeSource#system()}. */
        public Builder timeSource(TimeSource timeSource) {
            this.timeSource = Objects.requireNonNull(timeSource, "timeSource: must not be null");
            return this;
        }

        /** The budget. */
        public RetryBudget build() {
            return new RetryBudget(this);
        }
    }
}
