package io.nettoolkit.tcp.internal;

import static io.nettoolkit.tcp.internal.EmbeddedConnection.concat;
import static io.nettoolkit.tcp.internal.EmbeddedConnection.frame;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nettoolkit.core.NetException;
import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.tcp.Framing;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.codec.string.StringDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The framing alone in somebody's own pipeline. */
class FramingHandlerTest {

    private static final Framing FRAMING =
            Framing.lengthField().maxFrameBytes(64 * 1024).build();

    private final EmbeddedChannel channel = new EmbeddedChannel(FRAMING.newHandler());

    @AfterEach
    void releaseEverything() {
        channel.finishAndReleaseAll();
    }

    @Test
    void handsOnEachFrameToBeReleasedByTheNext() {
        channel.writeInbound(Unpooled.copiedBuffer(frame("one"), frame("two"), Arrays.copyOf(frame("three"), 6)));

        assertThat(nextInbound()).isEqualTo("one");
        assertThat(nextInbound()).isEqualTo("two");
        assertThat(channel.<ByteBuf>readInbound()).isNull();

        channel.writeInbound(Unpooled.copiedBuffer(frame("three"), 6, 3));
        assertThat(nextInbound()).isEqualTo("three");
    }

    @Test
    void aFrameOutlivesTheReadItCameWith() {
        channel.writeInbound(Unpooled.copiedBuffer(frame("kept"), frame("also")));
        ByteBuf kept = channel.readInbound();
        ByteBuf also = channel.readInbound();

        channel.writeInbound(Unpooled.copiedBuffer(frame("other bytes")));

        assertThat(kept.toString(StandardCharsets.UTF_8)).isEqualTo("kept");
        assertThat(also.toString(StandardCharsets.UTF_8)).isEqualTo("also");
        assertThat(kept.release()).isTrue();
        assertThat(also.release()).isTrue();
        assertThat(nextInbound()).isEqualTo("other bytes");
    }

    @Test
    void worksInFrontOfNettysOwnDecoders() {
        use(new StringDecoder(StandardCharsets.UTF_8));

        channel.writeInbound(Unpooled.copiedBuffer(frame("a"), frame("b")));

        assertThat(channel.<String>readInbound()).isEqualTo("a");
        assertThat(channel.<String>readInbound()).isEqualTo("b");
    }

    @Test
    void framesEveryWrite() {
        channel.writeOutbound(text("a"), text("bb"));

        assertThat(written()).containsExactly(concat(frame("a"), frame("bb")));
    }

    @Test
    void answersOfABurstLeaveInOneBufferThoughEachIsFlushed() {
        use(new ChannelInboundHandlerAdapter() {
            @Override
            public void channelRead(ChannelHandlerContext ctx, Object message) {
                ctx.writeAndFlush(message);
            }
        });

        channel.writeInbound(Unpooled.copiedBuffer(frame("a"), frame("b"), frame("c")));

        assertThat(written()).containsExactly(concat(frame("a"), frame("b"), frame("c")));
    }

    @Test
    void aWriteOutsideABurstWaitsForItsFlush() {
        ChannelFuture first = channel.write(text("a"));
        channel.write(text("b"));
        assertThat(channel.<ByteBuf>readOutbound()).isNull();
        assertThat(first.isDone()).isFalse();

        channel.flush();

        assertThat(written()).containsExactly(concat(frame("a"), frame("b")));
        assertThat(first.isSuccess()).isTrue();
    }

    @Test
    void aLargeFrameIsGatheredAndItsFutureTold() {
        ByteBuf large = Unpooled.wrappedBuffer(new byte[20_000]);

        ChannelFuture sent = channel.writeAndFlush(large);

        assertThat(sent.isSuccess()).isTrue();
        assertThat(written()).hasSize(2);
    }

    /** Somebody else's message keeps its place, and is not forgotten when a flush is put off to the burst's end. */
    @Test
    void messagesOfOthersKeepTheirPlaceAmongFrames() {
        use(new ChannelInboundHandlerAdapter() {
            @Override
            public void channelRead(ChannelHandlerContext ctx, Object message) {
                ctx.write(message);
                ctx.writeAndFlush("a file region, say");
            }
        });

        channel.writeInbound(Unpooled.copiedBuffer(frame("a")));

        ByteBuf first = channel.readOutbound();
        assertThat(ByteBufUtil.getBytes(first)).isEqualTo(frame("a"));
        first.release();
        assertThat(channel.<Object>readOutbound()).isEqualTo("a file region, say");
    }

