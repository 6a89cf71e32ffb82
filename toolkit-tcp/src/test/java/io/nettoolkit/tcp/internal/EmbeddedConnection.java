package io.nettoolkit.tcp.internal;

import io.nettoolkit.core.CloseReason;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.tcp.Connection;
import io.nettoolkit.tcp.FrameHandler;
import io.nettoolkit.tcp.Limits;
import io.nettoolkit.tcp.Timeouts;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.util.concurrent.MockTicker;
import io.netty.util.concurrent.Ticker;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** One accepted connection on an embedded channel and virtual time, with a handler that writes down what it hears. */
final class EmbeddedConnection implements AutoCloseable {

    static final FrameFormat FORMAT = FrameFormat.lengthField(new LengthField(4, 0, 0, ByteOrder.BIG_ENDIAN), 1 << 20);

    final MockTicker ticker = Ticker.newMockTicker();
    final Recorder recorder = new Recorder();
    final ConnectionOptions options = ConnectionOptions.forServer(FORMAT, recorder);

    @Nullable
    EmbeddedChannel channel;

    EmbeddedConnection() {
        options.timeSource = TimeSource.of(ticker);
        options.timeouts = Timeouts.builder().build();
    }

    EmbeddedConnection timeouts(Consumer<Timeouts.Builder> change) {
        Timeouts.Builder builder = options.timeouts.toBuilder();
        change.accept(builder);
        options.timeouts = builder.build();
        return this;
    }

    EmbeddedConnection writeQueueBytes(int bytes) {
        options.limits = Limits.builder().writeQueueBytes(bytes).build();
        return this;
    }

    EmbeddedConnection onFrame(FrameHandler handler) {
        recorder.onFrame = handler;
        return this;
    }

    EmbeddedConnection open() {
        ConnectionGroup group = new ConnectionGroup(options);
        channel = EmbeddedChannel.builder()
                .ticker(ticker)
                .handlers(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel opened) {
                        group.build(opened, null, null, -1);
                    }
                })
                .build();
        return this;
    }

    EmbeddedChannel channel() {
        if (channel == null) {
            throw new IllegalStateException("open() first");
        }
        return channel;
    }

    Connection connection() {
        return Connection.of(channel());
    }

    /** A read burst of the peer's. */
    void receive(byte[]... pieces) {
        for (byte[] piece : pieces) {
            channel().pipeline().fireChannelRead(Unpooled.copiedBuffer(piece));
        }
        channel().pipeline().fireChannelReadComplete();
        channel().runPendingTasks();
    }

    void advance(Duration time) {
        ticker.advance(time.toNanos(), TimeUnit.NANOSECONDS);
        channel().runScheduledPendingTasks();
        channel().runPendingTasks();
    }

    /** What the peer would read, write by write. */
    List<byte[]> written() {
        channel().runPendingTasks();
        List<byte[]> writes = new ArrayList<>();
        for (ByteBuf write = channel().readOutbound();
                write != null;
                write = channel().readOutbound()) {
            writes.add(ByteBufUtil.getBytes(write));
            write.release();
        }
        return writes;
    }

    static byte[] frame(String payload) {
        byte[] bytes = payload.getBytes(StandardCharsets.UTF_8);
        ByteBuf frame = Unpooled.buffer(bytes.length + 4).writeInt(bytes.length).writeBytes(bytes);
        return ByteBufUtil.getBytes(frame);
    }

    static byte[] concat(byte[]... parts) {
        return ByteBufUtil.getBytes(Unpooled.wrappedBuffer(parts));
    }

    @Override
    public void close() {
        if (channel != null) {
            channel.finishAndReleaseAll();
        }
    }

    /** Keeps what it hears; {@link #onFrame} may be replaced. */
    static final class Recorder implements FrameHandler {

        final List<String> events = new ArrayList<>();
        final List<String> frames = new ArrayList<>();

        @Nullable
        FrameHandler onFrame;

        @Nullable
        CloseReason reason;

        @Override
        public void onOpen(Connection connection) {
            events.add("open");
        }

        @Override
        public void onFrame(Connection connection, ByteBuf frame) throws Exception {
            frames.add(frame.toString(StandardCharsets.UTF_8));
            if (onFrame != null) {
                onFrame.onFrame(connection, frame);
            }
        }

        @Override
        public void onWritable(Connection connection) {
            events.add("writable");
        }

        @Override
        public void onClose(Connection connection, CloseReason closed) {
            events.add("close");
            reason = closed;
        }

        CloseReason reason() {
            if (reason == null) {
                throw new AssertionError("the connection is not closed; events " + events);
            }
            return reason;
        }
    }
}
