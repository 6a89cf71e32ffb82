package io.nettoolkit.tcp.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.tcp.Framing.LineEnding;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.DelimiterBasedFrameDecoder;
import io.netty.handler.codec.FixedLengthFrameDecoder;
import io.netty.handler.codec.LengthFieldBasedFrameDecoder;
import io.netty.handler.codec.LengthFieldPrepender;
import io.netty.handler.codec.LineBasedFrameDecoder;
import io.netty.handler.codec.protobuf.ProtobufVarint32FrameDecoder;
import io.netty.handler.codec.protobuf.ProtobufVarint32LengthFieldPrepender;
import io.netty.util.ReferenceCountUtil;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Netty's own codecs as judges: on good streams the same messages, on bad ones the same messages before the end. */
class NettyOracleTest {

    private static final int ROUNDS = 1500;

    /** Replay a failure with {@code -Dframing.seed=...}. */
    private static final long SEED = Long.getLong("framing.seed", System.currentTimeMillis());

    private final Random random = new Random(SEED);

    /** What a Netty decoder makes of a stream. */
    private record Verdict(List<byte[]> frames, List<Throwable> failures) {

        static Verdict of(ChannelHandler decoder, byte[] stream) {
            List<byte[]> frames = new ArrayList<>();
            List<Throwable> failures = new ArrayList<>();
            EmbeddedChannel channel = new EmbeddedChannel(decoder, new ChannelInboundHandlerAdapter() {
                @Override
                public void channelRead(ChannelHandlerContext context, Object frame) {
                    frames.add(ByteBufUtil.getBytes((ByteBuf) frame));
                    ReferenceCountUtil.release(frame);
                }

                @Override
                public void exceptionCaught(ChannelHandlerContext context, Throwable failure) {
                    failures.add(failure);
                }
            });
            channel.writeInbound(Unpooled.wrappedBuffer(stream));
            Verdict verdict = new Verdict(List.copyOf(frames), List.copyOf(failures));
            channel.finishAndReleaseAll();
            return verdict;
        }
    }

    private static byte[] prepended(ChannelHandler prepender, byte[] message) {
        EmbeddedChannel channel = new EmbeddedChannel(prepender);
        channel.writeOutbound(Unpooled.wrappedBuffer(message));
        ByteBuf wire = Unpooled.buffer();
        for (ByteBuf part = channel.readOutbound(); part != null; part = channel.readOutbound()) {
            wire.writeBytes(part);
            part.release();
        }
        channel.finishAndReleaseAll();
        return ByteBufUtil.getBytes(wire);
    }

    /** Ours fails where Netty does, or earlier; Netty goes on after a failure and we do not. */
    private static void assertAgreed(Frames.Reader ours, Verdict netty, Object format) {
        String note = format + ", -Dframing.seed=" + SEED;
        if (ours.failure == null) {
            assertThat(ours.messages).as(note).containsExactlyElementsOf(netty.frames);
        } else {
            assertThat(netty.frames.size()).as(note).isGreaterThanOrEqualTo(ours.messages.size());
            assertThat(ours.messages).as(note).containsExactlyElementsOf(netty.frames.subList(0, ours.messages.size()));
        }
    }

    private byte[] noise(String alphabet) {
        byte[] stream = new byte[random.nextInt(200)];
        for (int i = 0; i < stream.length; i++) {
            stream[i] = (byte) alphabet.charAt(random.nextInt(alphabet.length()));
        }
        return stream;
    }

    private ChannelHandler decoder(LengthField field, FrameFormat format) {
        return new LengthFieldBasedFrameDecoder(
                field.byteOrder(),
                format.maxFrameBytes() + field.width(),
                field.offset(),
                field.width(),
                field.adjustment(),
                0,
                true);
    }

    private static byte[] withoutLength(LengthField field, byte[] frame) {
        ByteBuf message = Unpooled.buffer().writeBytes(frame, 0, field.offset());
        int after = field.offset() + field.width();
        return ByteBufUtil.getBytes(message.writeBytes(frame, after, frame.length - after));
    }

    @Test
    void readsLengthFieldsAsNettyDoes() {
        int failures = 0;
        for (int i = 0; i < ROUNDS; i++) {
            LengthField field = DrawnFormats.lengthField(random::nextInt);
            FrameFormat format;
            try {
                format = FrameFormat.lengthField(field, field.offset() + 1 + random.nextInt(100));
            } catch (IllegalArgumentException e) {
                continue;
            }
            byte[] stream = noise(random.nextBoolean() ? "\0\0\0\0\0\1\2\10" : "\0\0\0\0\0\0\7\60\u00ff");
            Frames.Reader ours = Frames.read(format, stream);
            Verdict netty = Verdict.of(decoder(field, format), stream);
            List<byte[]> messages =
                    netty.frames.stream().map(f -> withoutLength(field, f)).toList();
            assertAgreed(ours, new Verdict(messages, netty.failures), format);
            assertThat(ours.failure == null).as("%s, seed %d", format, SEED).isEqualTo(netty.failures.isEmpty());
            failures += ours.failure == null ? 0 : 1;
        }
        assertThat(failures).isBetween(ROUNDS / 10, ROUNDS * 9 / 10);
    }

