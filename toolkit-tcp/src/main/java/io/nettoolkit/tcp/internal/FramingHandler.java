package io.nettoolkit.tcp.internal;

import io.netty.channel.ChannelDuplexHandler;

/** Stands in for the handler that is being written beside this. */
public final class FramingHandler extends ChannelDuplexHandler {

    /** A handler for one channel. */
    public FramingHandler(FrameFormat format) {}
}
