package io.nettoolkit.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nettoolkit.testkit.FrameSplitter.BufferKind;
import io.nettoolkit.testkit.FrameSplitter.Pieces;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.CompositeByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.ByteToMessageDecoder;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(LeakCheck.class)
class FrameSplitterTest {

    /** One length byte, then as many bytes. */
    private static final class LengthDecoder extends ByteToMessageDecoder {
        @Override
        protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) {
            int length = in.getUnsignedByte(in.readerIndex());
            if (in.readableBytes() > length) {
                in.skipBytes(1);
                out.add(in.readRetainedSlice(length));
            }
        }
    }

    /** Assumes that the length and its bytes arrive together. */
    private static final class HastyDecoder extends ByteToMessageDecoder {
        @Override
        protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) {
            out.add(in.readRetainedSlice(in.readUnsignedByte()));
        }
    }

    @Test
    void aCorrectDecoderPassesEverySplit() {
        FrameSplitter.of(new byte[] {2, 10, 11, 0, 3, 20, 21, 22}).forEachSplit(pieces -> {
            EmbeddedChannel channel = new EmbeddedChannel(new LengthDecoder());
            pieces.forEach(channel::writeInbound);
            assertFrame(channel, 10, 11);
            assertFrame(channel);
            assertFrame(channel, 20, 21, 22);
            assertThat(channel.finishAndReleaseAll()).isFalse();
        });
    }

    @Test
    void aDecoderThatNeedsWholeFramesFailsAtTheFirstCutInsideOne() {
        assertThatExceptionOfType(AssertionError.class)
                .isThrownBy(() -> FrameSplitter.of(new byte[] {2, 10, 11}).forEachSplit(pieces -> {
                    EmbeddedChannel channel = new EmbeddedChannel(new HastyDecoder());
                    pieces.forEach(channel::writeInbound);
                    channel.finishAndReleaseAll();
                }))
                .withMessageContaining("3 bytes cut at [1] in DIRECT buffers: ")
                .withMessageContaining("repeat with FrameSplitter.of(bytes).withBuffers(BufferKind.DIRECT).withCuts(1)")
                .havingCause();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 7, 64, 65, 300})
    void everySplitDeliversTheStreamInOrderInNonEmptyPieces(int length) throws Exception {
        byte[] stream = new byte[length];
        for (int i = 0; i < length; i++) {
            stream[i] = (byte) i;
        }
        FrameSplitter.of(stream).forEachSplit(pieces -> {
            ByteArrayOutputStream received = new ByteArrayOutputStream();
            int count = 0;
            for (ByteBuf piece : pieces) {
                assertThat(piece.isReadable()).isTrue();
                assertThat(piece.readerIndex()).isPositive();
                drain(piece, received);
                count++;
            }
            assertThat(received.toByteArray()).isEqualTo(stream);
            assertThat(count).isEqualTo(pieces.cuts().size() + 1);
        });
    }

    @Test
    void cutsEverywhereSinglyInPairsByteByByteAndAtRandom() {
        Set<List<Integer>> splits = new HashSet<>();
        FrameSplitter.of(new byte[6]).withBuffers(BufferKind.HEAP).forEachSplit(pieces -> splits.add(pieces.cuts()));
        assertThat(splits).contains(List.of(), List.of(1, 2, 3, 4, 5));
        for (int first = 1; first < 6; first++) {
            assertThat(splits).contains(List.of(first));
            for (int second = first + 1; second < 6; second++) {
                assertThat(splits).contains(List.of(first, second));
            }
        }
        assertThat(splits).anyMatch(cuts -> cuts.size() == 3);
    }

    @Test
    void longStreamsAreNotCutInPairsSystematically() {
        List<Pieces> splits = new ArrayList<>();
        FrameSplitter.of(new byte[65])
                .withBuffers(BufferKind.HEAP)
                .withRandomSplits(0, 0)
                .forEachSplit(splits::add);
        assertThat(splits).hasSize(1 + 64 + 1);
    }

    @Test
    void theSameSeedGivesTheSameSplits() {
        assertThat(splitsOfSeed(7)).isEqualTo(splitsOfSeed(7)).isNotEqualTo(splitsOfSeed(8));
    }

    @ParameterizedTest
    @EnumSource(BufferKind.class)
    void deliversTheKindOfBufferThatItSays(BufferKind kind) {
        List<String> seen = new ArrayList<>();
        FrameSplitter.of(new byte[10]).withBuffers(kind).withCuts(2, 4, 6, 8).forEachSplit(pieces -> {
            assertThat(pieces.kind()).isEqualTo(kind);
            pieces.forEach(piece -> {
                seen.add(kindOf(piece));
                piece.release();
            });
        });
        if (kind == BufferKind.MIXED) {
            assertThat(seen).containsExactly("DIRECT", "HEAP", "COMPOSITE", "SLICED", "READ_ONLY");
        } else {
            assertThat(seen).hasSize(5).containsOnly(kind.name());
        }
    }

    @ParameterizedTest
    @EnumSource(BufferKind.class)
    void aPieceThatIsNotReleasedFailsTheSplitAndIsClearedUp(BufferKind kind) {
        List<ByteBuf> kept = new ArrayList<>();
        assertThatExceptionOfType(AssertionError.class)
                .isThrownBy(() -> FrameSplitter.of(new byte[6])
                        .withBuffers(kind)
                        .withCuts(2, 4)
                        .forEachSplit(pieces -> {
                            for (ByteBuf piece : pieces) {
                                kept.add(piece.readRetainedSlice(1));
                                if (kept.size() != 2) {
                                    kept.get(kept.size() - 1).release();
                                }
                                piece.release();
                            }
                        }))
                .withMessageContaining("piece 1 was not released when the test returned")
                .withMessageContaining("cut at [2, 4] in " + kind + " buffers");
        assertThat(kept).allSatisfy(piece -> assertThat(piece.refCnt()).isZero());
    }

    @Test
    void clearsUpWhatAFailedTestHolds() {
        List<ByteBuf> held = new ArrayList<>();
        assertThatThrownBy(() -> FrameSplitter.of(new byte[3]).forEachSplit(pieces -> {
                    held.add(pieces.iterator().next());
                    throw new IOException("bang");
                }))
                .isInstanceOf(AssertionError.class)
                .hasMessageStartingWith("3 bytes cut at [] in DIRECT buffers: java.io.IOException: bang")
                .hasCauseInstanceOf(IOException.class);
        assertThat(held)
                .singleElement()
                .satisfies(piece -> assertThat(piece.refCnt()).isZero());
    }

    @Test
    void piecesNotTakenNeedNoRelease() {
        FrameSplitter.of(new byte[8])
                .forEachSplit(pieces -> pieces.iterator().next().release());
    }

    @Test
    void aStreamIsDeliveredOnce() {
        FrameSplitter.of(new byte[1]).withCuts().forEachSplit(pieces -> {
            Iterator<ByteBuf> iterator = pieces.iterator();
            iterator.next().release();
            assertThat(iterator.hasNext()).isFalse();
            assertThatThrownBy(iterator::next).isInstanceOf(NoSuchElementException.class);
            assertThatThrownBy(pieces::iterator)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("delivers its stream once");
        });
    }

    @Test
    void takesABufferWithoutTouchingIt() {
        ByteBuf buffer = Unpooled.wrappedBuffer(new byte[] {9, 1, 2}).skipBytes(1);
        FrameSplitter.of(buffer).withCuts().withBuffers(BufferKind.HEAP).forEachSplit(pieces -> {
            ByteArrayOutputStream received = new ByteArrayOutputStream();
            for (ByteBuf piece : pieces) {
                drain(piece, received);
            }
            assertThat(received.toByteArray()).containsExactly(1, 2);
        });
        assertThat(buffer.readerIndex()).isEqualTo(1);
        assertThat(buffer.refCnt()).isEqualTo(1);
        buffer.release();
    }

    @Test
    void refusesBadArguments() {
        FrameSplitter splitter = FrameSplitter.of(new byte[3]);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> FrameSplitter.of(new byte[0]))
                .withMessage("stream: empty (must have at least one byte)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> splitter.withCuts(2, 1))
                .withMessage("cuts: [2, 1] (must rise and lie from 1 to 2)");
        assertThatIllegalArgumentException().isThrownBy(() -> splitter.withCuts(0));
        assertThatIllegalArgumentException().isThrownBy(() -> splitter.withCuts(3));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> splitter.withRandomSplits(-1, 0))
                .withMessage("splits: -1 (must not be negative)");
        assertThat(splitter.withCuts(1).withBuffers(BufferKind.HEAP))
                .hasToString("FrameSplitter(3 bytes, [HEAP], randomSplits=32, seed=1, cuts=[1])");
    }

    private static List<List<Integer>> splitsOfSeed(long seed) {
        List<List<Integer>> splits = new ArrayList<>();
        FrameSplitter.of(new byte[20])
                .withBuffers(BufferKind.HEAP)
                .withRandomSplits(8, seed)
                .forEachSplit(pieces -> splits.add(pieces.cuts()));
        return splits;
    }

    private static String kindOf(ByteBuf piece) {
        if (piece.isReadOnly()) {
            return "READ_ONLY";
        } else if (piece instanceof CompositeByteBuf) {
            return "COMPOSITE";
        } else if (piece.unwrap() != null) {
            return "SLICED";
        }
        return piece.isDirect() ? "DIRECT" : "HEAP";
    }

    private static void drain(ByteBuf piece, ByteArrayOutputStream into) {
        into.writeBytes(ByteBufUtil.getBytes(piece));
        piece.release();
    }

    private static void assertFrame(EmbeddedChannel channel, int... expected) {
        ByteBuf frame = channel.readInbound();
        assertThat(frame).isNotNull();
        for (int value : expected) {
            assertThat(frame.readByte()).isEqualTo((byte) value);
        }
        assertThat(frame.isReadable()).isFalse();
        frame.release();
    }
}
