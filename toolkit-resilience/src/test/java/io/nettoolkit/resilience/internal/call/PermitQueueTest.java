package io.nettoolkit.resilience.internal.call;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PermitQueueTest {

    /** The count of granted permits wraps in its word after 2^24, and its top bit changes after 2^23. */
    @Test
    void countsGrantsBeyondTheFieldTheyAreIn() {
        for (long start : new long[] {(1L << 23) - 3, (1L << 24) - 3, (1L << 40) - 3, 5}) {
            PermitQueue queue = new PermitQueue(2, 0);
            queue.skip(start);
            assertThat(queue.granted()).isEqualTo(start);
            for (int i = 1; i <= 6; i++) {
                assertThat(queue.tryAcquire()).isTrue();
                assertThat(queue.granted()).isEqualTo(start + i);
                queue.release();
                assertThat(queue.inFlight()).isZero();
                assertThat(queue.queued()).isZero();
            }
        }
    }

    @Test
    void holdsAsManyAsItCanSay() {
        PermitQueue queue = new PermitQueue(PermitQueue.MAX, 0);
        for (int i = 0; i < PermitQueue.MAX; i++) {
            assertThat(queue.tryAcquire()).isTrue();
        }
        assertThat(queue.tryAcquire()).isFalse();
        assertThat(queue.inFlight()).isEqualTo(PermitQueue.MAX);
        assertThat(queue.queued()).isZero();
        assertThat(queue.granted()).isEqualTo(PermitQueue.MAX);
    }
}