    @Test
    void writesLengthFieldsAsNettyDoes() {
        for (int i = 0; i < ROUNDS; i++) {
            LengthField drawn = DrawnFormats.lengthField(random::nextInt);
            LengthField field = new LengthField(drawn.width(), 0, drawn.adjustment(), drawn.byteOrder());
            byte[] message = new byte[random.nextInt(200)];
            FrameFormat format = FrameFormat.lengthField(field, 1000);
            if (message.length < field.adjustment() || message.length > format.maxFrameBytes()) {
                continue;
            }
            random.nextBytes(message);
            ChannelHandler prepender =
                    new LengthFieldPrepender(field.byteOrder(), field.width(), -field.adjustment(), false);
            assertThat(Frames.encode(format, message))
                    .as("%s, seed %d", format, SEED)
                    .isEqualTo(prepended(prepender, message));
        }
    }

    @Test
    void agreesWithNettyWhatAWholeFrameLengthIs() {
        FrameFormat format = FrameFormat.lengthField(new LengthField(2, 0, -2, ByteOrder.BIG_ENDIAN), 1000);
        byte[] message = Frames.ascii("hello");

        assertThat(Frames.encode(format, message)).isEqualTo(prepended(new LengthFieldPrepender(2, true), message));
    }

    @Test
    void readsAndWritesVarintsAsNettyDoes() {
        FrameFormat format = FrameFormat.varint(1 << 20);
        for (int i = 0; i < ROUNDS / 10; i++) {
            byte[] message = new byte[random.nextInt(8) == 0 ? random.nextInt(40_000) : random.nextInt(300)];
            random.nextBytes(message);
            byte[] wire = Frames.encode(format, message);
            assertThat(wire).isEqualTo(prepended(new ProtobufVarint32LengthFieldPrepender(), message));
            assertThat(Verdict.of(new ProtobufVarint32FrameDecoder(), wire).frames)
                    .containsExactly(message);
        }
        for (int i = 0; i < ROUNDS; i++) {
            byte[] stream = noise("\0\1\3\u0080\u0081");
            // Netty takes a length for whole when its first 3 bytes stand alone, and for malformed when 4 do: end well
            stream = Frames.concat(List.of(stream, new byte[5]));
            Frames.Reader ours = Frames.read(format, stream);
            Verdict netty = Verdict.of(new ProtobufVarint32FrameDecoder(), stream);
            assertAgreed(ours, netty, format);
            assertThat(ours.failure != null || netty.failures.isEmpty())
                    .as("seed %d", SEED)
                    .isTrue();
        }
    }

    @Test
    void readsLinesAsNettyDoes() {
        for (int i = 0; i < ROUNDS; i++) {
            int max = 1 + random.nextInt(30);
            FrameFormat format = FrameFormat.line(LineEnding.LF, max);
            byte[] stream = noise("aaaaaaabcd\r\n");
            Frames.Reader ours = Frames.read(format, stream);
            Verdict netty = Verdict.of(new LineBasedFrameDecoder(max, true, true), stream);
            assertAgreed(ours, netty, format);
            if (ours.failure != null) {
                assertThat(ours.failure.kind()).isEqualTo(Kind.FRAME_TOO_LARGE);
                assertThat(netty.failures).as("seed %d", SEED).isNotEmpty();
            } else if (!netty.failures.isEmpty()) {
                // Netty gives up one byte earlier, on a CR that may still be followed by LF
                assertThat(ours.in.readableBytes()).as("seed %d", SEED).isEqualTo(max + 1);
            }
        }
    }

    @Test
    void readsDelimitersAsNettyDoes() {
        for (int i = 0; i < ROUNDS; i++) {
            int max = 1 + random.nextInt(60);
            byte[] delimiter = DrawnFormats.delimiter(random::nextInt);
            FrameFormat format = FrameFormat.delimiter(delimiter, max);
            byte[] stream = noise(random.nextBoolean() ? "ab" : "abcdefgh");
            Frames.Reader ours = Frames.read(format, stream);
            ByteBuf needle = Unpooled.wrappedBuffer(delimiter);
            Verdict netty = Verdict.of(new DelimiterBasedFrameDecoder(max, true, true, needle), stream);
            assertAgreed(ours, netty, format);
            if (ours.failure != null) {
                assertThat(netty.failures).as("%s, seed %d", format, SEED).isNotEmpty();
            } else if (!netty.failures.isEmpty()) {
                // Netty gives up while the delimiter that ends a frame of legal size may still be on its way
                assertThat(ours.in.readableBytes())
                        .as("%s, seed %d", format, SEED)
                        .isLessThan(max + delimiter.length);
            }
        }
    }

    @Test
    void cutsFixedLengthsAsNettyDoes() {
        for (int i = 0; i < 100; i++) {
            int bytes = 1 + random.nextInt(30);
            byte[] stream = noise("abcdefgh");
            assertAgreed(
                    Frames.read(FrameFormat.fixedLength(bytes), stream),
                    Verdict.of(new FixedLengthFrameDecoder(bytes), stream),
                    bytes);
        }
    }
}
