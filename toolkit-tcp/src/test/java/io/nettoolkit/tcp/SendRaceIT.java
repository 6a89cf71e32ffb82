package io.nettoolkit.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.core.CloseReason;
import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.core.RejectedException;
import io.nettoolkit.core.RejectedException.Reason;
import io.nettoolkit.core.Transport;
import io.nettoolkit.testkit.LeakCheck;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedTransferQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Many threads send on one connection, against its cap, its close and each other. */
@SuppressWarnings("try") // the tests end connections early: that is what they are about
class SendRaceIT {

    private static final int THREADS = 8;
    private static final int FRAMES = 20_000;
    private static final int CLOSES = 50;
    private static final Limits SMALL =
            Limits.builder().writeQueueBytes(64 * 1024).build();

    @RegisterExtension
    static final LeakCheck LEAKS = new LeakCheck();

    static List<Transport> transports() {
        return TransportMatrix.available();
    }

    /** Refused senders wait for onWritable: one wake-up lost and the test stands still. */
    @ParameterizedTest
    @MethodSource("transports")
    void everyThreadKeepsItsOrderUnderTheCap(Transport transport) throws Exception {
        Arrivals arrivals = new Arrivals(THREADS);
        Room room = new Room();
        ExecutorService threads = Executors.newFixedThreadPool(THREADS);
        try (Rig rig = new Rig(transport, arrivals);
                TcpClient client = TcpClient.builder(Rig.FRAMING, room)
                        .eventLoops(rig.loops)
                        .limits(SMALL)
                        .build()) {
            Connection connection = connect(client, rig);
            AtomicLong highest = new AtomicLong();
            List<Future<Void>> senders = new ArrayList<>();
            for (int thread = 0; thread < THREADS; thread++) {
                int id = thread;
                senders.add(threads.submit((Callable<Void>) () -> {
                    for (int i = 0; i < FRAMES; i++) {
                        room.send(connection, frame(id, i, i % 200));
                        highest.accumulateAndGet(connection.pendingBytes(), Math::max);
                    }
                    return null;
                }));
            }
            for (Future<Void> sender : senders) {
                sender.get(4L * Rig.PATIENCE_SECONDS, TimeUnit.SECONDS);
            }
            arrivals.await((long) THREADS * FRAMES);

            // A refused reservation stands for a moment before it is taken back.
            assertThat(highest.get()).isLessThanOrEqualTo(64 * 1024 + THREADS * 300);
            assertThat(connection.pendingBytes()).isZero();
            assertThat(client.stats().framesOut()).isEqualTo((long) THREADS * FRAMES);
            assertThat(connection.isWritable()).isTrue();
        } finally {
            threads.shutdown();
        }
    }

