package io.nettoolkit.benchmarks.stream;

import io.nettoolkit.core.TimeSource;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedTransferQueue;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/**
 * A contestant's client on one loop. A line {@code bulk BYTES} on its input sends so many bytes and prints bytes a second as
 * the receiver has it; {@code echo COUNT} plays ping-pong with messages of 100 bytes and prints microseconds.
 */
public final class StreamClientMain {

    /** What a line with results begins with: bytes a second; or p50, p99 and p99.9 in microseconds. */
    public static final String RESULT = "result ";

    private static final int WRITE_BYTES = 16 << 10;
    private static final int PING_BYTES = 100;
    private static final int PATIENCE_SECONDS = 120;
    private static final int HISTOGRAM_DIGITS = 3;

    private final TimeSource time = TimeSource.system();
    private final Driver driver = new Driver();
    private final Channel channel;

    private StreamClientMain(StreamContestant contestant, int port) throws Exception {
        channel = contestant.connect(port, driver);
    }

    /** Arguments: contestant, port of the server. */
    public static void main(String[] arguments) throws Exception {
        StreamClientMain client =
                new StreamClientMain(StreamContestant.valueOf(arguments[0]), Integer.parseInt(arguments[1]));
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            String[] words = line.split(" ", -1);
            long amount = Long.parseLong(words[1]);
            System.out.println(RESULT + (words[0].equals("bulk") ? client.bulk(amount) : client.echo(amount)));
        }
        System.exit(0);
    }

    private String bulk(long bytes) throws InterruptedException {
        long start = time.nanoTime();
        channel.eventLoop().execute(() -> driver.beginBulk(bytes));
        long nanos = driver.await() - start;
        return String.format(Locale.ROOT, "%.0f", bytes * 1e9 / nanos);
    }

    private String echo(long count) throws InterruptedException {
        driver.histogram.reset();
        channel.eventLoop().execute(() -> driver.beginEcho(count));
        driver.await();
        return String.format(
                Locale.ROOT,
                "%.2f %.2f %.2f",
                driver.histogram.getValueAtPercentile(50) / 1e3,
                driver.histogram.getValueAtPercentile(99) / 1e3,
                driver.histogram.getValueAtPercentile(99.9) / 1e3);
    }

    /** The client's end of the stream; everything on the loop. */
    private final class Driver extends ChannelInboundHandlerAdapter {

        private final BlockingQueue<Long> done = new LinkedTransferQueue<>();
        private final Histogram histogram = new Histogram(HISTOGRAM_DIGITS);
        private final ByteBuf content = Unpooled.directBuffer(WRITE_BYTES).writeZero(WRITE_BYTES);
        private long left;
        private long pings;
        private long sentNanos;
        private int missing;

        long await() throws InterruptedException {
            Long end = done.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
            if (end == null) {
                throw new IllegalStateException("no answer for " + PATIENCE_SECONDS + " s");
            }
            return end;
        }

        void beginBulk(long bytes) {
            left = bytes;
            pings = 0;
            channel.write(channel.alloc().buffer(Long.BYTES).writeLong(bytes), channel.voidPromise());
            fill();
        }

        void beginEcho(long count) {
            pings = count;
            channel.write(channel.alloc().buffer(Long.BYTES).writeLong(-count * PING_BYTES), channel.voidPromise());
            ping();
        }

        private void ping() {
            missing = PING_BYTES;
            sentNanos = time.nanoTime();
            channel.writeAndFlush(content.retainedSlice(0, PING_BYTES), channel.voidPromise());
        }

        private void fill() {
            while (left > 0 && channel.isWritable()) {
                int bytes = (int) Math.min(left, WRITE_BYTES);
                left -= bytes;
                channel.write(content.retainedSlice(0, bytes), channel.voidPromise());
            }
            channel.flush();
        }

        @Override
        public void channelWritabilityChanged(ChannelHandlerContext context) {
            fill();
        }

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            ByteBuf in = (ByteBuf) message;
            int bytes = in.readableBytes();
            in.release();
            if (pings == 0) {
                done.add(time.nanoTime());
                return;
            }
            missing -= bytes;
            if (missing == 0) {
                long now = time.nanoTime();
                histogram.recordValue(now - sentNanos);
                if (--pings == 0) {
                    done.add(now);
                } else {
                    ping();
                }
            }
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            System.err.println(cause);
            context.close();
        }
    }
}
