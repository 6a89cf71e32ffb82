package io.nettoolkit.benchmarks.stream;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;

/**
 * The server's end of a stream. Each order is a number of 8 bytes: that many bytes follow and are answered by one byte when
 * the last is there; or, where it is negative, its amount of bytes follow and come back.
 */
final class StreamSink extends ChannelInboundHandlerAdapter {

    private long order;
    private int orderBytes;
    private long left;
    private boolean echo;

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        ByteBuf in = (ByteBuf) message;
        try {
            while (in.isReadable()) {
                if (left > 0) {
                    take(context, in);
                } else {
                    order = order << Byte.SIZE | in.readUnsignedByte();
                    if (++orderBytes == Long.BYTES) {
                        echo = order < 0;
                        left = Math.abs(order);
                        order = 0;
                        orderBytes = 0;
                    }
                }
            }
        } finally {
            in.release();
        }
    }

    private void take(ChannelHandlerContext context, ByteBuf in) {
        int bytes = (int) Math.min(left, in.readableBytes());
        left -= bytes;
        if (echo) {
            context.write(in.readRetainedSlice(bytes));
        } else {
            in.skipBytes(bytes);
            if (left == 0) {
                context.write(context.alloc().buffer(1).writeByte(1));
            }
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
        context.flush();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        context.close();
    }
}
