package io.nettoolkit.udp.internal.wire;

import io.netty.buffer.ByteBufUtil;
import java.util.ArrayList;
import java.util.List;

/** Writes down what a reader tells it. */
final class Recorder implements FrameVisitor {

    final List<String> frames = new ArrayList<>();

    @Override
    public void onAck(AckFrame ack) {
        StringBuilder text = new StringBuilder("ack after " + ack.delayNanos());
        for (int i = 0; i < ack.count(); i++) {
            text.append(' ').append(ack.smallest(i)).append("..").append(ack.largest(i));
        }
        frames.add(text.toString());
    }

    @Override
    public void onImmediateAck() {
        frames.add("immediate ack");
    }

    @Override
    public void onAckFrequency(long packets, long delayNanos) {
        frames.add("ack frequency " + packets + " " + delayNanos);
    }

    @Override
    public void onData(DataFrame data) {
        frames.add("data " + data.order() + " channel " + data.channel() + " sequence " + data.sequence() + " at "
                + data.offset() + " of " + data.total() + " "
                + ByteBufUtil.hexDump(data.packet(), data.index(), data.length()));
    }

    @Override
    public void onCancel(int order, int channel, long sequence, int total) {
        frames.add("cancel " + order + " channel " + channel + " sequence " + sequence + " of " + total);
    }

    @Override
    public void onMaxData(long bytes, long messages) {
        frames.add("max data " + bytes + " " + messages);
    }

    @Override
    public void onMaxChannelData(int channel, long bytes) {
        frames.add("max channel data " + channel + " " + bytes);
    }

    @Override
    public void onPathChallenge(long number) {
        frames.add("challenge " + Long.toHexString(number));
    }

    @Override
    public void onPathResponse(long number) {
        frames.add("response " + Long.toHexString(number));
    }

    @Override
    public void onNewId(long sequence, long id, byte[] resetToken) {
        frames.add("new id " + sequence + " " + Long.toHexString(id) + " " + ByteBufUtil.hexDump(resetToken));
    }

    @Override
    public void onRetireId(long sequence) {
        frames.add("retire id " + sequence);
    }

    @Override
    public void onClose(long code, String reason) {
        frames.add("close " + code + " " + reason);
    }
}
