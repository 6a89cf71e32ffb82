package io.nettoolkit.benchmarks.load;

import io.nettoolkit.core.TimeSource;
import io.netty.util.NetUtil;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.HdrHistogram.Histogram;

/**
 * A load generator for servers that echo frames of a 4-byte big-endian length and its payload: one thread, one selector.
 *
 * <p>Run alone: {@code EchoLoad HOST PORT CONNECTIONS DEPTH PAYLOAD_BYTES SECONDS [WARM_UP_SECONDS [MESSAGES_PER_SECOND]]}.
 * It prints {@value LoadResult#MEASURING} when the warm-up is over and one {@value LoadResult#MARK} line at the end.
 *
 * <p>An open loop spins instead of sleeping, so that it sends on time; its processor share is always 1 and says
 * nothing, look at how late it sent instead.
 *
 * <p><b>Threading.</b> Confined to the thread that calls {@link #run}.
 *
 * <p><b>Failure.</b> A connection that is refused, closed or echoes something else ends the run with an
 * {@link IOException}.
 */
public final class EchoLoad {

    private static final int SCRATCH_BYTES = 1 << 18;
    private static final int PATTERN_BYTES = 1 << 16;
    private static final int MOST_UNANSWERED = 1 << 16;
    private static final long SELECT_MILLIS = 100;
    private static final long DRAIN_NANOS = Duration.ofSeconds(5).toNanos();

    private final LoadSpec spec;
    private final TimeSource time = TimeSource.system();
    private final ByteBuffer scratch = ByteBuffer.allocateDirect(SCRATCH_BYTES);
    private final Histogram latency = new Histogram(1, Duration.ofMinutes(1).toNanos(), 3);
    private final Histogram late = new Histogram(1, Duration.ofMinutes(1).toNanos(), 3);

    private boolean measuring;
    private boolean draining;
    private long messages;
    private long missed;

    private EchoLoad(LoadSpec spec) {
        this.spec = spec;
    }

    /** Runs as a program of its own. */
    public static void main(String[] arguments) throws IOException {
        if (arguments.length < 6) {
            System.err.println("usage: EchoLoad HOST PORT CONNECTIONS DEPTH PAYLOAD_BYTES SECONDS"
                    + " [WARM_UP_SECONDS [MESSAGES_PER_SECOND]]");
            System.exit(2);
        }
        LoadSpec spec = LoadSpec.parse(Arrays.asList(arguments));
        InetAddress host = NetUtil.createInetAddressFromIpAddressString(arguments[0]);
        if (host == null) {
            throw new IllegalArgumentException("HOST: " + arguments[0] + " (must be an IP address)");
        }
        InetSocketAddress server = new InetSocketAddress(host, Integer.parseInt(arguments[1]));
        System.out.println(run(server, spec, () -> System.out.println(LoadResult.MEASURING))
                .toLine());
    }

    /** Runs one load against {@code server}; {@code onMeasuring} is called when the warm-up is over. */
    public static LoadResult run(InetSocketAddress server, LoadSpec spec, Runnable onMeasuring) throws IOException {
        EchoLoad load = new EchoLoad(spec);
        List<LoadConnection> connections = new ArrayList<>();
        try (Selector selector = Selector.open()) {
            try {
                load.connect(server, selector, connections);
                return load.measure(selector, connections, onMeasuring);
            } finally {
                for (SelectionKey key : selector.keys()) {
                    key.channel().close();
                }
            }
        }
    }

    private void connect(InetSocketAddress server, Selector selector, List<LoadConnection> connections)
            throws IOException {
        int frameBytes = spec.shape().frameBytes();
        int frames = Math.max(spec.shape().depth(), PATTERN_BYTES / frameBytes + 1);
        ByteBuffer pattern = ByteBuffer.allocateDirect(frames * frameBytes);
        while (pattern.hasRemaining()) {
            writeFrame(pattern);
        }
        pattern.flip();
        for (int i = 0; i < spec.shape().connections(); i++) {
            SocketChannel channel = SocketChannel.open(server);
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            requireFaithfulEcho(channel);
            channel.configureBlocking(false);
            SelectionKey key = channel.register(selector, SelectionKey.OP_READ);
            LoadConnection connection = new LoadConnection(key, pattern, frameBytes);
            key.attach(connection);
            connections.add(connection);
        }
    }

    private void writeFrame(ByteBuffer to) {
        to.putInt(spec.shape().payloadBytes());
        for (int i = 0; i < spec.shape().payloadBytes(); i++) {
            to.put((byte) ('a' + i % 26));
        }
    }

