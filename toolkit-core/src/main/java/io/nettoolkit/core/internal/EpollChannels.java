package io.nettoolkit.core.internal;

import io.netty.channel.Channel;

/** Tells the channels of Netty's epoll transport, whose classes are in a jar that need not be there. */
public final class EpollChannels {

    private static final String PACKAGE = "io.netty.channel.epoll.";

    private EpollChannels() {}

    /** Whether this channel is one of them. */
    public static boolean include(Channel channel) {
        return channel.getClass().getName().startsWith(PACKAGE);
    }
}
