package io.nettoolkit.tcp.internal;

import static io.nettoolkit.tcp.internal.EmbeddedConnection.concat;
import static io.nettoolkit.tcp.internal.EmbeddedConnection.frame;
import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.core.NetException;
import io.nettoolkit.core.NetFailure.Kind;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The framing alone, between a user's own handlers. */
class FramingHandlerTest {

    private final Sink sink = new Sink();
    private final EmbeddedChannel channel = new EmbeddedChannel(new FramingHandler(EmbeddedConnection.FORMAT), sink);

    @AfterEach
    void releaseEverything() {
        sink.frames.forEach(ByteBuf::release);
        channel.finishAndReleaseAll();
    }

    @Test
    void passesFramesOnAndTheNextHandlerOwnsThem() {
        receive(concat(frame("one"), frame("two"), Arrays.copyOf(frame("three"), 5)));
        receive(Arrays.copyOfRange(frame("three"), 5, 9));

        assertThat(sink.texts()).containsExactly("one", "two", "three");
        assertThat(sink.frames).allMatch(frame -> frame.refCnt() == 1);
    }

    @Test
    void framesThatAreReleasedAtOnceDoNotSpoilTheNext() {
        sink.keeps = false;

        for (int i = 0; i < 100; i++) {
            receive(concat(frame("a" + i), frame("b" + i)));
        }

        assertThat(sink.seen).hasSize(200).startsWith("a0", "b0", "a1").endsWith("b99");
    }

    @Test
    void writesOfABurstLeaveInOneBufferAtItsEnd() {
        sink.echoes = true;

        receive(concat(frame("one"), frame("two"), frame("three")));

        assertThat(written()).containsExactly(concat(frame("one"), frame("two"), frame("three")));
    }

    @Test
    void aWriteOutsideABurstLeavesWithItsFlush() {
        ChannelFuture first = channel.write(text("one"));
        ChannelFuture second = channel.write(text("two"));
        assertThat(first.isDone()).isFalse();
        channel.flush();

        assertThat(written()).containsExactly(concat(frame("one"), frame("two")));
        assertThat(first.isSuccess()).isTrue();
        assertThat(second.isSuccess()).isTrue();
    }

    @Test
    void aFrameThatCannotBeSentFailsItsPromiseAlone() {
        ByteBuf tooLong = Unpooled.wrappedBuffer(new byte[(1 << 20) + 1]);

        ChannelFuture failed = channel.write(tooLong);
        ChannelFuture fine = channel.writeAndFlush(text("fine"));

        assertThat(failed.cause()).isInstanceOf(IllegalArgumentException.class);
        assertThat(tooLong.refCnt()).isZero();
        assertThat(fine.isSuccess()).isTrue();
        assertThat(written()).containsExactly(frame("fine"));
    }

    @Test
    void aStreamThatBreaksTheRulesIsReportedAndClosed() {
        receive(concat(frame("good"), new byte[] {-1, -1, -1, -1, 9, 9}));

        assertThat(sink.texts()).containsExactly("good");
        assertThat(sink.failure())
                .isInstanceOfSatisfying(
                        NetException.class,
                        failure -> assertThat(failure.kind()).isEqualTo(Kind.FRAME_TOO_LARGE));
        assertThat(channel.isOpen()).isFalse();
    }

    @Test
    void anEndInsideAFrameIsReported() {
        receive(Arrays.copyOf(frame("hello"), 6));

        channel.pipeline().fireChannelInactive();

        assertThat(sink.failure())
                .isInstanceOfSatisfying(
                        NetException.class,
                        failure -> assertThat(failure.kind()).isEqualTo(Kind.FRAME_TRUNCATED));
    }

    private void receive(byte[] bytes) {
        channel.pipeline().fireChannelRead(Unpooled.copiedBuffer(bytes));
        channel.pipeline().fireChannelReadComplete();
    }

    private List<byte[]> written() {
        List<byte[]> writes = new ArrayList<>();
        for (ByteBuf write = channel.readOutbound(); write != null; write = channel.readOutbound()) {
            writes.add(ByteBufUtil.getBytes(write));
            write.release();
        }
        return writes;
    }

    private static ByteBuf text(String text) {
        return Unpooled.copiedBuffer(text, StandardCharsets.UTF_8);
    }

    /** The user's own handler. */
    private static final class Sink extends ChannelInboundHandlerAdapter {

        final List<ByteBuf> frames = new ArrayList<>();
        final List<String> seen = new ArrayList<>();
        final List<Throwable> failures = new ArrayList<>();
        boolean keeps = true;
        boolean echoes;

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            ByteBuf frame = (ByteBuf) message;
            seen.add(frame.toString(StandardCharsets.UTF_8));
            if (echoes) {
                ctx.writeAndFlush(frame);
            } else if (keeps) {
                frames.add(frame);
            } else {
                frame.release();
            }
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            failures.add(cause);
        }

        List<String> texts() {
            return frames.stream()
                    .map(frame -> frame.toString(StandardCharsets.UTF_8))
                    .toList();
        }

        Throwable failure() {
            assertThat(failures).hasSize(1);
            return failures.get(0);
        }
    }
}