    private void requireFaithfulEcho(SocketChannel channel) throws IOException {
        ByteBuffer sent = ByteBuffer.allocate(spec.shape().frameBytes());
        writeFrame(sent);
        channel.write(sent.flip());
        ByteBuffer received = ByteBuffer.allocate(sent.capacity());
        while (received.hasRemaining()) {
            if (channel.read(received) < 0) {
                throw new IOException("the server closed the connection after " + received.position() + " of "
                        + received.capacity() + " bytes");
            }
        }
        if (received.flip().mismatch(sent.rewind()) >= 0) {
            throw new IOException("the server's answer differs from what was sent, at byte " + received.mismatch(sent));
        }
    }

    private LoadResult measure(Selector selector, List<LoadConnection> connections, Runnable onMeasuring)
            throws IOException {
        long start = time.nanoTime();
        long measureFrom = start + spec.warmUp().toNanos();
        BurstSchedule schedule = BurstSchedule.of(spec, start);
        runUntil(measureFrom, selector, connections, schedule);
        measuring = true;
        long cpuFrom = cpuNanos();
        onMeasuring.run();
        measureFrom = time.nanoTime();
        runUntil(measureFrom + spec.measure().toNanos(), selector, connections, schedule);
        double seconds = (time.nanoTime() - measureFrom) / 1e9;
        double cpuSeconds = (cpuNanos() - cpuFrom) / 1e9;
        measuring = false;
        awaitAnswers(selector, connections);
        return new LoadResult(
                messages,
                seconds,
                cpuSeconds,
                LoadResult.Latency.of(latency),
                late.getTotalCount() == 0 ? 0 : late.getValueAtPercentile(99),
                missed);
    }

    private void runUntil(long endNanos, Selector selector, List<LoadConnection> connections, BurstSchedule schedule)
            throws IOException {
        Consumer<SelectionKey> onReady = this::onReady;
        if (spec.isOpenLoop()) {
            for (long now = time.nanoTime(); now - endNanos < 0; now = time.nanoTime()) {
                sendWhatIsDue(schedule, connections, now);
                selector.selectNow(onReady);
            }
            return;
        }
        fillPipes(connections);
        while (time.nanoTime() - endNanos < 0) {
            selector.select(onReady, SELECT_MILLIS);
        }
    }

    /** Lets what is in flight arrive, so that closing sends no reset and the server logs nothing. */
    private void awaitAnswers(Selector selector, List<LoadConnection> connections) throws IOException {
        draining = true;
        long endNanos = time.nanoTime() + DRAIN_NANOS;
        while (connections.stream().anyMatch(connection -> connection.unanswered() > 0)
                && time.nanoTime() - endNanos < 0) {
            selector.select(this::onReady, SELECT_MILLIS);
        }
    }

    private void onReady(SelectionKey key) {
        LoadConnection connection = (LoadConnection) key.attachment();
        try {
            if (key.isReadable()) {
                int frames = connection.read(scratch);
                long now = time.nanoTime();
                for (int i = 0; i < frames; i++) {
                    long nanos = now - connection.takeSentNanos();
                    if (measuring) {
                        latency.recordValue(Math.min(nanos, latency.getHighestTrackableValue()));
                    }
                }
                if (measuring) {
                    messages += frames;
                }
                if (!spec.isOpenLoop() && !draining && frames > 0) {
                    connection.owe(frames, now);
                }
            }
            connection.write();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Brings every connection to its depth; what a closed loop starts with. */
    private void fillPipes(List<LoadConnection> connections) throws IOException {
        for (LoadConnection connection : connections) {
            int owed = spec.shape().depth() - (int) connection.unanswered();
            if (owed > 0) {
                connection.owe(owed, time.nanoTime());
                connection.write();
            }
        }
    }

    private void sendWhatIsDue(BurstSchedule schedule, List<LoadConnection> connections, long nowNanos)
            throws IOException {
        for (; schedule.isDue(nowNanos); schedule.advance()) {
            LoadConnection connection = connections.get(schedule.turn(connections.size()));
            if (connection.unanswered() < MOST_UNANSWERED) {
                connection.owe(spec.shape().depth(), schedule.dueNanos());
                connection.write();
            } else if (measuring) {
                missed += spec.shape().depth();
            }
            if (measuring) {
                late.recordValue(Math.min(nowNanos - schedule.dueNanos(), late.getHighestTrackableValue()));
            }
        }
    }

    private static long cpuNanos() {
        return ProcessHandle.current()
                .info()
                .totalCpuDuration()
                .map(Duration::toNanos)
                .orElse(0L);
    }
}