    @Test
    void aMessageOfOthersAloneInABurstIsFlushed() {
        use(new ChannelInboundHandlerAdapter() {
            @Override
            public void channelRead(ChannelHandlerContext ctx, Object message) {
                ((ByteBuf) message).release();
                ctx.writeAndFlush("a file region, say");
            }
        });

        channel.writeInbound(Unpooled.copiedBuffer(frame("a")));

        assertThat(channel.<Object>readOutbound()).isEqualTo("a file region, say");
    }

    @Test
    void aStreamThatBreaksTheRulesIsReportedAndClosed() {
        assertThatThrownBy(() -> channel.writeInbound(Unpooled.copiedBuffer(
                        frame("good"), "GET / HTTP/1.1\r\n\r\n".getBytes(StandardCharsets.US_ASCII))))
                .isInstanceOfSatisfying(
                        NetException.class,
                        failure -> assertThat(failure.kind()).isEqualTo(Kind.FRAME_TOO_LARGE))
                .hasMessageContaining("HTTP");

        assertThat(nextInbound()).isEqualTo("good");
        assertThat(channel.isOpen()).isFalse();
    }

    @Test
    void bytesAfterABreachAreDropped() {
        List<Throwable> caught = catching();
        channel.pipeline().addFirst(new ChannelOutboundHandlerAdapter() {
            @Override
            public void close(ChannelHandlerContext ctx, ChannelPromise promise) {
                // takes its time
            }
        });

        channel.pipeline().fireChannelRead(Unpooled.copiedBuffer(new byte[] {-1, -1, -1, -1}));
        channel.pipeline().fireChannelRead(Unpooled.copiedBuffer(frame("late")));

        assertThat(caught).hasSize(1);
        assertThat(channel.<ByteBuf>readInbound()).isNull();
        channel.pipeline().removeFirst();
    }

    @Test
    void anEndInsideAFrameIsTruncationOnce() {
        List<Throwable> caught = catching();
        channel.writeInbound(Unpooled.copiedBuffer(frame("hello"), 0, 6));

        channel.pipeline().fireUserEventTriggered(ChannelInputShutdownEvent.INSTANCE);
        channel.close();

        assertThat(caught)
                .singleElement()
                .isInstanceOfSatisfying(
                        NetException.class,
                        failure -> assertThat(failure.kind()).isEqualTo(Kind.FRAME_TRUNCATED))
                .asString()
                .contains("6 bytes");
    }

    @Test
    void anEndBetweenFramesIsNone() {
        List<Throwable> caught = catching();
        channel.writeInbound(Unpooled.copiedBuffer(frame("hello")));

        channel.close();

        assertThat(caught).isEmpty();
    }

    @Test
    void aFrameThatIsTooLongFailsItsWriteAlone() {
        ByteBuf tooLong = Unpooled.wrappedBuffer(new byte[64 * 1024 + 1]);

        ChannelFuture refused = channel.write(tooLong);
        channel.writeAndFlush(text("next"));

        assertThat(refused.cause()).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("65537");
        assertThat(tooLong.refCnt()).isZero();
        assertThat(written()).containsExactly(frame("next"));
    }

    @Test
    void whatIsNotFlushedFailsWhenTheHandlerGoes() {
        ChannelFuture lost = channel.write(text("never flushed"));

        channel.pipeline().remove(FramingHandler.class);

        assertThat(lost.cause())
                .isInstanceOfSatisfying(
                        NetException.class,
                        failure -> assertThat(failure.kind()).isEqualTo(Kind.LOCAL_CLOSED));
    }

    @Test
    void aWriteToAClosedChannelFailsAndIsReleased() {
        channel.close();
        ByteBuf late = text("late");

        ChannelFuture failed = channel.writeAndFlush(late);

        assertThat(failed.isDone()).isTrue();
        assertThat(failed.isSuccess()).isFalse();
        assertThat(late.refCnt()).isZero();
    }

    private void use(ChannelInboundHandlerAdapter next) {
        channel.pipeline().addLast(next);
    }

    private List<Throwable> catching() {
        List<Throwable> caught = new ArrayList<>();
        use(new ChannelInboundHandlerAdapter() {
            @Override
            public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
                caught.add(cause);
            }
        });
        return caught;
    }

    private String nextInbound() {
        ByteBuf next = channel.readInbound();
        assertThat(next).isNotNull();
        String text = next.toString(StandardCharsets.UTF_8);
        next.release();
        return text;
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
}
