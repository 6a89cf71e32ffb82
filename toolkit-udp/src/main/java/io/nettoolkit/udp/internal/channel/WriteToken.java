package io.nettoolkit.udp.internal.channel;

import io.netty.channel.ChannelPromise;

/** What completes a promise where an acknowledgement of one message is not it: sent is enough, or there are pieces. */
final class WriteToken {

    final ChannelPromise promise;
    final boolean isDoneWhenSent;
    int pieces;

    WriteToken(ChannelPromise promise, boolean isDoneWhenSent, int pieces) {
        this.promise = promise;
        this.isDoneWhenSent = isDoneWhenSent;
        this.pieces = pieces;
    }
}
