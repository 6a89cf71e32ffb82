package io.nettoolkit.dns.internal.cache;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class HitCounterTest {

    /** More threads than stripes, so that some share one. */
    @Test
    void losesNothingWhateverThreadsShareAStripe() throws Exception {
        int threads = 100;
        int each = 10_000;
        HitCounter hits = new HitCounter();
        List<Thread> all = new ArrayList<>();
        for (int i = 0; i < threads; i++) {
            Thread thread = new Thread(() -> {
                for (int n = 0; n < each; n++) {
                    hits.increment();
                }
            });
            thread.start();
            all.add(thread);
        }
        for (Thread thread : all) {
            thread.join();
        }

        assertThat(hits.sum()).isEqualTo((long) threads * each);
    }
}
