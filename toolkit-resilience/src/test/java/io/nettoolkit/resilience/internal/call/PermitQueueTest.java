package io.nettoolkit.resilience.internal.call;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.resilience.internal.call.PermitQueue.Entry;
import io.nettoolkit.resilience.internal.call.PermitQueue.Fate;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.Test;

class PermitQueueTest {

    /** Shortly before a wrap of a half, of a whole, of many; and nowhere near one. */
    private static final long[] STARTS = {(1L << 23) - 3, (1L << 24) - 3, (1L << 40) - 3, 5};

    private static final class Waiter extends PermitQueue.Waiter {
        @Override
        void onGranted() {}
    }

    /** Lets something happen between two steps of whoever polls, or of whoever comes. */
    private static final class HookedQueue extends ConcurrentLinkedQueue<PermitQueue.Waiter> {
        private static final long serialVersionUID = 1;
        private final transient Deque<Runnable> afterPoll = new ArrayDeque<>();
        private transient Runnable beforeAdd = () -> {};

        @Override
        public boolean add(PermitQueue.Waiter waiter) {
            beforeAdd.run();
            return super.add(waiter);
        }

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

    /**
     * A waiter has its place but is not in the queue yet when the last permit comes back: who releases it finds nobody, and
     * goes; the waiter finds the permit.
     */
    @Test
    void aWaiterWhoseReleaseCameTooEarlyServesItself() {
        HookedQueue hooked = new HookedQueue();
        PermitQueue queue = new PermitQueue(1, 1, hooked);
        Waiter waiter = new Waiter();
        queue.tryAcquire();
        hooked.beforeAdd = () -> {
            queue.release();
            assertThat(queue.inFlight()).isZero();
            assertThat(queue.queued()).isEqualTo(1);
            assertThat(waiter.fate()).isEqualTo(Fate.WAITING);
        };

        assertThat(queue.enter(waiter)).isEqualTo(Entry.QUEUED);

        assertThat(waiter.fate()).isEqualTo(Fate.GRANTED);
        assertThat(queue.inFlight()).isEqualTo(1);
        assertThat(queue.queued()).isZero();
    }

    @Test
    void whoEntersWhileAPermitIsFreeHasItWithoutWaiting() {
        PermitQueue queue = new PermitQueue(2, 1);
        Waiter first = new Waiter();

        assertThat(queue.enter(first)).isEqualTo(Entry.GRANTED);
        assertThat(queue.enter(new Waiter())).isEqualTo(Entry.GRANTED);

        assertThat(first.fate()).as("it never waited").isEqualTo(Fate.WAITING);
        assertThat(queue.inFlight()).isEqualTo(2);
        assertThat(queue.granted()).isEqualTo(2);
        assertThat(queue.enter(new Waiter())).isEqualTo(Entry.QUEUED);
        assertThat(queue.enter(new Waiter())).isEqualTo(Entry.REFUSED);
        assertThat(queue.inFlight()).isEqualTo(2);
        assertThat(queue.queued()).isEqualTo(1);
        assertThat(queue.granted()).isEqualTo(2);
    }

    @Test
    void aWaitEndsOnce() {
        PermitQueue queue = new PermitQueue(1, 1);
        Waiter waiter = new Waiter();
        queue.tryAcquire();
        queue.enter(waiter);

        assertThat(queue.leave(waiter, Fate.EXPIRED)).isTrue();
        assertThat(queue.leave(waiter, Fate.CANCELLED)).isFalse();
        assertThat(waiter.fate()).isEqualTo(Fate.EXPIRED);
        assertThat(queue.queued()).isZero();
        queue.release();
        assertThat(queue.inFlight()).as("nobody waits any longer").isZero();
    }

    /** The count of granted permits wraps in its word after 2^24, and its top bit changes after 2^23. */
    @Test
    void countsGrantsBeyondTheFieldTheyAreIn() {
        for (long start : STARTS) {
            PermitQueue queue = new PermitQueue(2, 0);
            queue.skip(start, start >>> 23);
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
    void countsGrantsOfThoseWhoEnterAndOfThoseWhoWaitLikewise() {
        for (long start : STARTS) {
            PermitQueue queue = new PermitQueue(1, 1);
            queue.skip(start, start >>> 23);
            assertThat(queue.enter(new Waiter())).isEqualTo(Entry.GRANTED);
            for (int i = 1; i <= 6; i++) {
                Waiter gaveUp = new Waiter();
                assertThat(queue.enter(gaveUp)).isEqualTo(Entry.QUEUED);
                assertThat(queue.leave(gaveUp, Fate.CANCELLED)).isTrue();
                Waiter waiter = new Waiter();
                assertThat(queue.enter(waiter)).isEqualTo(Entry.QUEUED);
                assertThat(queue.granted()).isEqualTo(start + i);
                queue.release();
                assertThat(waiter.fate()).isEqualTo(Fate.GRANTED);
                assertThat(queue.granted()).isEqualTo(start + i + 1);
                assertThat(queue.inFlight()).isEqualTo(1);
                assertThat(queue.queued()).isZero();
            }
        }
        for (long start : STARTS) {
            PermitQueue queue = new PermitQueue(3, 1);
            queue.skip(start, start >>> 23);
            for (int i = 1; i <= 6; i++) {
                assertThat(queue.enter(new Waiter())).isEqualTo(Entry.GRANTED);
                assertThat(queue.granted()).isEqualTo(start + i);
                queue.release();
            }
        }
    }

    /** Between the exchange of the word and the count of its wrap, a reader has to count that wrap itself. */
    @Test
    void countsAWrapThatIsNotWrittenDownYet() {
        for (long wraps = 1; wraps <= 4; wraps++) {
            PermitQueue queue = new PermitQueue(1, 0);
            queue.skip((wraps << 23) + 2, wraps - 1);

            assertThat(queue.granted()).isEqualTo((wraps << 23) + 2);
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
