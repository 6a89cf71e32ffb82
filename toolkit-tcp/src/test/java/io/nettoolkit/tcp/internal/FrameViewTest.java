package io.nettoolkit.tcp.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class FrameViewTest {

    private static final int OFFSET = 7;
    private static final int LENGTH = 40;

    static Stream<ByteBuf> parents() {
        byte[] bytes = new byte[100];
        new Random(1).nextBytes(bytes);
        return Stream.of(
                Unpooled.buffer(100).writeBytes(bytes),
                Unpooled.directBuffer(100).writeBytes(bytes),
                PooledByteBufAllocator.DEFAULT.directBuffer(100).writeBytes(bytes),
                Unpooled.wrappedBuffer(Unpooled.copiedBuffer(bytes, 0, 20), Unpooled.copiedBuffer(bytes, 20, 80)));
    }

    @ParameterizedTest
    @MethodSource("parents")
    void readsWhatASliceReads(ByteBuf parent) throws Exception {
        ByteBuf slice = parent.slice(OFFSET, LENGTH);
        ByteBuf view = new FrameView().lend(parent, OFFSET, LENGTH);

        assertThat(view).isEqualTo(slice);
        assertThat(view.capacity()).isEqualTo(slice.capacity());
        assertThat(view.readableBytes()).isEqualTo(LENGTH);
        for (int i = 0; i + 8 <= LENGTH; i++) {
            assertThat(view.getByte(i)).isEqualTo(slice.getByte(i));
            assertThat(view.getShort(i)).isEqualTo(slice.getShort(i));
            assertThat(view.getShortLE(i)).isEqualTo(slice.getShortLE(i));
            assertThat(view.getMedium(i)).isEqualTo(slice.getMedium(i));
            assertThat(view.getMediumLE(i)).isEqualTo(slice.getMediumLE(i));
            assertThat(view.getInt(i)).isEqualTo(slice.getInt(i));
            assertThat(view.getIntLE(i)).isEqualTo(slice.getIntLE(i));
            assertThat(view.getLong(i)).isEqualTo(slice.getLong(i));
            assertThat(view.getLongLE(i)).isEqualTo(slice.getLongLE(i));
        }
        assertThat(ByteBufUtil.getBytes(view)).isEqualTo(ByteBufUtil.getBytes(slice));
        assertThat(view.nioBuffer(3, 9)).isEqualTo(slice.nioBuffer(3, 9));
        assertThat(List.of(view.nioBuffers(3, 30))).isEqualTo(List.of(slice.nioBuffers(3, 30)));
        assertThat(view.nioBufferCount()).isEqualTo(parent.nioBufferCount());
        ByteBuf copy = view.copy(2, 5);
        assertThat(copy).isEqualTo(slice.slice(2, 5));
        copy.release();
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        view.getBytes(1, out, 10);
        assertThat(out.toByteArray()).isEqualTo(ByteBufUtil.getBytes(slice, 1, 10));
        ByteBuffer nio = ByteBuffer.allocate(11);
        view.getBytes(4, nio);
        assertThat(nio.array()).isEqualTo(ByteBufUtil.getBytes(slice, 4, 11));
        ByteBuf into = Unpooled.buffer(12);
        view.getBytes(5, into, 0, 12);
        assertThat(into.array()).isEqualTo(ByteBufUtil.getBytes(slice, 5, 12));
        if (view.hasArray()) {
            assertThat(view.array()[view.arrayOffset()]).isEqualTo(slice.getByte(0));
        }
        if (view.hasMemoryAddress()) {
            assertThat(view.memoryAddress()).isEqualTo(slice.memoryAddress());
        }
        assertThat(view.retainedSlice(2, 3)).isEqualTo(slice.slice(2, 3));
        parent.release();
    }

    @ParameterizedTest
    @MethodSource("parents")
    void writesWhereASliceWrites(ByteBuf parent) throws Exception {
        ByteBuf view = new FrameView().lend(parent, OFFSET, LENGTH);

        view.setByte(0, 1)
                .setShort(1, 2)
                .setShortLE(3, 3)
                .setMedium(5, 4)
                .setMediumLE(8, 5)
                .setInt(11, 6);
        view.setIntLE(15, 7).setLong(19, 8).setLongLE(27, 9);
        assertThat(parent.getByte(OFFSET)).isEqualTo((byte) 1);
        assertThat(parent.getShort(OFFSET + 1)).isEqualTo((short) 2);
        assertThat(parent.getShortLE(OFFSET + 3)).isEqualTo((short) 3);
        assertThat(parent.getMedium(OFFSET + 5)).isEqualTo(4);
        assertThat(parent.getMediumLE(OFFSET + 8)).isEqualTo(5);
        assertThat(parent.getInt(OFFSET + 11)).isEqualTo(6);
        assertThat(parent.getIntLE(OFFSET + 15)).isEqualTo(7);
        assertThat(parent.getLong(OFFSET + 19)).isEqualTo(8);
        assertThat(parent.getLongLE(OFFSET + 27)).isEqualTo(9);
        view.setBytes(0, new byte[] {9, 8, 7}).setBytes(3, ByteBuffer.wrap(new byte[] {6, 5}));
        view.setBytes(5, Unpooled.wrappedBuffer(new byte[] {4}), 0, 1);
        view.setBytes(6, new ByteArrayInputStream(new byte[] {3}), 1);
        assertThat(ByteBufUtil.getBytes(parent, OFFSET, 7)).containsExactly(9, 8, 7, 6, 5, 4, 3);
        parent.release();
    }

    @Test
    void cannotBeReadOutsideItself() {
        ByteBuf parent = Unpooled.buffer(100).writeZero(100);
        ByteBuf view = new FrameView().lend(parent, OFFSET, LENGTH);

        assertThatThrownBy(() -> view.getByte(LENGTH)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> view.getByte(-1)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> view.getBytes(LENGTH - 1, new byte[2])).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> view.nioBuffer(0, LENGTH + 1)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> view.writeByte(1)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> view.capacity(LENGTH + 1)).isInstanceOf(UnsupportedOperationException.class);
        parent.release();
    }

    @Test
    void takenBackItIsFreeAndHoldsNothing() {
        ByteBuf parent = Unpooled.buffer(100).writeZero(100);
        FrameView view = new FrameView();
        view.lend(parent, 0, 10);

        assertThat(view.takeBack()).isTrue();
        assertThat(parent.refCnt()).isEqualTo(1);
        view.lend(parent, 10, 20);
        assertThat(view.readableBytes()).isEqualTo(20);
        assertThat(view.takeBack()).isTrue();
        parent.release();
    }

    @Test
    void retainedItKeepsItsBytesUntilItIsReleased() {
        ByteBuf parent = Unpooled.buffer(100).writeZero(100).setByte(5, 42);
        FrameView view = new FrameView();
        ByteBuf kept = view.lend(parent, 5, 1).retain();

        assertThat(view.takeBack()).isFalse();
        parent.release();

        assertThat(kept.getByte(0)).isEqualTo((byte) 42);
        assertThat(kept.release()).isTrue();
        assertThat(parent.refCnt()).isZero();
    }

    @Test
    void givenAwayItReleasesItsBytesWithItself() {
        ByteBuf parent = Unpooled.buffer(100).writeZero(100);
        FrameView view = new FrameView();
        ByteBuf given = view.give(parent, 5, 1);
        parent.release();

        assertThat(view.isFree()).isFalse();
        assertThat(given.release()).isTrue();
        assertThat(view.isFree()).isTrue();
        assertThat(parent.refCnt()).isZero();
    }
}
