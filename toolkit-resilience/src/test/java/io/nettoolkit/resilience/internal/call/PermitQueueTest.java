package io.nettoolkit.resilience.internal.call;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.resilience.internal.call.PermitQueue.Entry;
import io.nettoolkit.resilience.internal.call.PermitQueue.Fate;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.Test;

class PermitQueueTest {

    private static final class Waiter extends PermitQueue.Waiter {
        @Override
        void onGranted() {}
    }

    /** Lets something happen between two steps of whoever polls. */
    private static final class HookedQueue extends ConcurrentLinkedQueue<PermitQueue.Waiter> {
        private static final long serialVersionUID = 1;
        private final transient Deque<Runnable> afterPoll = new ArrayDeque<>();

        @Override
        public PermitQueue.Waiter poll() {
            PermitQueue.Waiter polled = super.poll();
            Runnable next = afterPoll.poll();
            if (next != null) {
                next.run();
            }
            return polled;
        }
    }

    /**
     * A release has a permit in hand and finds that the only waiter was cancelled meanwhile; before it gives the permit back,
     * another waiter comes, and sees no free permit. Neither may leave it to the other.
     */
    @Test
    void aWaiterThatComesWhileAPermitIsInHandIsServed() {
        HookedQueue hooked = new HookedQueue();
        PermitQueue queue = new PermitQueue(1, 2, hooked);
        Waiter cancelled = new Waiter();
        Waiter late = new Waiter();
        queue.tryAcquire();
        assertThat(queue.enter(cancelled)).isEqualTo(Entry.QUEUED);
        hooked.afterPoll.add(
                () -> assertThat(queue.leave(cancelled, Fate.CANCELLED)).isTrue());
        hooked.afterPoll.add(() -> assertThat(queue.enter(late)).isEqualTo(Entry.QUEUED));

        queue.release();

        assertThat(late.fate()).isEqualTo(Fate.GRANTED);
        assertThat(queue.inFlight()).isEqualTo(1);
        assertThat(queue.queued()).isZero();
        queue.release();
        assertThat(queue.tryAcquire()).isTrue();
    }

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
