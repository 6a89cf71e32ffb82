package io.nettoolkit.pool;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.RejectedException;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.testkit.LeakCheck;
import io.netty.util.concurrent.Ticker;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * A host is forgotten between the moment at which a caller found its pool and that at which the caller asks it. What a caller
 * does in between is to read the clock, so the clock is where this test comes in.
 */
@ExtendWith(LeakCheck.class)
class KeyedRemovalTest {

    private static final Duration SECOND = Duration.ofSeconds(1);

    private final ManyHosts hosts = new ManyHosts();
    private final AtomicReference<Runnable> meanwhile = new AtomicReference<>(() -> {});
    private final Thread caller = Thread.currentThread();
    private final TimeSource time = TimeSource.of(new Interrupting());
    private KeyedConnectionPool<String> pool;

    /** Reads the clock, and lets something happen first, once, where it is the caller who reads it. */
    private final class Interrupting implements Ticker {

        @Override
        public long nanoTime() {
            if (Thread.currentThread() == caller) {
                meanwhile.getAndSet(() -> {}).run();
            }
            return hosts.time.nanoTime();
        }

        @Override
        public long initialNanoTime() {
            return 0;
        }

        @Override
        public void sleep(long delay, TimeUnit unit) {
            throw new UnsupportedOperationException();
        }
    }

    @BeforeEach
    void makeAHostThatIsAboutToBeForgotten() {
        pool = hosts.pool("a")
                .timeSource(time)
                .hostTimeout(SECOND)
                .config(PoolConfig.builder().idleTimeout(Duration.ZERO).build())
                .build();
        hosts.leaseOf(pool.acquire("a", deadline())).discard(new IllegalStateException("so that nothing is left"));
        hosts.settle();
        assertThat(pool.stats().hosts()).isEqualTo(1);
    }

    @AfterEach
    void end() {
        pool.close();
        hosts.advance(SECOND);
        assertThat(hosts.connections).hasValue(0);
        hosts.close();
    }

    private void forget() {
        hosts.advance(Duration.ofSeconds(3));
        assertThat(pool.stats().removedHosts()).isEqualTo(1);
    }

    @Test
    void servesACallerThatAskedThePoolThatWas() {
        Deadline deadline = deadline();
        meanwhile.set(this::forget);
        CompletableFuture<Lease> acquired = pool.acquire("a", deadline);

        hosts.leaseOf(acquired).release();
        assertThat(pool.stats().hosts()).isEqualTo(1);
    }

    @Test
    void servesAThreadThatAskedThePoolThatWas() throws Exception {
        Deadline deadline = deadline();
        meanwhile.set(this::forget);
        assertThat(pool.acquireBlocking("a", deadline).release()).isTrue();
        assertThat(pool.stats().hosts()).isEqualTo(1);
    }

    @Test
    void cancelsWhatWasAskedAgain() {
        hosts.connectTime(SECOND);
        Deadline deadline = deadline();
        meanwhile.set(this::forget);
        CompletableFuture<Lease> acquired = pool.acquire("a", deadline);
        hosts.settle();
        assertThat(acquired).isNotDone();
        assertThat(pool.stats().sum().pending()).isEqualTo(1);

        assertThat(acquired.cancel(false)).isTrue();
        hosts.settle();
        assertThat(pool.stats().sum().pending()).isZero();
    }

    @Test
    void refusesACallerWhereThePoolWasClosedMeanwhile() {
        Deadline deadline = deadline();
        meanwhile.set(() -> {
            pool.close();
            hosts.settle();
        });
        CompletableFuture<Lease> acquired = pool.acquire("a", deadline);
        assertThat(hosts.failureOf(acquired))
                .isInstanceOfSatisfying(
                        RejectedException.class,
                        refused -> assertThat(refused.reason()).isEqualTo(RejectedException.Reason.SHUTTING_DOWN));
    }

    private Deadline deadline() {
        return Deadline.after(Duration.ofMinutes(1), time);
    }
}
