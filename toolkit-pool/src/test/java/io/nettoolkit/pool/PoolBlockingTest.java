package io.nettoolkit.pool;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.NetException;
import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.core.RejectedException;
import io.nettoolkit.testkit.LeakCheck;
import java.lang.reflect.Method;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** {@code acquireBlocking} on platform and on virtual threads. */
class PoolBlockingTest {

    /** Virtual threads that park for a time start the JVM's own timer thread. */
    @RegisterExtension
    static final LeakCheck LEAKS = new LeakCheck().withAllowedThreads("ForkJoinPool-", "VirtualThread-");

    private final PoolRig rig = new PoolRig(1);

    @AfterEach
    void close() {
        rig.close();
    }

    private ConnectionPool pool(int maxSize, int maxPending) {
        return rig.pool(PoolConfig.builder().maxSize(maxSize).maxPending(maxPending))
                .build();
    }

    private static <T> FutureTask<T> start(Callable<T> call) {
        FutureTask<T> task = new FutureTask<>(call);
        Thread thread = new Thread(task, "blocking");
        thread.setDaemon(true);
        thread.start();
        return task;
    }

    private static Throwable thrownBy(FutureTask<?> task) throws Exception {
        try {
            task.get(10, TimeUnit.SECONDS);
            throw new AssertionError("nothing was thrown");
        } catch (java.util.concurrent.ExecutionException thrown) {
            return thrown.getCause();
        }
    }

    private void awaitPending(ConnectionPool pool, int pending) {
        while (pool.stats().pending() < pending) {
            Thread.onSpinWait();
        }
    }

    @Test
    void connectsAndWaits() throws Exception {
        ConnectionPool pool = pool(1, 10);
        Lease first = start(() -> pool.acquireBlocking(rig.soon())).get(10, TimeUnit.SECONDS);
        FutureTask<Lease> second = start(() -> pool.acquireBlocking(rig.soon()));
        awaitPending(pool, 1);

        first.release();

        assertThat(second.get(10, TimeUnit.SECONDS).isReused()).isTrue();
    }

    @Test
    void takesWhatIsIdleOnAnyThread() throws Exception {
        ConnectionPool pool = pool(1, 10);
        rig.lease(pool).release();
        assertThat(pool.acquireBlocking(rig.soon()).release()).isTrue();
    }

    @Test
    void endsAtTheDeadline() throws Exception {
        ConnectionPool pool = pool(1, 10);
        rig.lease(pool);
        FutureTask<Lease> waiting = start(() -> pool.acquireBlocking(rig.in(Duration.ofSeconds(1))));
        awaitPending(pool, 1);

        rig.advance(Duration.ofSeconds(1));

        assertThat(((NetException) thrownBy(waiting)).kind()).isEqualTo(Kind.ACQUIRE_TIMEOUT);
        assertThat(pool.stats().pending()).isZero();
    }

    @Test
    void endsAtTheDeadlineEvenWhereTheLoopsAreBlocked() throws Exception {
        ConnectionPool pool = ConnectionPool.builder("orders", rig::connect)
                .eventLoops(rig.loops)
                .config(PoolConfig.builder().maxSize(1).build())
                .build();
        CompletableFuture<Lease> held = pool.acquire(Deadline.after(Duration.ofSeconds(5)));
        rig.settle();
        assertThat(held).isCompleted();
        // The loops' clock stands, so the pool's timer never goes off, while the pool's own clock runs.
        FutureTask<Lease> waiting = start(() -> pool.acquireBlocking(Deadline.after(Duration.ofMillis(30))));

        assertThat(thrownBy(waiting)).hasMessageContaining("event loops are blocked or gone");
        assertThat(pool.stats().pending()).isZero();
    }

    @Test
    void endsWithAnInterrupt() throws Exception {
        ConnectionPool pool = pool(1, 10);
        Lease held = rig.lease(pool);
        FutureTask<Lease> task = new FutureTask<>(() -> pool.acquireBlocking(rig.soon()));
        Thread thread = new Thread(task, "blocking");
        thread.start();
        awaitPending(pool, 1);

        thread.interrupt();

        assertThat(thrownBy(task)).isInstanceOf(InterruptedException.class);
        assertThat(pool.stats().pending()).isZero();
        held.release();
        assertThat(pool.tryAcquire()).isNotNull();
    }

    @Test
    void refusesInTheThreadThatAsks() throws Exception {
        ConnectionPool pool = pool(1, 10);
        pool.close();
        rig.settle();
        assertThat(thrownBy(start(() -> pool.acquireBlocking(rig.soon())))).isInstanceOf(RejectedException.class);
    }

    @Test
    void servesManyVirtualThreads() throws Exception {
        Method startVirtualThread;
        try {
            startVirtualThread = Thread.class.getMethod("startVirtualThread", Runnable.class);
        } catch (NoSuchMethodException olderThan21) {
            Assumptions.abort("virtual threads are of JDK 21");
            return;
        }
        int threads = 100_000;
        ConnectionPool pool = pool(16, threads);
        CountDownLatch done = new CountDownLatch(threads);
        AtomicInteger served = new AtomicInteger();
        List<Throwable> failures = new ArrayList<>();
        for (int i = 0; i < threads; i++) {
            Runnable use = () -> {
                try (Lease lease = pool.acquireBlocking(rig.in(Duration.ofHours(1)))) {
                    served.addAndGet(lease.channel().isActive() ? 1 : 0);
                } catch (Throwable failure) {
                    synchronized (failures) {
                        failures.add(failure);
                    }
                } finally {
                    done.countDown();
                }
            };
            startVirtualThread.invoke(null, use);
        }
        assertThat(done.await(60, TimeUnit.SECONDS)).isTrue();
        assertThat(failures).isEmpty();
        assertThat(served).hasValue(threads);
        assertThat(pool.stats().active()).isZero();
        assertThat(pool.stats().total()).isLessThanOrEqualTo(16);
    }
}
