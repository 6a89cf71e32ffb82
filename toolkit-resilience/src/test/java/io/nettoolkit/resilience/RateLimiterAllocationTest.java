package io.nettoolkit.resilience;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.time.Duration;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What the primitives allocate: nothing, whether they admit or refuse. */
class RateLimiterAllocationTest {

    private static final Duration SECOND = Duration.ofSeconds(1);
    private static final int CALLS = 200_000;
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    static Stream<Arguments> primitives() throws Exception {
        RateLimiter open = RateLimiter.tokenBucket(1_000_000_000, SECOND).build();
        RateLimiter shut = RateLimiter.tokenBucket(1, Duration.ofDays(1)).build();
        RateLimiter leased =
                RateLimiter.tokenBucket(1_000_000_000, SECOND).leased(1000).build();
        RateLimiter warming =
                RateLimiter.tokenBucket(1_000_000_000, SECOND).warmUp(SECOND).build();
        RateLimiter leaky = RateLimiter.leakyBucket(1_000_000, SECOND).build();
        RateLimiter fixed = RateLimiter.fixedWindow(100_000, SECOND).build();
        RateLimiter log = RateLimiter.slidingWindowLog(100_000, SECOND).build();
        RateLimiter counter = RateLimiter.slidingWindowCounter(100_000, SECOND).build();
        RateLimiter all = RateLimiter.allOf(open, log);
        RateLimiter shadow =
                RateLimiter.tokenBucket(1, Duration.ofDays(1)).shadow(true).build();
        KeyedRateLimiter<Object> none =
                KeyedRateLimiter.builder(1, Duration.ofDays(1)).build();
        InetAddress four = InetAddress.getByAddress(new byte[] {(byte) 192, 0, 2, 1});
        byte[] bytes = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
        KeyedRateLimiter<Object> keyed =
                KeyedRateLimiter.builder(100_000, SECOND).build();
        KeyedRateLimiter<Object> own =
                KeyedRateLimiter.builder(100_000, SECOND).hash(key -> 17).build();
        return Stream.of(
                primitive("token bucket", open::tryAcquire),
                primitive("token bucket, refusing", shut::tryAcquire),
                primitive("retryAfterNanos", () -> shut.retryAfterNanos(1) > 0),
                primitive("reserve and cancel", () -> open.reserve(1, 0) < 0 || open.cancel(1, 0)),
                primitive("leased", leased::tryAcquire),
                primitive("warming up", warming::tryAcquire),
                primitive("leaky bucket", leaky::tryAcquire),
                primitive("fixed window", fixed::tryAcquire),
                primitive("sliding window log", log::tryAcquire),
                primitive("sliding window counter", counter::tryAcquire),
                primitive("all of two", all::tryAcquire),
                primitive("keyed, refusing", () -> none.tryAcquire("a client of this service")),
                primitive("in shadow mode", shadow::tryAcquire),
                primitive("keyed by text", () -> keyed.tryAcquire("a client of this service")),
                primitive("keyed by IPv4 address", () -> keyed.tryAcquire(four)),
                primitive("keyed by bytes", () -> keyed.tryAcquire(bytes)),
                primitive("keyed by a user's hash", () -> own.tryAcquire(bytes)));
    }

    private static Arguments primitive(String name, BooleanSupplier call) {
        return Arguments.of(name, call);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("primitives")
    void allocatesLessThanAByteACall(String name, BooleanSupplier primitive) {
        assertThat(bytesPerCall(primitive)).as(name).isLessThan(1);
    }

    /** The JDK copies the 16 bytes of an address; the copy is 32 bytes with its header. */
    @Test
    void anIpv6AddressCostsNoMoreThanTheJdksCopy() throws Exception {
        KeyedRateLimiter<InetAddress> keyed =
                KeyedRateLimiter.<InetAddress>builder(100_000, SECOND).build();
        InetAddress six = InetAddress.getByAddress(new byte[] {32, 1, 13, -72, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1});

        // More than nothing: the measurement sees what there is to see.
        assertThat(bytesPerCall(() -> keyed.tryAcquire(six))).isBetween(31.0, 33.0);
    }

    /** In the steady state: the least of several rounds, for the first ones run before the compiler is through. */
    private static double bytesPerCall(BooleanSupplier primitive) {
        long id = Thread.currentThread().getId();
        double least = Double.MAX_VALUE;
        int admitted = 0;
        for (int round = 0; round < 10 && least >= 1; round++) {
            long before = THREADS.getThreadAllocatedBytes(id);
            for (int i = 0; i < CALLS; i++) {
                admitted += primitive.getAsBoolean() ? 1 : 0;
            }
            least = Math.min(least, (double) (THREADS.getThreadAllocatedBytes(id) - before) / CALLS);
        }
        assertThat(admitted).isNotNegative();
        return least;
    }
}
