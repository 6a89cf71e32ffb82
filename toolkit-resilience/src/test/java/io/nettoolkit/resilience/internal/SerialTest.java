package io.nettoolkit.resilience.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

class SerialTest {

    private final Serial<String> serial = new Serial<>();
    private final List<String> ran = new ArrayList<>();

    @Test
    void aStepFromWithinAStepRunsAfterIt() {
        serial.run(
                outer -> {
                    serial.run(inner -> ran.add("inner"), "own");
                    ran.add("outer");
                },
                "context");

        assertThat(ran).containsExactly("outer", "inner");
    }

    @Test
    void whoComesMeanwhileGoesOnAndLeavesItsStepWithTheThreadAtWork() throws Exception {
        Thread comes = new Thread(() -> serial.run(context -> ran.add(context), "of who comes"));
        serial.run(
                context -> {
                    comes.start();
                    try {
                        // It ends although this step does not.
                        comes.join();
                    } catch (InterruptedException e) {
                        throw new IllegalStateException(e);
                    }
                    ran.add("first");
                },
                "of the thread at work");

        assertThat(ran).containsExactly("first", "of the thread at work");
    }

    @Test
    void aStepThatThrowsStopsNoOther() {
        IllegalStateException failure = new IllegalStateException("step");

        assertThatThrownBy(() -> serial.run(
                        outer -> {
                            serial.run(inner -> ran.add("next"), "own");
                            throw failure;
                        },
                        "context"))
                .isSameAs(failure);
        assertThat(ran).containsExactly("next");
        serial.run(context -> ran.add("later"), "context");
        assertThat(ran).containsExactly("next", "later");
    }

    /** Plain sums: a step that overlapped another, or did not see what it wrote, would lose some. */
    @Test
    void stepsOfManyThreadsRunOneAtATime() throws Exception {
        int threads = 4;
        int each = 50_000;
        int[] sum = {0};
        CountDownLatch begin = new CountDownLatch(1);
        List<Thread> all = new ArrayList<>();
        for (int i = 0; i < threads; i++) {
            Thread thread = new Thread(() -> {
                try {
                    begin.await();
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
                for (int n = 0; n < each; n++) {
                    serial.run(context -> sum[0]++, "context");
                }
            });
            thread.start();
            all.add(thread);
        }
        begin.countDown();
        for (Thread thread : all) {
            thread.join();
        }

        int[] seen = {0};
        serial.run(context -> seen[0] = sum[0], "context");
        assertThat(seen[0]).isEqualTo(threads * each);
    }
}
