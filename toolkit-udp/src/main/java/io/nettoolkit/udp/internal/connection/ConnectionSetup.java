package io.nettoolkit.udp.internal.connection;

import io.nettoolkit.udp.RudpConfig;
import io.nettoolkit.udp.internal.wire.AckFrame;
import io.nettoolkit.udp.internal.wire.FrameReader;
import io.nettoolkit.udp.internal.wire.Handshake;
import io.nettoolkit.udp.internal.wire.KeySchedule;
import io.netty.buffer.ByteBufAllocator;
import java.util.random.RandomGenerator;

/**
 * What the connections of one loop share.
 *
 * @param config their options
 * @param keys the keys that come from the pre-shared one
 * @param allocator where messages are collected
 * @param random ids, challenges, keys: a secure one outside of tests
 * @param ownerLoop the index of the loop, which goes into connection ids
 * @param handshake reads and writes handshake packets
 * @param frames reads frames
 * @param ack where acknowledgements are put together: too large for each idle connection to have its own
 */
public record ConnectionSetup(
        RudpConfig config,
        KeySchedule keys,
        ByteBufAllocator allocator,
        RandomGenerator random,
        int ownerLoop,
        Handshake handshake,
        FrameReader frames,
        AckFrame ack) {

    /** A set-up with readers of its own. */
    public static ConnectionSetup of(
            RudpConfig config, ByteBufAllocator allocator, RandomGenerator random, int ownerLoop) {
        return new ConnectionSetup(
                config,
                new KeySchedule(config.security()),
                allocator,
                random,
                ownerLoop,
                new Handshake(),
                new FrameReader(),
                new AckFrame());
    }

    byte[] randomBytes(int count) {
        byte[] bytes = new byte[count];
        random.nextBytes(bytes);
        return bytes;
    }
}
