package io.nettoolkit.udp.internal.wire;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;

/** What a DATA frame says, in fields that are used again for the next. The bytes lie in the packet. */
public final class DataFrame {

    int order;
    int channel;
    long sequence;
    int offset;
    int total;
    ByteBuf packet = Unpooled.EMPTY_BUFFER;
    int index;
    int length;

    /** Which order it belongs to: one of {@link Frames#ORDERED} to {@link Frames#UNRELIABLE_SEQUENCED}. */
    public int order() {
        return order;
    }

    /** The channel. */
    public int channel() {
        return channel;
    }

    /** The message's number in its channel and order. */
    public long sequence() {
        return sequence;
    }

    /** Where in the message these bytes belong. */
    public int offset() {
        return offset;
    }

    /** Bytes of the whole message. */
    public int total() {
        return total;
    }

    /** The packet the bytes lie in. */
    public ByteBuf packet() {
        return packet;
    }

    /** Where they begin in it. */
    public int index() {
        return index;
    }

    /** How many they are. */
    public int length() {
        return length;
    }

    /** Whether it is all of the message. */
    public boolean isWhole() {
        return length == total;
    }
}
