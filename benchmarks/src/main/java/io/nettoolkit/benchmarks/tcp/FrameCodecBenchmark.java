package io.nettoolkit.benchmarks.tcp;

import static java.util.Objects.requireNonNull;

import io.nettoolkit.benchmarks.echo.NettyExpertEcho;
import io.nettoolkit.benchmarks.echo.NettyTutorialEcho;
import io.nettoolkit.benchmarks.echo.ToolkitEcho;
import io.netty.buffer.AdaptiveByteBufAllocator;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.ChannelHandler;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Decode, echo and encode of one frame, in a burst of 32 that arrive in one read: the whole pipeline of each contestant
 * with its real outbound buffer, without a socket ({@link BurstChannel}). An operation is a frame; the read buffer's
 * allocation and the copy into it are part of it, spread over the burst. {@code -prof gc} gives bytes per frame.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
        value = 3,
        jvmArgsAppend = {"-Xms256m", "-Xmx256m", "-XX:+UseSerialGC"})
public class FrameCodecBenchmark {

    private static final int BURST = 32;

    /** Bytes of a frame after its length. */
    @Param({"64", "1024"})
    public int payloadBytes;

    /** The channel's buffer allocator. */
    @Param({"adaptive", "pooled"})
    public String allocator = "adaptive";

    private @Nullable BurstChannel toolkit;
    private @Nullable BurstChannel nettyTutorial;
    private @Nullable BurstChannel nettyExpert;

    /** Builds one channel per contestant and checks that it echoes faithfully. */
    @Setup
    public void setUp() {
        toolkit = channel(ToolkitEcho.handlers());
        nettyTutorial = channel(NettyTutorialEcho.handlers());
        nettyExpert = channel(NettyExpertEcho.handlers());
    }

    /** The toolkit's framing handler, alone in a plain pipeline. */
    @Benchmark
    @OperationsPerInvocation(BURST)
    public long toolkit() {
        return requireNonNull(toolkit).echo();
    }

    /** Netty's stock decoder and prepender, flush in {@code channelReadComplete}. */
    @Benchmark
    @OperationsPerInvocation(BURST)
    public long nettyTutorial() {
        return requireNonNull(nettyTutorial).echo();
    }

    /** The stock decoder, a single-buffer encoder, void promises, consolidated flushes. */
    @Benchmark
    @OperationsPerInvocation(BURST)
    public long nettyExpert() {
        return requireNonNull(nettyExpert).echo();
    }

    private BurstChannel channel(ChannelHandler... handlers) {
        ByteBuffer burst = ByteBuffer.allocate(BURST * (Integer.BYTES + payloadBytes));
        while (burst.hasRemaining()) {
            burst.putInt(payloadBytes);
            for (int i = 0; i < payloadBytes; i++) {
                burst.put((byte) burst.position());
            }
        }
        return new BurstChannel(newAllocator(), burst.array(), handlers).requireFaithfulEcho();
    }

    private ByteBufAllocator newAllocator() {
        return switch (allocator) {
            case "adaptive" -> new AdaptiveByteBufAllocator(true);
            case "pooled" -> new PooledByteBufAllocator(true);
            default -> throw new IllegalArgumentException("allocator: " + allocator + " (must be adaptive or pooled)");
        };
    }
}
