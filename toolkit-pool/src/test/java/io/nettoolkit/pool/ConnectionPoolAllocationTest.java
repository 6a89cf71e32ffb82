package io.nettoolkit.pool;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.nettoolkit.core.Deadline;
import io.netty.channel.embedded.EmbeddedChannel;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The hit path allocates nothing. */
class ConnectionPoolAllocationTest {

    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final int WARM_UP = 200_000;
    private static final int CALLS = 1_000_000;
    private static final Deadline LATER = Deadline.after(Duration.ofHours(1));

    private ConnectionPool pool;

    @BeforeEach
    void open() throws Exception {
        pool = ConnectionPool.builder(
                        "orders", (key, loop, deadline) -> CompletableFuture.completedFuture(new EmbeddedChannel()))
                .config(PoolConfig.builder().maxSize(16).build())
                .build();
        assertThat(pool.warmUp(16).get(10, TimeUnit.SECONDS)).isEqualTo(16);
    }

    @AfterEach
    void close() {
        pool.close();
    }

    private static double bytesPerCall(Runnable call) {
        for (int i = 0; i < WARM_UP; i++) {
            call.run();
        }
        @SuppressWarnings("deprecation") // threadId() is of JDK 19
        long thread = Thread.currentThread().getId();
        long before = THREADS.getThreadAllocatedBytes(thread);
        for (int i = 0; i < CALLS; i++) {
            call.run();
        }
        return (double) (THREADS.getThreadAllocatedBytes(thread) - before) / CALLS;
    }

    @Test
    void tryAcquireAndRelease() {
        assertThat(bytesPerCall(() -> pool.tryAcquire().release())).isLessThan(1);
        assertThat(pool.stats().uses().count()).isPositive();
    }

    @Test
    void acquiresFutureAndRelease() {
        assertThat(bytesPerCall(() -> pool.acquire(LATER).getNow(null).release()))
                .isLessThan(1);
    }

    @Test
    void severalAtATime() {
        Lease[] leases = new Lease[8];
        assertThat(bytesPerCall(() -> {
                    for (int i = 0; i < leases.length; i++) {
                        leases[i] = pool.tryAcquire();
                    }
                    for (Lease lease : leases) {
                        lease.release();
                    }
                }))
                .isLessThan(1);
    }

    @Test
    void aPoolThatHasNone() {
        for (int i = 0; i < 16; i++) {
            pool.tryAcquire();
        }
        assertThat(bytesPerCall(() -> pool.tryAcquire())).isLessThan(1);
    }

    @Test
    void aSecondRelease() {
        Lease lease = pool.tryAcquire();
        lease.release();
        assertThat(bytesPerCall(lease::release)).isLessThan(1);
    }
}
