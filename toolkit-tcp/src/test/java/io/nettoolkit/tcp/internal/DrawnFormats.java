package io.nettoolkit.tcp.internal;

import io.nettoolkit.tcp.Framing.LineEnding;
import java.nio.ByteOrder;
import java.util.function.IntUnaryOperator;
import java.util.random.RandomGenerator;

/** Formats drawn from numbers: {@code draw(bound)} gives one in [0, bound), random or out of a fuzzer's input. */
final class DrawnFormats {

    private static final int[] WIDTHS = {1, 2, 3, 4, 8};

    private DrawnFormats() {}

    /** Any format of any kind. */
    static FrameFormat random(RandomGenerator random) {
        while (true) {
            try {
                return draw(random::nextInt);
            } catch (IllegalArgumentException e) {
                // a length field that leaves no room for a message; draw again
            }
        }
    }

    /** Any format, or an {@link IllegalArgumentException} where a length field leaves no room for a message. */
    static FrameFormat draw(IntUnaryOperator draw) {
        int kind = draw.applyAsInt(8);
        boolean checksum = draw.applyAsInt(2) == 1;
        int max = 1 + (draw.applyAsInt(2) == 0 ? draw.applyAsInt(48) : draw.applyAsInt(1 << 16));
        FrameFormat format = switch (kind) {
            case 0, 1, 2, 3 -> FrameFormat.lengthField(lengthField(draw), max);
            case 4 -> FrameFormat.varint(max);
            case 5 -> FrameFormat.fixedLength(1 + max % 300);
            case 6 -> FrameFormat.line(draw.applyAsInt(2) == 0 ? LineEnding.LF : LineEnding.CRLF, max);
            default -> FrameFormat.delimiter(delimiter(draw), max);
        };
        return checksum && kind < 6 ? format.withChecksum() : format;
    }

    static LengthField lengthField(IntUnaryOperator draw) {
        int width = WIDTHS[draw.applyAsInt(WIDTHS.length)];
        int offset = draw.applyAsInt(2) == 0 ? 0 : draw.applyAsInt(20);
        int adjustment = switch (draw.applyAsInt(3)) {
            case 0 -> 0;
            case 1 -> -(width + offset);
            default -> draw.applyAsInt(80) - 40;
        };
        ByteOrder order = draw.applyAsInt(2) == 0 ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN;
        return new LengthField(width, offset, adjustment, order);
    }

    /** Few different bytes, so that delimiters overlap themselves. */
    static byte[] delimiter(IntUnaryOperator draw) {
        byte[] delimiter = new byte[1 + draw.applyAsInt(5)];
        for (int i = 0; i < delimiter.length; i++) {
            delimiter[i] = (byte) ('a' + draw.applyAsInt(2));
        }
        return delimiter;
    }

    /** A message that suits the format, as far as bytes count; its content may be refused. */
    static byte[] message(FrameFormat format, RandomGenerator random) {
        int most = Math.min(format.maxFrameBytes(), random.nextInt(4) == 0 ? 3000 : 60);
        int length = format instanceof FixedLengthFormat ? format.maxFrameBytes() : random.nextInt(most + 1);
        byte[] message = new byte[length];
        boolean narrow = random.nextBoolean();
        for (int i = 0; i < length; i++) {
            message[i] = narrow ? (byte) "abc\r".charAt(random.nextInt(4)) : (byte) random.nextInt();
        }
        return message;
    }
}
