package io.nettoolkit.pool.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.pool.ConnectionPool.CloseCause;
import io.nettoolkit.pool.ConnectionPool.Listener;
import io.nettoolkit.pool.Lease;
import io.nettoolkit.pool.PoolConfig;
import io.nettoolkit.testkit.ManualTime;
import io.netty.channel.Channel;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.embedded.EmbeddedChannel;
import java.time.Duration;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a pool of many hosts needs of a host's: a shared cap, and room made for others. */
class HostPoolTest {

    private final ManualTime time = ManualTime.create();
    private final TimeSource timeSource = TimeSource.of(time.ticker());
    private final EventLoopGroup loops = time.newEventLoopGroup();
    private final Cap cap = new Cap();

    private static final class Cap implements Permits {
        int free = 2;
        HostPool<?> next;

        @Override
        public boolean tryTake() {
            if (free == 0) {
                return false;
            }
            free--;
            return true;
        }

        @Override
        public void giveBack() {
            HostPool<?> host = next;
            next = null;
            if (host == null) {
                free++;
            } else {
                host.grantPermit();
            }
        }

        @Override
        public void want(HostPool<?> host) {
            next = host;
        }
    }

    @AfterEach
    void close() {
        time.close();
    }

    private HostPool<String> host(String name, int minIdle) {
        HostPool<String> host = new HostPool<>(
                name,
                (key, loop, deadline) -> CompletableFuture.completedFuture((Channel) new EmbeddedChannel()),
                new HostPool.Parts(
                        name,
                        PoolConfig.builder().minIdle(minIdle).build(),
                        loops,
                        null,
                        Listener.NONE,
                        timeSource,
                        new SplittableRandom(1)),
                cap);
        host.start();
        return host;
    }

    private CompletableFuture<Lease> acquire(HostPool<String> host) {
        return host.acquire(Deadline.after(Duration.ofSeconds(5), timeSource));
    }

    @Test
    void waitsForItsTurnAtTheCap() {
        HostPool<String> one = host("one", 0);
        HostPool<String> two = host("two", 0);
        one.warmUp(2);
        assertThat(cap.free).isZero();
        acquire(two);
        assertThat(cap.next).isSameAs(two);
        assertThat(two.stats().total()).isZero();

        assertThat(one.evictOldestIdle()).isTrue();

        assertThat(two.stats().active()).isEqualTo(1);
        assertThat(one.stats().total()).isEqualTo(1);
        assertThat(one.stats().closes()).containsEntry(CloseCause.EVICTED, 1L);
    }

    @Test
    void givesBackAPermitItHasNoUseFor() {
        HostPool<String> one = host("one", 0);
        cap.free = 0;
        one.grantPermit();
        assertThat(cap.free).isEqualTo(1);
        assertThat(one.key()).isEqualTo("one");
    }

    @Test
    void evictsWhatWasIdleLongestAndKeepsItsMinimum() {
        HostPool<String> one = host("one", 1);
        assertThat(one.isEmpty()).isFalse();
        one.warmUp(2);
        long warm = timeSource.nanoTime();
        time.advance(Duration.ofSeconds(1));
        Lease used = one.tryAcquire();
        used.release();

        assertThat(one.oldestIdleNanos()).isEqualTo(warm);
        assertThat(one.evictOldestIdle()).isTrue();
        assertThat(used.isReused()).isFalse();
        assertThat(one.stats().idle()).isEqualTo(1);
        assertThat(one.tryAcquire().channel()).isNotNull();
        assertThat(one.evictOldestIdle()).as("the minimum stays").isFalse();
        assertThat(one.oldestIdleNanos()).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void isEmptyWithoutConnectionsAndCallers() {
        HostPool<String> one = host("one", 0);
        assertThat(one.isEmpty()).isTrue();
        acquire(one);
        assertThat(one.isEmpty()).isFalse();
    }
}
