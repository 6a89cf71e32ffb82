package io.nettoolkit.udp.internal.channel;

import io.nettoolkit.udp.RudpConfig;
import io.nettoolkit.udp.internal.connection.ConnectionSetup;
import io.nettoolkit.udp.internal.wire.AckFrame;
import io.nettoolkit.udp.internal.wire.FrameReader;
import io.nettoolkit.udp.internal.wire.Handshake;
import io.nettoolkit.udp.internal.wire.KeySchedule;
import io.netty.buffer.ByteBufAllocator;
import io.netty.util.concurrent.FastThreadLocal;

/** What all connections of a thread can use in turn, so that a client with one connection need not have its own. */
final class LoopShare {

    private static final FastThreadLocal<LoopShare> OF_THREAD = new FastThreadLocal<>() {
        @Override
        protected LoopShare initialValue() {
            return new LoopShare();
        }
    };

    private final Handshake handshake = new Handshake();
    private final FrameReader frames = new FrameReader();
    private final AckFrame ack = new AckFrame();
    private final SecureBits random = new SecureBits();

    /** What connections on this thread share. */
    static ConnectionSetup setup(RudpConfig config, KeySchedule keys, ByteBufAllocator allocator, int ownerLoop) {
        LoopShare share = OF_THREAD.get();
        return new ConnectionSetup(
                config, keys, allocator, share.random, ownerLoop, share.handshake, share.frames, share.ack);
    }
}
