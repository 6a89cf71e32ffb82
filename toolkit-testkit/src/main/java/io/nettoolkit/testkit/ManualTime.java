package io.nettoolkit.testkit;

import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.util.concurrent.MockTicker;
import io.netty.util.concurrent.Ticker;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * A clock that moves only when a test says so, and drives everything that waits for it in step: a Netty ticker, a
 * scheduled executor, embedded channels, and event loops with real sockets.
 *
 * <pre>{@code
 * try (ManualTime time = ManualTime.create()) {
 *     EmbeddedChannel channel = time.attach(EmbeddedChannel.builder()
 *             .ticker(time.ticker())
 *             .handlers(new ReadTimeoutHandler(30))
 *             .build());
 *     time.advance(Duration.ofSeconds(29));
 *     assertThat(channel.isOpen()).isTrue();
 *     time.advance(Duration.ofSeconds(1));
 *     assertThat(channel.isOpen()).isFalse();
 * }
 * }</pre>
 *
 * <p>{@link #advance} stops at each instant at which something is due, so every task reads exactly the time it was
 * scheduled for; tasks that tasks schedule run in the same advance if they fall due in it. At one instant the executor
 * goes first (in the order of scheduling), then the attached channels, then the event loops, and again until nothing is
 * due.
 *
 * <p><b>Threading.</b> The clock may be read, and tasks scheduled, on any thread. One thread at a time may advance;
 * tasks of {@link #executor()} and of attached channels run on it, tasks of event loops on their own thread while it
 * waits for them. A task must not advance the clock.
 *
 * <p><b>Life cycle.</b> {@link #close()} ends the executor and the event loops; attached channels stay the caller's.
 *
 * <p><b>Failure.</b> A command given to {@code executor().execute} that throws makes {@link #advance} throw the same
 * exception at that instant, and the next advance goes on from there. All other tasks keep their failure in their
 * future. An event loop that does not get through its tasks within 10 real seconds (because it is blocked) ends the
 * advance with an {@link IllegalStateException}.
 */
public final class ManualTime implements AutoCloseable {

    private static final Duration LOOP_PATIENCE = Duration.ofSeconds(10);

    private static final long START_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final MockTicker clock = Ticker.newMockTicker();
    private final MockTicker ticker = new SteppingTicker();
    private final ManualExecutor executor = new ManualExecutor(this);
    private final ManualEventLoops eventLoops = new ManualEventLoops(ticker, LOOP_PATIENCE);
    private final List<EmbeddedChannel> channels = new CopyOnWriteArrayList<>();
    private final AtomicReference<@Nullable Thread> advancing = new AtomicReference<>();

    private ManualTime() {
        moveTo(START_NANOS);
    }

    /** A clock that has not been advanced yet. */
    public static ManualTime create() {
        return new ManualTime();
    }

    /**
     * The clock as Netty takes it, for {@link EmbeddedChannel.Builder#ticker}. Advancing it is the same as advancing
     * this object.
     */
    public MockTicker ticker() {
        return ticker;
    }

    /**
     * What the clock reads, in nanoseconds. It does not begin at 0, as a system's clock does not, and code (Netty's
     * too) often takes 0 for "never"; compare readings, or use {@link #elapsed()}.
     */
    public long nanoTime() {
        return clock.nanoTime();
    }

    /** How far this clock has been advanced since it was made. */
    public Duration elapsed() {
        return Duration.ofNanos(nanoTime() - START_NANOS);
    }

    /**
     * An executor on this clock. Its tasks, those for "now" too, run in {@link #advance} on the thread that calls it
     * and nowhere else: whoever waits for one of its futures needs another thread to advance. Its
     * {@code awaitTermination} waits by advancing the clock; before {@code shutdown} it answers false at once.
     * {@code shutdown} drops periodic tasks and keeps delayed ones, {@code shutdownNow} drops all and interrupts
     * nothing.
     */
    public ScheduledExecutorService executor() {
        return executor;
    }

    /**
     * Moves the clock forward and runs whatever falls due on the way.
     *
     * @param duration how far; zero runs what is due now, such as commands given to {@code executor().execute}
     */
    public void advance(Duration duration) {
        Objects.requireNonNull(duration, "duration: must not be null");
        if (duration.isNegative()) {
            throw new IllegalArgumentException("duration: " + duration + " (must not be negative)");
        }
        if (duration.compareTo(Duration.ofNanos(Long.MAX_VALUE - nanoTime())) >= 0) {
            throw new IllegalArgumentException("duration: " + duration + " (must not take the clock past 292 years)");
        }
        advanceNanos(duration.toNanos());
    }

    /**
     * Lets this clock run the tasks of a channel from now on, until the channel is closed.
     *
     * @param channel built with {@code EmbeddedChannel.builder().ticker(time.ticker())}
     * @return the channel
     */
    public <C extends EmbeddedChannel> C attach(C channel) {
        Objects.requireNonNull(channel, "channel: must not be null");
        if (channel.eventLoop().ticker() != ticker) {
            throw new IllegalArgumentException("channel: " + channel
                    + " (must be built on this clock: EmbeddedChannel.builder().ticker(time.ticker()))");
        }
        channels.add(channel);
        return channel;
    }

    /** One NIO event loop on this clock, as {@link #newEventLoopGroup(int, IoHandlerFactory)}. */
    public EventLoopGroup newEventLoopGroup() {
        return newEventLoopGroup(1, NioIoHandler.newFactory());
    }

    /**
     * Event loops with daemon threads, real I/O and virtual timers: {@link #advance} returns when every loop has run
     * each task that fell due. Bytes those tasks wrote may still be under way then, as sockets know no virtual time.
     * Quiet periods are taken as zero when the group shuts down, since a clock that stands would never pass them.
     *
     * @param threads the number of loops, at least 1
     * @param ioHandlerFactory the transport, such as {@code EpollIoHandler.newFactory()}
     * @return the group, ended by {@link #close()} at the latest
     */
    public EventLoopGroup newEventLoopGroup(int threads, IoHandlerFactory ioHandlerFactory) {
        Objects.requireNonNull(ioHandlerFactory, "ioHandlerFactory: must not be null");
        if (threads < 1) {
            throw new IllegalArgumentException("threads: " + threads + " (must be at least 1)");
        }
        return eventLoops.newGroup(threads, ioHandlerFactory);
    }

    /** Drops the executor's tasks, shuts the event loops down and waits for their threads; more calls do nothing. */
    @Override
    public void close() {
        executor.shutdownNow();
        eventLoops.close();
    }

    @Override
    public String toString() {
        return "ManualTime(" + elapsed() + ")";
    }

    void advanceNanos(long nanos) {
        if (!advancing.compareAndSet(null, Thread.currentThread())) {
            throw new IllegalStateException(
                    advancing.get() == Thread.currentThread()
                            ? "a task that the clock runs must not advance the clock"
                            : "another thread is advancing this clock: one at a time may");
        }
        try {
            long target = nanoTime() + nanos;
            for (long next = settle(); next <= target; next = settle()) {
                moveTo(next);
            }
            moveTo(target);
        } finally {
            advancing.set(null);
        }
    }

    private void moveTo(long nanos) {
        clock.advance(nanos - nanoTime(), TimeUnit.NANOSECONDS);
    }

    /** Runs all that is due now; answers when the next task is due, {@link Long#MAX_VALUE} for none. */
    private long settle() {
        long next;
        do {
            executor.runDue();
            channels.forEach(EmbeddedChannel::runPendingTasks);
            next = eventLoops.settle();
        } while (executor.hasDue() || channels.stream().anyMatch(EmbeddedChannel::hasPendingTasks));
        channels.removeIf(channel -> !channel.isOpen());
        for (EmbeddedChannel channel : channels) {
            long delay = channel.runScheduledPendingTasks();
            if (delay >= 0) {
                next = Math.min(next, nanoTime() + delay);
            }
        }
        return Math.min(next, executor.nextDueNanos());
    }

    /** The clock handed out: advancing it runs the tasks too, so that nothing falls out of step. */
    private final class SteppingTicker implements MockTicker {

        @Override
        public long nanoTime() {
            return clock.nanoTime();
        }

        @Override
        public void advance(long amount, TimeUnit unit) {
            ManualTime.this.advance(Duration.of(amount, unit.toChronoUnit()));
        }

        @Override
        public void sleep(long delay, TimeUnit unit) throws InterruptedException {
            clock.sleep(delay, unit);
        }

        @Override
        public String toString() {
            return ManualTime.this.toString();
        }
    }
}
