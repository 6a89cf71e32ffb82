package io.nettoolkit.udp.internal.channel;

import io.nettoolkit.core.TimeSource;
import io.nettoolkit.udp.RudpConfig;
import io.nettoolkit.udp.internal.wire.KeySchedule;
import io.netty.channel.ChannelFactory;
import io.netty.channel.socket.DatagramChannel;

/**
 * What channels are made with.
 *
 * @param config their options
 * @param keys the keys that come from the pre-shared one
 * @param sockets makes the sockets
 * @param time the clock
 */
public record PortSettings(
        RudpConfig config, KeySchedule keys, ChannelFactory<? extends DatagramChannel> sockets, TimeSource time) {

    /** Settings; derives keys, and has the random generator seeded, on the calling thread. */
    public static PortSettings of(
            RudpConfig config, ChannelFactory<? extends DatagramChannel> sockets, TimeSource time) {
        SecureBits.seed();
        return new PortSettings(config, new KeySchedule(config.security()), sockets, time);
    }
}
