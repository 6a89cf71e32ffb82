package io.nettoolkit.benchmarks.tcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FrameCodecBenchmarkTest {

    @ParameterizedTest
    @CsvSource({"64, adaptive", "64, pooled", "1024, adaptive", "1024, pooled"})
    void everyContestantFlushesAllBytesOfEveryBurst(int payloadBytes, String allocator) {
        FrameCodecBenchmark benchmark = new FrameCodecBenchmark();
        benchmark.payloadBytes = payloadBytes;
        benchmark.allocator = allocator;
        benchmark.setUp();
        long burst = 32L * (4 + payloadBytes);

        // The first burst was the one of the check in the set-up.
        assertThat(benchmark.toolkit()).isEqualTo(2 * burst);
        assertThat(benchmark.nettyTutorial()).isEqualTo(2 * burst);
        assertThat(benchmark.nettyExpert()).isEqualTo(2 * burst);
    }

    @Test
    void anEchoThatDiffersIsRefused() {
        byte[] burst = {0, 0, 0, 1, 7};
        BurstChannel silent = new BurstChannel(ByteBufAllocator.DEFAULT, burst, new ChannelInboundHandlerAdapter() {
            @Override
            public void channelRead(ChannelHandlerContext context, Object message) {
                ((ByteBuf) message).release();
            }
        });

        assertThatThrownBy(silent::requireFaithfulEcho).isInstanceOf(IllegalStateException.class);
    }
}
