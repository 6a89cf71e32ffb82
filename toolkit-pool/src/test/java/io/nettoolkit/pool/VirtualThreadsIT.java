package io.nettoolkit.pool;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.Transport;
import io.nettoolkit.testkit.LeakCheck;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedTransferQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.JRE;
import org.junit.jupiter.api.extension.RegisterExtension;

/** More callers that wait on their thread than there could be threads of the system. */
@EnabledForJreRange(min = JRE.JAVA_21)
class VirtualThreadsIT {

    private static final int CALLERS = 100_000;
    private static final int CONNECTIONS = 16;

    /** What carries virtual threads stays for the whole JVM. */
    @RegisterExtension
    static final LeakCheck leaks = new LeakCheck().withAllowedThreads("ForkJoinPool-", "VirtualThread");

    @Test
    void servesAHundredThousandVirtualThreads() throws Throwable {
        LinkedTransferQueue<Throwable> failures = new LinkedTransferQueue<>();
        AtomicInteger inUse = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        CountDownLatch served = new CountDownLatch(CALLERS);
        try (SocketHost host = new SocketHost(Transport.best());
                ConnectionPool pool = host.pool()
                        .config(PoolConfig.builder()
                                .maxSize(CONNECTIONS)
                                .maxPending(CALLERS)
                                .build())
                        .build()) {
            ExecutorService threads = newVirtualThreads();
            for (int i = 0; i < CALLERS; i++) {
                threads.execute(() -> {
                    try (Lease lease = pool.acquireBlocking(Deadline.after(Duration.ofMinutes(2)))) {
                        most.accumulateAndGet(inUse.incrementAndGet(), Math::max);
                        assertThat(lease.channel().isActive()).isTrue();
                        // A place where another one may go on.
                        LockSupport.parkNanos(1);
                        inUse.decrementAndGet();
                    } catch (Throwable failure) {
                        failures.add(failure);
                    } finally {
                        served.countDown();
                    }
                });
            }
            assertThat(served.await(120, TimeUnit.SECONDS)).isTrue();
            threads.shutdown();
            assertThat(threads.awaitTermination(60, TimeUnit.SECONDS)).isTrue();
            assertThat(failures).isEmpty();
            assertThat(most.get()).isLessThanOrEqualTo(CONNECTIONS);
            ConnectionPool.Stats stats = pool.stats();
            assertThat(stats.acquired()).isEqualTo(CALLERS);
            assertThat(stats.pending()).isZero();
            assertThat(stats.active()).isZero();
            pool.close(Duration.ZERO).get(20, TimeUnit.SECONDS);
        }
    }

    /** By its name, because this is compiled for Java 17. */
    private static ExecutorService newVirtualThreads() throws Throwable {
        return (ExecutorService) MethodHandles.lookup()
                .findStatic(
                        Executors.class,
                        "newVirtualThreadPerTaskExecutor",
                        MethodType.methodType(ExecutorService.class))
                .invokeExact();
    }
}
