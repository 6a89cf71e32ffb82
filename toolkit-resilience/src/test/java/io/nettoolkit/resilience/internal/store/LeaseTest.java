package io.nettoolkit.resilience.internal.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.core.TimeSource;
import io.netty.util.concurrent.MockTicker;
import io.netty.util.concurrent.Ticker;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class LeaseTest {

    private final MockTicker ticker = Ticker.newMockTicker();
    private final Lease lease = new Lease(64, TimeSource.of(ticker));

    @Test
    void spendsWhatIsThereAndNoMore() {
        assertThat(lease.spend(1)).isFalse();
        lease.add(5);
        assertThat(lease.spend(3)).isTrue();
        assertThat(lease.spend(3)).isFalse();
        assertThat(lease.left()).isEqualTo(2);
        assertThat(lease.spend(2)).isTrue();
        assertThat(lease.left()).isZero();
    }

    @Test
    void isGoneAfterASecond() {
        lease.add(5);
        ticker.advance(Lease.LIFE_NANOS - 1, TimeUnit.NANOSECONDS);
        assertThat(lease.spend(1)).isTrue();
        ticker.advance(1, TimeUnit.NANOSECONDS);
        assertThat(lease.spend(1)).isFalse();
        assertThat(lease.left()).isZero();
        assertThat(lease.add(7)).as("what was lost").isEqualTo(4);
        assertThat(lease.left()).isEqualTo(7);
    }

    @Test
    void isLowAtHalfOfWhatIsBorrowedAtOnce() {
        for (int i = 0; i < 3; i++) {
            lease.resize();
        }
        assertThat(lease.size()).isEqualTo(8);
        lease.add(8);
        assertThat(lease.spend(3)).isTrue();
        assertThat(lease.isLow()).isFalse();
        assertThat(lease.spend(1)).isTrue();
        assertThat(lease.isLow()).isTrue();
    }

    @Test
    void borrowsForTenToFiftyMillis() {
        for (int i = 0; i < 20; i++) {
            lease.resize();
        }
        assertThat(lease.size()).as("at most").isEqualTo(64);
        ticker.advance(10, TimeUnit.MILLISECONDS);
        lease.resize();
        ticker.advance(50, TimeUnit.MILLISECONDS);
        lease.resize();
        assertThat(lease.size()).as("in between").isEqualTo(64);
        ticker.advance(51, TimeUnit.MILLISECONDS);
        lease.resize();
        assertThat(lease.size()).isEqualTo(32);
        for (int i = 0; i < 20; i++) {
            ticker.advance(51, TimeUnit.MILLISECONDS);
            lease.resize();
        }
        assertThat(lease.size()).as("at least").isEqualTo(1);
    }

    @Test
    void neverSpendsAPermitTwiceWhateverTheThreads() throws Exception {
        int added = 300_000;
        AtomicLong spent = new AtomicLong();
        List<Thread> threads = new ArrayList<>();
        for (int t = 0; t < 3; t++) {
            int count = 1 + t;
            Thread thread = new Thread(() -> {
                long mine = 0;
                for (int misses = 0; misses < 100_000; ) {
                    if (lease.spend(count)) {
                        mine += count;
                    } else {
                        misses++;
                    }
                }
                spent.addAndGet(mine);
            });
            threads.add(thread);
            thread.start();
        }
        for (int i = 0; i < added / 100; i++) {
            lease.add(100);
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(spent.get() + lease.left()).isEqualTo(added);
    }
}
