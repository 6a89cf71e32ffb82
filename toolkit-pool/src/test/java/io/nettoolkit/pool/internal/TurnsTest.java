package io.nettoolkit.pool.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.EventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.local.LocalIoHandler;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class TurnsTest {

    private final MultiThreadIoEventLoopGroup group = new MultiThreadIoEventLoopGroup(1, LocalIoHandler.newFactory());
    private final EventLoop loop = group.next();
    private final List<String> told = new ArrayList<>();

    @AfterEach
    void close() {
        group.shutdownGracefully(0, 5, TimeUnit.SECONDS).syncUninterruptibly();
    }

    private Turns turns() throws Exception {
        return loop.submit(() -> Turns.of(loop)).get(20, TimeUnit.SECONDS);
    }

    private void settle() throws Exception {
        for (int i = 0; i < 3; i++) {
            loop.submit(() -> {}).get(20, TimeUnit.SECONDS);
        }
    }

    @Test
    void letsTheFirstGoOnBeforeTheSecondIsTold() throws Exception {
        Turns turns = turns();
        loop.execute(() -> {
            turns.execute(() -> {
                told.add("first");
                loop.execute(() -> told.add("what the first does next"));
            });
            turns.execute(() -> told.add("second"));
        });
        settle();
        assertThat(told).containsExactly("first", "what the first does next", "second");
    }

    @Test
    void belongToTheLoop() throws Exception {
        assertThat(turns()).isSameAs(turns());
    }

    @Test
    void goOnAfterOneThatThrows() throws Exception {
        Turns turns = turns();
        loop.execute(() -> {
            turns.execute(() -> {
                throw new IllegalStateException("as the test wants it");
            });
            turns.execute(() -> told.add("second"));
        });
        settle();
        assertThat(told).containsExactly("second");
    }

    @Test
    void tellOnTheCallersThreadWhenTheLoopIsGone() throws Exception {
        Turns turns = turns();
        close();
        turns.execute(() -> told.add(Thread.currentThread().getName()));
        turns.execute(() -> told.add("again"));
        assertThat(told).containsExactly(Thread.currentThread().getName(), "again");
    }

    @Test
    void tellEachOfManyThreadsTasksOnce() throws Exception {
        Turns turns = turns();
        int threads = 4;
        int each = 20_000;
        CountDownLatch all = new CountDownLatch(threads * each);
        int[] count = new int[1];
        for (int i = 0; i < threads; i++) {
            new Thread(() -> {
                        for (int j = 0; j < each; j++) {
                            turns.execute(() -> {
                                count[0]++;
                                all.countDown();
                            });
                        }
                    })
                    .start();
        }
        assertThat(all.await(60, TimeUnit.SECONDS)).isTrue();
        settle();
        assertThat(loop.submit(() -> count[0]).get(20, TimeUnit.SECONDS)).isEqualTo(threads * each);
    }
}
