package io.nettoolkit.tcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nettoolkit.tcp.Framing.LengthFieldBuilder;
import io.nettoolkit.tcp.Framing.LineEnding;
import io.nettoolkit.tcp.internal.FramingHandler;
import java.nio.ByteOrder;
import java.util.List;
import java.util.function.Consumer;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FramingTest {

    private static Framing lengthField(Consumer<LengthFieldBuilder> options) {
        LengthFieldBuilder builder = Framing.lengthField();
        options.accept(builder);
        return builder.build();
    }

    @Test
    void hasTheDocumentedDefaults() {
        assertThat(Framing.lengthField().build())
                .isEqualTo(lengthField(f -> f.width(4)
                        .offset(0)
                        .adjustment(0)
                        .byteOrder(ByteOrder.BIG_ENDIAN)
                        .maxFrameBytes(1 << 20)));
        assertThat(Framing.line(80)).isEqualTo(Framing.line(LineEnding.LF, 80));
    }

    /** Each differs from all the others in one option. */
    @Test
    void isEqualToAnotherOfTheSameOptionsOnly() {
        List<Framing> ones = everyKind();
        List<Framing> others = everyKind();
        for (int i = 0; i < ones.size(); i++) {
            for (int j = 0; j < others.size(); j++) {
                assertThat(ones.get(i).equals(others.get(j)))
                        .as("%s and %s", ones.get(i), others.get(j))
                        .isEqualTo(i == j);
            }
            assertThat(ones.get(i))
                    .hasSameHashCodeAs(others.get(i))
                    .isNotEqualTo(ones.get(i).toString());
        }
        assertThat(ones.stream().map(Framing::hashCode).distinct().count()).isGreaterThan(ones.size() - 2L);
        assertThat(ones.stream().map(Framing::toString).distinct()).hasSameSizeAs(ones);
    }

    private static List<Framing> everyKind() {
        return List.of(
                Framing.lengthField().build(),
                Framing.lengthField().build().withChecksum(),
                lengthField(f -> f.width(3)),
                lengthField(f -> f.offset(1)),
                lengthField(f -> f.adjustment(1)),
                lengthField(f -> f.byteOrder(ByteOrder.LITTLE_ENDIAN)),
                lengthField(f -> f.maxFrameBytes(100)),
                Framing.varint(100),
                Framing.varint(101),
                Framing.varint(100).withChecksum(),
                Framing.fixedLength(100),
                Framing.fixedLength(101),
                Framing.fixedLength(100).withChecksum(),
                Framing.line(100),
                Framing.line(101),
                Framing.line(LineEnding.CRLF, 100),
                Framing.delimiter(new byte[] {1}, 100),
                Framing.delimiter(new byte[] {1}, 101),
                Framing.delimiter(new byte[] {1, 1}, 100));
    }

    @Test
    void showsItsOptions() {
        assertThat(Framing.lengthField().build())
                .hasToString("Framing.lengthField(width 4, offset 0, adjustment 0, BIG_ENDIAN, maxFrameBytes 1048576)");
        assertThat(Framing.varint(7).withChecksum()).hasToString("Framing.varint(maxFrameBytes 7, CRC32C)");
        assertThat(Framing.fixedLength(7)).hasToString("Framing.fixedLength(7 bytes)");
        assertThat(Framing.line(LineEnding.CRLF, 7)).hasToString("Framing.line(CRLF, maxFrameBytes 7)");
        assertThat(Framing.delimiter(new byte[] {0, -1}, 7)).hasToString("Framing.delimiter(00ff, maxFrameBytes 7)");
    }

    @Test
    void tellsItsLimit() {
        assertThat(Framing.lengthField().build().maxFrameBytes()).isEqualTo(1 << 20);
        assertThat(lengthField(f -> f.width(2)).maxFrameBytes()).isEqualTo(65535);
        assertThat(Framing.varint(1 << 30).maxFrameBytes()).isEqualTo(1 << 30);
        assertThat(Framing.fixedLength(12).withChecksum().maxFrameBytes()).isEqualTo(12);
        assertThat(Framing.line(9).maxFrameBytes()).isEqualTo(9);
        assertThat(Framing.varint(1).maxFrameBytes()).isOne();
        assertThat(Framing.lengthField().maxFrameBytes(7).build().maxFrameBytes())
                .isEqualTo(7);
    }

    @Test
    void takesOneChecksumOnly() {
        for (Framing framing : List.of(Framing.lengthField().build(), Framing.varint(9), Framing.fixedLength(9))) {
            assertThat(framing.withChecksum()).isNotEqualTo(framing);
            assertThat(framing.withChecksum().withChecksum()).isEqualTo(framing.withChecksum());
        }
        assertThatThrownBy(() -> Framing.line(9).withChecksum()).isInstanceOf(UnsupportedOperationException.class);
        assertThatThrownBy(() -> Framing.delimiter(new byte[1], 9).withChecksum())
                .isInstanceOf(UnsupportedOperationException.class);
    }

    @Test
    void doesNotNoticeWhenTheDelimiterArrayIsChangedLater() {
        byte[] delimiter = {1, 2};
        Framing framing = Framing.delimiter(delimiter, 9);
        delimiter[0] = 3;

        assertThat(framing).isEqualTo(Framing.delimiter(new byte[] {1, 2}, 9));
    }

    @Test
    void givesEachChannelAHandlerOfItsOwn() {
        Framing framing = Framing.varint(9);

        assertThat(framing.newHandler()).isInstanceOf(FramingHandler.class).isNotSameAs(framing.newHandler());
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 0, 5, 6, 7, 9})
    void refusesOtherWidths(int width) {
        assertRefused(() -> Framing.lengthField().width(width), "width: " + width + " (must be 1, 2, 3, 4 or 8)");
    }

    @ParameterizedTest
    @ValueSource(ints = {Integer.MIN_VALUE, -1, 0, (1 << 30) + 1, Integer.MAX_VALUE})
    void refusesLimitsOutOfRange(int max) {
        String rule = ": " + max + " (must be 1 to 1073741824)";
        assertRefused(() -> Framing.lengthField().maxFrameBytes(max), "maxFrameBytes" + rule);
        assertRefused(() -> Framing.varint(max), "maxFrameBytes" + rule);
        assertRefused(() -> Framing.line(max), "maxFrameBytes" + rule);
        assertRefused(() -> Framing.delimiter(new byte[1], max), "maxFrameBytes" + rule);
        assertRefused(() -> Framing.fixedLength(max), "frameBytes" + rule);
    }

    @Test
    void refusesOffsetsAndDelimitersOutOfRange() {
        assertRefused(() -> Framing.lengthField().offset(-1), "offset: -1 (must be 0 to 1024)");
        assertRefused(() -> Framing.lengthField().offset(1025), "offset: 1025 (must be 0 to 1024)");
        assertThat(lengthField(f -> f.offset(1024)).maxFrameBytes()).isEqualTo(1 << 20);
        assertRefused(() -> Framing.delimiter(new byte[0], 9), "delimiter: 0 bytes (must be 1 to 64)");
        assertRefused(() -> Framing.delimiter(new byte[65], 9), "delimiter: 65 bytes (must be 1 to 64)");
        assertThat(Framing.delimiter(new byte[64], 9).maxFrameBytes()).isEqualTo(9);
    }

    @Test
    void checksOptionsAgainstEachOtherWhenBuilt() {
        assertThatThrownBy(() -> lengthField(f -> f.width(1).adjustment(-300)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("adjustment: -300 (must leave room");
        assertThatThrownBy(() -> lengthField(f -> f.offset(8).maxFrameBytes(4)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("maxFrameBytes: 4 (must leave room for a message of 8 bytes");
    }

    @Test
    void refusesNull() {
        assertThatThrownBy(() -> Framing.delimiter(null, 9)).hasMessage("delimiter: must not be null");
        assertThatThrownBy(() -> Framing.line(null, 9)).hasMessage("ending: must not be null");
        assertThatThrownBy(() -> Framing.lengthField().byteOrder(null)).hasMessage("byteOrder: must not be null");
    }

    private static void assertRefused(ThrowingCallable call, String message) {
        assertThatThrownBy(call).isInstanceOf(IllegalArgumentException.class).hasMessage(message);
    }
}
