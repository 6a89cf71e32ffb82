package io.nettoolkit.testkit;

import io.nettoolkit.testkit.FrameSplitter.BufferKind;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.CompositeByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.util.List;

/** One piece of a split: the buffer that is handed out, and the buffers whose memory it stands on. */
final class PieceBuffer {

    /** Without Netty's leak detection, as each piece is checked by its reference count, which is exact and cheap. */
    private static final ByteBufAllocator ALLOCATOR = new UnpooledByteBufAllocator(true, true);

    /** What lies around the bytes of a piece, so that code that ignores an index reads something else. */
    private static final byte PADDING = (byte) 0xA5;

    private static final int PADDING_BYTES = 3;
    private static final BufferKind[] SIMPLE_KINDS = {
        BufferKind.DIRECT, BufferKind.HEAP, BufferKind.COMPOSITE, BufferKind.SLICED, BufferKind.READ_ONLY
    };

    private final ByteBuf handedOut;
    private final List<ByteBuf> memory;

    private PieceBuffer(ByteBuf handedOut, ByteBuf... memory) {
        this.handedOut = handedOut;
        this.memory = List.of(memory);
    }

    static PieceBuffer of(BufferKind kind, int index, byte[] bytes) {
        return switch (kind) {
            case DIRECT -> plain(padded(ALLOCATOR.directBuffer(), bytes, 0, bytes.length));
            case HEAP -> plain(padded(ALLOCATOR.heapBuffer(), bytes, 0, bytes.length));
            case COMPOSITE -> composite(bytes);
            case SLICED -> sliced(bytes);
            case READ_ONLY -> readOnly(bytes);
            case MIXED -> of(SIMPLE_KINDS[index % SIMPLE_KINDS.length], index, bytes);
        };
    }

    private static PieceBuffer plain(ByteBuf buffer) {
        return new PieceBuffer(buffer, buffer);
    }

    private static PieceBuffer composite(byte[] bytes) {
        int middle = bytes.length / 2;
        ByteBuf first = padded(ALLOCATOR.directBuffer(), bytes, 0, middle);
        ByteBuf second = padded(ALLOCATOR.heapBuffer(), bytes, middle, bytes.length - middle);
        ByteBuf front = ALLOCATOR.heapBuffer(1).writeByte(PADDING);
        CompositeByteBuf composite = ALLOCATOR.compositeBuffer().addComponent(true, front);
        composite.addComponent(true, first).addComponent(true, second).skipBytes(1);
        return new PieceBuffer(composite, composite, front, first, second);
    }

    private static PieceBuffer sliced(byte[] bytes) {
        ByteBuf whole = padded(ALLOCATOR.directBuffer(), bytes, 0, bytes.length);
        whole.writeByte(PADDING);
        ByteBuf slice = whole.slice(PADDING_BYTES - 1, bytes.length + 1).skipBytes(1);
        return new PieceBuffer(slice, whole);
    }

    private static PieceBuffer readOnly(byte[] bytes) {
        ByteBuf writable = padded(ALLOCATOR.heapBuffer(), bytes, 0, bytes.length);
        return new PieceBuffer(writable.asReadOnly(), writable);
    }

    private static ByteBuf padded(ByteBuf empty, byte[] bytes, int offset, int length) {
        for (int i = 0; i < PADDING_BYTES; i++) {
            empty.writeByte(PADDING);
        }
        return empty.writeBytes(bytes, offset, length).skipBytes(PADDING_BYTES);
    }

    ByteBuf handedOut() {
        return handedOut;
    }

    boolean isReleased() {
        return memory.stream().allMatch(buffer -> buffer.refCnt() == 0);
    }

    /** Clears up after a test that failed, whatever it has released before. */
    void releaseFully() {
        for (ByteBuf buffer : memory) {
            int count = buffer.refCnt();
            if (count > 0) {
                buffer.release(count);
            }
        }
    }
}
