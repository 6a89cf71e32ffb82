package io.nettoolkit.tcp.internal;

import io.netty.buffer.AbstractReferenceCountedByteBuf;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.GatheringByteChannel;
import java.nio.channels.ScatteringByteChannel;

/**
 * The frame a handler sees: a slice of the read buffer that one loop uses again for every frame.
 *
 * <p>Netty's own slices cost an object per frame. This one is lent out with {@link #lend}, which takes no reference on
 * the read buffer, because the buffer cannot go away while the handler runs. {@link #takeBack} looks at the count when
 * the handler has returned: where nobody retained the frame, the view is free for the next one; where somebody did, the
 * view takes its own reference on the read buffer and belongs to them from then on.
 */
final class FrameView extends AbstractReferenceCountedByteBuf {

    private ByteBuf parent;
    private int offset;
    private int length;
    private boolean ownsParent;

    FrameView() {
        super(Integer.MAX_VALUE);
        parent = Unpooled.EMPTY_BUFFER;
    }

    /** Makes this the frame at {@code [offset, offset + length)} of {@code parent}, readable as a whole. */
    ByteBuf lend(ByteBuf parent, int offset, int length) {
        this.parent = parent;
        this.offset = offset;
        this.length = length;
        resetRefCnt();
        maxCapacity(length);
        setIndex(0, length);
        return this;
    }

    /**
     * The same, but the borrower owns the frame and releases it. {@link #isFree} tells when it has.
     */
    ByteBuf give(ByteBuf parent, int offset, int length) {
        parent.retain();
        ownsParent = true;
        return lend(parent, offset, length);
    }

    /** Whether a frame that was given away is released and the view may be used again. */
    boolean isFree() {
        return refCnt() == 0;
    }

    /**
     * Ends the loan of a view whose count is at least one.
     *
     * @return whether the view may be lent again; if not, whoever retained it owns it
     */
    boolean takeBack() {
        if (refCnt() == 1) {
            parent = Unpooled.EMPTY_BUFFER;
            return true;
        }
        parent.retain();
        ownsParent = true;
        release();
        return false;
    }

    @Override
    protected void deallocate() {
        if (ownsParent) {
            ownsParent = false;
            parent.release();
        }
    }

    private int at(int index) {
        return offset + index;
    }

    @Override
    protected byte _getByte(int index) {
        return parent.getByte(at(index));
    }

    @Override
    protected short _getShort(int index) {
        return parent.getShort(at(index));
    }

    @Override
    protected short _getShortLE(int index) {
        return parent.getShortLE(at(index));
    }

    @Override
    protected int _getUnsignedMedium(int index) {
        return parent.getUnsignedMedium(at(index));
    }

    @Override
    protected int _getUnsignedMediumLE(int index) {
        return parent.getUnsignedMediumLE(at(index));
    }

    @Override
    protected int _getInt(int index) {
        return parent.getInt(at(index));
    }

    @Override
    protected int _getIntLE(int index) {
        return parent.getIntLE(at(index));
    }

    @Override
    protected long _getLong(int index) {
        return parent.getLong(at(index));
    }

    @Override
    protected long _getLongLE(int index) {
        return parent.getLongLE(at(index));
    }

    @Override
    protected void _setByte(int index, int value) {
        parent.setByte(at(index), value);
    }

    @Override
    protected void _setShort(int index, int value) {
        parent.setShort(at(index), value);
    }

    @Override
    protected void _setShortLE(int index, int value) {
        parent.setShortLE(at(index), value);
    }

    @Override
    protected void _setMedium(int index, int value) {
        parent.setMedium(at(index), value);
    }

    @Override
    protected void _setMediumLE(int index, int value) {
        parent.setMediumLE(at(index), value);
    }

    @Override
    protected void _setInt(int index, int value) {
        parent.setInt(at(index), value);
    }

    @Override
    protected void _setIntLE(int index, int value) {
        parent.setIntLE(at(index), value);
    }

    @Override
    protected void _setLong(int index, long value) {
        parent.setLong(at(index), value);
    }

    @Override
    protected void _setLongLE(int index, long value) {
        parent.setLongLE(at(index), value);
    }

    @Override
    public int capacity() {
        return length;
    }

