package io.nettoolkit.udp.internal.wire;

import io.nettoolkit.udp.RudpConfig;
import io.netty.buffer.ByteBuf;

/**
 * What one side tells the other about itself in the handshake.
 *
 * <pre>
 *   u16 length, then of each parameter:  id (1 byte) | length (1 byte) | a number as {@link Varint}
 *   1 longest message   2 bytes of credit   3 messages of credit   4 bytes of credit on each channel
 *   5 channels          6 largest datagram taken   7 longest acknowledgement delay in us   8 idle timeout in ms
 * </pre>
 *
 * An unknown id is skipped, so that later versions may tell more; what is missing counts as 0.
 *
 * @param maxMessageBytes longest message taken
 * @param maxData bytes of reliable messages that may be begun
 * @param maxMessages reliable messages that may be begun
 * @param maxChannelData bytes of reliable messages that may be begun on each channel
 * @param maxChannels channels that may be used
 * @param maxDatagramBytes largest datagram taken
 * @param maxAckDelayMicros longest acknowledgement delay
 * @param idleTimeoutMillis after how long a silence the connection is given up
 */
public record TransportParameters(
        long maxMessageBytes,
        long maxData,
        long maxMessages,
        long maxChannelData,
        long maxChannels,
        long maxDatagramBytes,
        long maxAckDelayMicros,
        long idleTimeoutMillis) {

    /** What a peer takes that has not said. */
    public static final TransportParameters NOTHING = new TransportParameters(0, 0, 0, 0, 0, 0, 0, 0);

    private static final int COUNT = 8;

    private static final int LEAST_RECEIVABLE = 2048;

    /** The largest datagram taken: what a socket needs room for at each read. */
    public static int receivableBytes(RudpConfig config) {
        return Math.max(LEAST_RECEIVABLE, config.datagramBytes());
    }

    /** What this configuration tells. */
    public static TransportParameters of(RudpConfig config) {
        return new TransportParameters(
                config.maxMessageBytes(),
                config.receiveWindowBytes(),
                config.maxUnreadMessages(),
                config.receiveWindowBytes(),
                config.maxChannels(),
                receivableBytes(config),
                config.maxAckDelay().toNanos() / 1000,
                config.idleTimeout().toMillis());
    }

    void write(ByteBuf out) {
        int at = out.writerIndex();
        out.writeShort(0);
        long[] values = {
            maxMessageBytes,
            maxData,
            maxMessages,
            maxChannelData,
            maxChannels,
            maxDatagramBytes,
            maxAckDelayMicros,
            idleTimeoutMillis
        };
        for (int i = 0; i < COUNT; i++) {
            out.writeByte(i + 1);
            out.writeByte(Varint.size(values[i]));
            Varint.write(out, values[i]);
        }
        out.setShort(at, out.writerIndex() - at - 2);
    }

    static TransportParameters read(ByteBuf in) throws WireException {
        if (in.readableBytes() < 2) {
            throw WireException.encoding("parameters are missing");
        }
        int length = in.readUnsignedShort();
        if (length > in.readableBytes()) {
            throw WireException.encoding("parameters are cut off");
        }
        int end = in.readerIndex() + length;
        long[] values = new long[COUNT];
        while (in.readerIndex() < end) {
            int left = end - in.readerIndex();
            int id = left < 2 ? 0 : in.readUnsignedByte();
            int bytes = left < 2 ? left : in.readUnsignedByte();
            if (bytes > end - in.readerIndex() || left < 2) {
                throw WireException.encoding("a parameter is cut off");
            }
            int next = in.readerIndex() + bytes;
            if (id >= 1 && id <= COUNT) {
                values[id - 1] = Varint.read(in);
                if (in.readerIndex() > next) {
                    throw WireException.encoding("parameter " + id + " is longer than it says");
                }
            }
            in.readerIndex(next);
        }
        return checked(values);
    }

    private static TransportParameters checked(long[] values) throws WireException {
        if (values[5] < RudpConfig.MIN_DATAGRAM_BYTES) {
            throw WireException.limit("datagrams of " + values[5] + " bytes at most");
        }
        if (values[7] < 1 || values[7] > 1L << 40 || values[6] > 1L << 40) {
            throw WireException.limit("an idle timeout of " + values[7] + " ms");
        }
        return new TransportParameters(
                values[0], values[1], values[2], values[3], values[4], values[5], values[6], values[7]);
    }
}
