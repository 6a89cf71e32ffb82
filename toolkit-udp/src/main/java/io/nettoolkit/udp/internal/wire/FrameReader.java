package io.nettoolkit.udp.internal.wire;

import io.netty.buffer.ByteBuf;

/**
 * Reads the frames of a packet without making an object.
 *
 * <p>Threading: confined to a loop; one may serve all connections of it.
 */
public final class FrameReader {

    private static final long MAX_DELAY_MICROS = 1L << 40;

    private final AckFrame ack = new AckFrame();
    private final DataFrame data = new DataFrame();

    /**
     * Tells the visitor of every frame in the readable bytes.
     *
     * @return whether the packet asks for an acknowledgement
     * @throws WireException where the peer broke a rule; frames before that one have been told
     */
    public boolean read(ByteBuf in, FrameVisitor visitor) throws WireException {
        if (!in.isReadable()) {
            throw WireException.protocol("a packet without frames");
        }
        boolean eliciting = false;
        while (in.isReadable()) {
            int type = in.readUnsignedByte();
            if (type >= Frames.DATA && type < Frames.DATA_END) {
                readData(in, type - Frames.DATA);
                visitor.onData(data);
                eliciting = true;
            } else if (type >= Frames.SKIPPABLE) {
                in.skipBytes(length(in));
                eliciting = true;
            } else {
                readControl(in, type, visitor);
                eliciting |= type != Frames.PADDING && type != Frames.ACK && type != Frames.CLOSE;
            }
        }
        return eliciting;
    }

    private void readControl(ByteBuf in, int type, FrameVisitor visitor) throws WireException {
        switch (type) {
            case Frames.PADDING, Frames.PING, Frames.DATA_BLOCKED -> {}
            case Frames.ACK -> {
                readAck(in);
                visitor.onAck(ack);
            }
            case Frames.ACK_FREQUENCY -> {
                long packets = Varint.read(in);
                visitor.onAckFrequency(packets, delayNanos(in));
            }
            case Frames.IMMEDIATE_ACK -> visitor.onImmediateAck();
            case Frames.CANCEL -> {
                int order = order(in);
                int channel = channel(in);
                long sequence = Varint.read(in);
                visitor.onCancel(order, channel, sequence, total(in));
            }
            case Frames.MAX_DATA -> {
                long bytes = Varint.read(in);
                visitor.onMaxData(bytes, Varint.read(in));
            }
            case Frames.MAX_CHANNEL_DATA -> {
                int channel = channel(in);
                visitor.onMaxChannelData(channel, Varint.read(in));
            }
            case Frames.PATH_CHALLENGE -> visitor.onPathChallenge(number(in));
            case Frames.PATH_RESPONSE -> visitor.onPathResponse(number(in));
            case Frames.NEW_ID -> {
                long sequence = Varint.read(in);
                long id = number(in);
                visitor.onNewId(sequence, id, token(in));
            }
            case Frames.RETIRE_ID -> visitor.onRetireId(Varint.read(in));
            case Frames.CLOSE -> {
                long code = Varint.read(in);
                visitor.onClose(code, Frames.readReason(in));
            }
            default -> throw WireException.encoding("a frame of unknown type " + type);
        }
    }

    private void readAck(ByteBuf in) throws WireException {
        long largest = Varint.read(in);
        ack.reset(delayNanos(in));
        long further = Varint.read(in);
        if (further >= AckFrame.MAX_RANGES) {
            throw WireException.encoding("an ACK of " + further + " further ranges");
        }
        long smallest = largest - Varint.read(in);
        addRange(smallest, largest);
        for (long i = 0; i < further; i++) {
            largest = smallest - Varint.read(in) - 2;
            smallest = largest - Varint.read(in);
            addRange(smallest, largest);
        }
    }

    private void addRange(long smallest, long largest) throws WireException {
        if (smallest < 0) {
            throw WireException.encoding("an ACK reaches below packet 0");
        }
        ack.add(smallest, largest);
    }

    private static long delayNanos(ByteBuf in) throws WireException {
        return Math.min(Varint.read(in), MAX_DELAY_MICROS) * AckFrame.DELAY_UNIT_NANOS;
    }

    private void readData(ByteBuf in, int kind) throws WireException {
        data.order = kind >> 1;
        data.channel = channel(in);
        data.sequence = Varint.read(in);
        if ((kind & 1) == 0) {
            data.offset = 0;
            data.length = length(in);
            data.total = data.length;
        } else {
            data.offset = total(in);
            data.total = total(in);
            data.length = length(in);
            if (data.length == 0 || data.offset > data.total - data.length) {
                throw WireException.encoding(
                        "a part of " + data.length + " bytes at " + data.offset + " of a message of " + data.total);
            }
        }
        data.packet = in;
        data.index = in.readerIndex();
        in.skipBytes(data.length);
    }

    private static int length(ByteBuf in) throws WireException {
        long length = Varint.read(in);
        if (length > in.readableBytes()) {
            throw WireException.encoding("a field of " + length + " bytes where " + in.readableBytes() + " are left");
        }
        return (int) length;
    }

    private static int total(ByteBuf in) throws WireException {
        long total = Varint.read(in);
        if (total > Integer.MAX_VALUE) {
            throw WireException.limit("a message of " + total + " bytes");
        }
        return (int) total;
    }

    private static int channel(ByteBuf in) throws WireException {
        long channel = Varint.read(in);
        if (channel > 0xFFFF) {
            throw WireException.limit("channel " + channel);
        }
        return (int) channel;
    }

    private static int order(ByteBuf in) throws WireException {
        int order = in.isReadable() ? in.readUnsignedByte() : Integer.MAX_VALUE;
        if (order > Frames.SEQUENCED) {
            throw WireException.encoding("a CANCEL of order " + order);
        }
        return order;
    }

    private static long number(ByteBuf in) throws WireException {
        if (in.readableBytes() < Long.BYTES) {
            throw WireException.encoding("a number of 8 bytes is cut off");
        }
        return in.readLong();
    }

    private static byte[] token(ByteBuf in) throws WireException {
        if (in.readableBytes() < Handshake.RESET_TOKEN_BYTES) {
            throw WireException.encoding("a reset token is cut off");
        }
        byte[] token = new byte[Handshake.RESET_TOKEN_BYTES];
        in.readBytes(token);
        return token;
    }
}