    @Override
    public ByteBuf capacity(int newCapacity) {
        throw new UnsupportedOperationException("a frame's capacity is fixed; copy() it into a buffer of your own");
    }

    @Override
    public ByteBufAllocator alloc() {
        return parent.alloc();
    }

    @Override
    @Deprecated
    @SuppressWarnings("InlineMeSuggester") // deprecated by Netty, which still calls it
    public ByteOrder order() {
        return ByteOrder.BIG_ENDIAN;
    }

    @Override
    public ByteBuf unwrap() {
        return parent;
    }

    @Override
    public boolean isDirect() {
        return parent.isDirect();
    }

    @Override
    public boolean isContiguous() {
        return parent.isContiguous();
    }

    @Override
    public ByteBuf getBytes(int index, ByteBuf dst, int dstIndex, int length) {
        checkIndex(index, length);
        parent.getBytes(at(index), dst, dstIndex, length);
        return this;
    }

    @Override
    public ByteBuf getBytes(int index, byte[] dst, int dstIndex, int length) {
        checkIndex(index, length);
        parent.getBytes(at(index), dst, dstIndex, length);
        return this;
    }

    @Override
    public ByteBuf getBytes(int index, ByteBuffer dst) {
        checkIndex(index, dst.remaining());
        parent.getBytes(at(index), dst);
        return this;
    }

    @Override
    public ByteBuf getBytes(int index, OutputStream out, int length) throws IOException {
        checkIndex(index, length);
        parent.getBytes(at(index), out, length);
        return this;
    }

    @Override
    public int getBytes(int index, GatheringByteChannel out, int length) throws IOException {
        checkIndex(index, length);
        return parent.getBytes(at(index), out, length);
    }

    @Override
    public int getBytes(int index, FileChannel out, long position, int length) throws IOException {
        checkIndex(index, length);
        return parent.getBytes(at(index), out, position, length);
    }

    @Override
    public ByteBuf setBytes(int index, ByteBuf src, int srcIndex, int length) {
        checkIndex(index, length);
        parent.setBytes(at(index), src, srcIndex, length);
        return this;
    }

    @Override
    public ByteBuf setBytes(int index, byte[] src, int srcIndex, int length) {
        checkIndex(index, length);
        parent.setBytes(at(index), src, srcIndex, length);
        return this;
    }

    @Override
    public ByteBuf setBytes(int index, ByteBuffer src) {
        checkIndex(index, src.remaining());
        parent.setBytes(at(index), src);
        return this;
    }

    @Override
    public int setBytes(int index, InputStream in, int length) throws IOException {
        checkIndex(index, length);
        return parent.setBytes(at(index), in, length);
    }

    @Override
    public int setBytes(int index, ScatteringByteChannel in, int length) throws IOException {
        checkIndex(index, length);
        return parent.setBytes(at(index), in, length);
    }

    @Override
    public int setBytes(int index, FileChannel in, long position, int length) throws IOException {
        checkIndex(index, length);
        return parent.setBytes(at(index), in, position, length);
    }

    @Override
    public ByteBuf copy(int index, int length) {
        checkIndex(index, length);
        return parent.copy(at(index), length);
    }

    @Override
    public int nioBufferCount() {
        return parent.nioBufferCount();
    }

    @Override
    public ByteBuffer nioBuffer(int index, int length) {
        checkIndex(index, length);
        return parent.nioBuffer(at(index), length);
    }

    @Override
    public ByteBuffer internalNioBuffer(int index, int length) {
        checkIndex(index, length);
        return parent.internalNioBuffer(at(index), length);
    }

    @Override
    public ByteBuffer[] nioBuffers(int index, int length) {
        checkIndex(index, length);
        return parent.nioBuffers(at(index), length);
    }

    @Override
    public boolean hasArray() {
        return parent.hasArray();
    }

    @Override
    public byte[] array() {
        return parent.array();
    }

    @Override
    public int arrayOffset() {
        return at(parent.arrayOffset());
    }

    @Override
    public boolean hasMemoryAddress() {
        return parent.hasMemoryAddress();
    }

    @Override
    public long memoryAddress() {
        return parent.memoryAddress() + offset;
    }
}
