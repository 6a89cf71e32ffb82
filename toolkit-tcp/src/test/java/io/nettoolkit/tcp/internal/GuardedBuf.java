package io.nettoolkit.tcp.internal;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.buffer.UnpooledHeapByteBuf;
import java.nio.ByteBuffer;

/** A buffer that counts how many bytes are looked at and fails when one outside the allowed window is. */
final class GuardedBuf extends UnpooledHeapByteBuf {

    private int from;
    private int to;
    private long touched;

    GuardedBuf() {
        super(UnpooledByteBufAllocator.DEFAULT, 256, Integer.MAX_VALUE);
    }

    void allow(int from, int to) {
        this.from = from;
        this.to = to;
    }

    long touched() {
        return touched;
    }

    private void touch(int index, int length) {
        if (index < from || index + length > to) {
            throw new AssertionError(
                    "looked at [" + index + ", " + (index + length) + "), allowed is [" + from + ", " + to + ")");
        }
        touched += length;
    }

    @Override
    public boolean hasArray() {
        return false;
    }

    @Override
    public int indexOf(int fromIndex, int toIndex, byte value) {
        if (fromIndex > toIndex) {
            throw new AssertionError("searched backwards");
        }
        int at = super.indexOf(fromIndex, toIndex, value);
        touch(fromIndex, (at < 0 ? toIndex : at + 1) - fromIndex);
        return at;
    }

    @Override
    public byte getByte(int index) {
        touch(index, 1);
        return super.getByte(index);
    }

    @Override
    public short getShort(int index) {
        touch(index, 2);
        return super.getShort(index);
    }

    @Override
    public short getShortLE(int index) {
        touch(index, 2);
        return super.getShortLE(index);
    }

    @Override
    public int getUnsignedMedium(int index) {
        touch(index, 3);
        return super.getUnsignedMedium(index);
    }

    @Override
    public int getUnsignedMediumLE(int index) {
        touch(index, 3);
        return super.getUnsignedMediumLE(index);
    }

    @Override
    public int getInt(int index) {
        touch(index, 4);
        return super.getInt(index);
    }

    @Override
    public int getIntLE(int index) {
        touch(index, 4);
        return super.getIntLE(index);
    }

    @Override
    public long getLong(int index) {
        touch(index, 8);
        return super.getLong(index);
    }

    @Override
    public long getLongLE(int index) {
        touch(index, 8);
        return super.getLongLE(index);
    }

    @Override
    public ByteBuf getBytes(int index, byte[] target, int targetIndex, int length) {
        touch(index, length);
        return super.getBytes(index, target, targetIndex, length);
    }

    @Override
    public ByteBuffer nioBuffer(int index, int length) {
        touch(index, length);
        return super.nioBuffer(index, length);
    }

    @Override
    public ByteBuffer internalNioBuffer(int index, int length) {
        touch(index, length);
        return super.internalNioBuffer(index, length);
    }
}
