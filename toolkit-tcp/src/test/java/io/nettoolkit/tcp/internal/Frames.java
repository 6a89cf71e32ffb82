package io.nettoolkit.tcp.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.core.NetException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.CompositeByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The contract of {@link FrameFormat} as its callers use it, in the simplest form that works. */
final class Frames {

    private Frames() {}

    static byte[] hex(String digits) {
        return ByteBufUtil.decodeHexDump(digits.replace(" ", ""));
    }

    static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    static byte[] encode(FrameFormat format, byte[] message) {
        return encode(format, Unpooled.wrappedBuffer(message));
    }

    /** Checked and written, the message copied between header and trailer; releases nothing. */
    static byte[] encode(FrameFormat format, ByteBuf message) {
        format.checkOutbound(message);
        return encodeUnchecked(format, message);
    }

    static byte[] encodeUnchecked(FrameFormat format, ByteBuf message) {
        int start = message.readerIndex();
        int end = message.writerIndex();
        ByteBuf header = Unpooled.buffer();
        int taken = format.writeHeader(message, header);
        ByteBuf trailer = Unpooled.buffer();
        format.writeTrailer(message, trailer);
        ByteBuf frame = Unpooled.buffer()
                .writeBytes(header)
                .writeBytes(message, start + taken, message.readableBytes() - taken)
                .writeBytes(trailer);
        assertThat(taken).as("leading bytes").isEqualTo(format.leadingMessageBytes());
        assertThat(frame.readableBytes()).as("wire size").isEqualTo(format.wireSize(end - start));
        assertThat(message.readerIndex()).as("reader index").isEqualTo(start);
        assertThat(message.writerIndex()).as("writer index").isEqualTo(end);
        return ByteBufUtil.getBytes(frame);
    }

    /** The message of a complete frame. */
    static byte[] message(FrameFormat format, ByteBuf in, int index, long span) {
        int leading = format.leadingMessageBytes();
        int header = FrameFormat.headerLength(span);
        int payload = FrameFormat.wireLength(span) - header - FrameFormat.trailerLength(span);
        byte[] message = new byte[leading + payload];
        in.getBytes(index, message, 0, leading);
        in.getBytes(index + header, message, leading, payload);
        return message;
    }

    static byte[] concat(List<byte[]> parts) {
        ByteBuf all = Unpooled.buffer();
        parts.forEach(all::writeBytes);
        return ByteBufUtil.getBytes(all);
    }

    /** A message of so many zero bytes that takes no memory. */
    static ByteBuf pretended(int bytes) {
        ByteBuf zeros = Unpooled.wrappedBuffer(new byte[Math.min(bytes, 1 << 20)]);
        CompositeByteBuf message = Unpooled.compositeBuffer(Integer.MAX_VALUE);
        while (message.readableBytes() < bytes) {
            int left = bytes - message.readableBytes();
            message.addComponent(true, zeros.slice(0, Math.min(left, zeros.readableBytes())));
        }
        return message;
    }

    /** Everything a stream gives when it comes in one piece. */
    static Reader read(FrameFormat format, byte[] stream) {
        Reader reader = new Reader(format);
        reader.add(stream);
        return reader;
    }

    /** Reads a stream that comes in pieces, until it fails. */
    static final class Reader {
        final List<byte[]> messages = new ArrayList<>();

        @Nullable
        NetException failure;

        final GuardedBuf in = new GuardedBuf();
        private final FrameFormat format;
        private int scanned;
        private long known = FrameFormat.UNKNOWN;

        Reader(FrameFormat format) {
            this.format = format;
        }

        void add(byte[] piece) {
            add(piece, 0, piece.length);
        }

        void add(byte[] stream, int from, int to) {
            in.writeBytes(stream, from, to - from);
            try {
                while (failure == null && in.isReadable() && takeFrame()) {
                    // next
                }
            } catch (NetException e) {
                failure = e;
            }
        }

        private boolean takeFrame() throws NetException {
            int index = in.readerIndex();
            in.allow(index, in.writerIndex());
            long span = format.probe(in, index, in.readableBytes(), scanned);
            if (known != FrameFormat.UNKNOWN) {
                assertThat(span).as("the same answer with more bytes").isEqualTo(known);
            }
            if (span == FrameFormat.UNKNOWN) {
                scanned = in.readableBytes();
                return false;
            }
            int wire = FrameFormat.wireLength(span);
            assertThat(wire).isBetween(1, FrameFormat.MAX_FRAME_BYTES + 2048);
            if (wire > in.readableBytes()) {
                known = span;
                return false;
            }
            in.allow(index, index + wire);
            format.verify(in, index, span);
            byte[] message = message(format, in, index, span);
            assertThat(message.length).as("message bytes").isLessThanOrEqualTo(format.maxFrameBytes());
            messages.add(message);
            assertThat(in.readerIndex()).as("reader index").isEqualTo(index);
            in.skipBytes(wire);
            scanned = 0;
            known = FrameFormat.UNKNOWN;
            return true;
        }

        List<String> texts() {
            return messages.stream()
                    .map(message -> new String(message, StandardCharsets.ISO_8859_1))
                    .toList();
        }
    }
}