    /** A close in the middle of a flood: what was taken arrives, what was not taken does not, and nothing is lost. */
    @ParameterizedTest
    @MethodSource("transports")
    void everyFrameTakenArrivesBeforeAnOrderlyEnd(Transport transport) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(THREADS);
        BlockingQueue<Arrivals> served = new LinkedTransferQueue<>();
        FrameHandler perConnection = new FrameHandler() {
            @Override
            public void onOpen(Connection connection) {
                Arrivals arrivals = new Arrivals(THREADS);
                connection.attach(arrivals);
                served.add(arrivals);
            }

            @Override
            public void onFrame(Connection connection, ByteBuf frame) {
                Arrivals arrivals = (Arrivals) connection.attachment();
                arrivals.onFrame(connection, frame);
            }
        };
        try (Rig rig = new Rig(transport, perConnection);
                TcpClient client = TcpClient.builder(Rig.FRAMING, (connection, frame) -> {})
                        .eventLoops(rig.loops)
                        .limits(SMALL)
                        .build()) {
            for (int round = 0; round < CLOSES; round++) {
                Connection connection = connect(client, rig);
                Arrivals arrivals = served.poll(Rig.PATIENCE_SECONDS, TimeUnit.SECONDS);
                assertThat(arrivals).isNotNull();
                long taken = closeAmongSenders(connection, arrivals, threads);
                assertThat(rig.nextClose().kind()).isEqualTo(Kind.PEER_CLOSED);
                arrivals.await(taken);
                assertThat(connection.pendingBytes()).isZero();
            }
        } finally {
            threads.shutdown();
        }
    }

    /** Answers how many frames were taken. Half of the threads send with {@code send}, the others with trySend. */
    private static long closeAmongSenders(Connection connection, Arrivals arrivals, ExecutorService threads)
            throws Exception {
        CountDownLatch busy = new CountDownLatch(THREADS * 10);
        List<Future<Long>> senders = new ArrayList<>();
        for (int thread = 0; thread < THREADS; thread++) {
            int id = thread;
            senders.add(threads.submit(
                    id % 2 == 0
                            ? () -> trySendUntilClosed(connection, id, busy)
                            : () -> sendUntilClosed(connection, id, busy)));
        }
        busy.await();
        assertThat(connection
                        .close()
                        .get(Rig.PATIENCE_SECONDS, TimeUnit.SECONDS)
                        .kind())
                .isEqualTo(Kind.LOCAL_CLOSED);
        long taken = 0;
        for (Future<Long> sender : senders) {
            taken += sender.get(Rig.PATIENCE_SECONDS, TimeUnit.SECONDS);
        }
        return taken;
    }

    private static long trySendUntilClosed(Connection connection, int id, CountDownLatch busy) {
        CompletableFuture<CloseReason> closed = connection.closed();
        ByteBuf frame = frame(id, 0, 0);
        int sent = 0;
        while (!closed.isDone()) {
            if (connection.trySend(frame)) {
                frame = frame(id, ++sent, 0);
                busy.countDown();
            } else {
                Thread.onSpinWait();
            }
        }
        frame.release();
        return sent;
    }

    /** Every future has an outcome: written, refused for want of room, or refused because of the close. */
    private static long sendUntilClosed(Connection connection, int id, CountDownLatch busy) throws Exception {
        List<CompletableFuture<Void>> sent = new ArrayList<>();
        while (true) {
            CompletableFuture<Void> outcome = connection.send(frame(id, sent.size(), 0));
            Reason refusal = refusal(outcome);
            if (refusal == Reason.SHUTTING_DOWN) {
                break;
            }
            if (refusal == null) {
                sent.add(outcome);
                busy.countDown();
            }
        }
        for (CompletableFuture<Void> written : sent) {
            written.get(Rig.PATIENCE_SECONDS, TimeUnit.SECONDS);
        }
        return sent.size();
    }

    /** A refusal is known at the call. */
    private static @Nullable Reason refusal(CompletableFuture<Void> outcome) throws Exception {
        if (!outcome.isCompletedExceptionally()) {
            return null;
        }
        Throwable cause = outcome.handle((nothing, thrown) -> thrown).get();
        assertThat(cause).isInstanceOf(RejectedException.class);
        return ((RejectedException) cause).reason();
    }

    private static Connection connect(TcpClient client, Rig rig) throws Exception {
        return client.connect(rig.endpoint(), Deadline.after(Duration.ofSeconds(Rig.PATIENCE_SECONDS)))
                .get(Rig.PATIENCE_SECONDS, TimeUnit.SECONDS);
    }

    private static ByteBuf frame(int thread, int number, int padding) {
        return Unpooled.buffer(8 + padding).writeInt(thread).writeInt(number).writeZero(padding);
    }

    /** Checks on arrival that each thread's frames come in order and without a gap. */
    private static final class Arrivals implements FrameHandler {

        private final int[] next;
        private final AtomicLong count = new AtomicLong();
        private final CompletableFuture<Void> done = new CompletableFuture<>();
        private volatile long wanted = Long.MAX_VALUE;

        Arrivals(int threads) {
            next = new int[threads];
        }

        @Override
        public void onFrame(Connection connection, ByteBuf frame) {
            int thread = frame.readInt();
            int number = frame.readInt();
            if (next[thread]++ != number) {
                done.completeExceptionally(new AssertionError(
                        "thread " + thread + ": frame " + number + " came as " + (next[thread] - 1)));
            }
            if (count.incrementAndGet() == wanted) {
                done.complete(null);
            }
        }

        void await(long frames) throws Exception {
            wanted = frames;
            if (count.get() >= frames) {
                done.complete(null);
            }
            try {
                done.get(Rig.PATIENCE_SECONDS, TimeUnit.SECONDS);
            } catch (TimeoutException late) {
                throw new AssertionError(count.get() + " of " + frames + " frames arrived", late);
            }
            assertThat(count.get()).isEqualTo(frames);
        }
    }

    /** Waits for room as a user would: told by onWritable. */
    private static final class Room implements FrameHandler {

        private long tellings;

        @Override
        public void onFrame(Connection connection, ByteBuf frame) {}

        @Override
        public synchronized void onWritable(Connection connection) {
            tellings++;
            notifyAll();
        }

        private synchronized long tellings() {
            return tellings;
        }

        private synchronized void awaitMoreThan(long heard) throws InterruptedException {
            Deadline patience = Deadline.after(Duration.ofSeconds(Rig.PATIENCE_SECONDS));
            while (tellings == heard) {
                if (patience.isExpired()) {
                    throw new AssertionError("refused, and nobody said when there was room again");
                }
                wait(1 + patience.remaining().toMillis());
            }
        }

        void send(Connection connection, ByteBuf frame) throws InterruptedException {
            while (true) {
                long heard = tellings();
                if (connection.trySend(frame)) {
                    return;
                }
                awaitMoreThan(heard);
            }
        }
    }
}
