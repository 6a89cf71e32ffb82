package io.nettoolkit.tcp.internal;

import io.netty.buffer.ByteBuf;

/** Where a {@link FrameReader} delivers frames. */
interface FrameSink {

    /** One frame: {@code length} bytes of {@code in} from {@code index}, valid during the call. */
    void onFrame(ByteBuf in, int index, int length) throws Exception;

    /** False while frames should stay in the reader: the connection is paused or closing. */
    boolean wantsFrames();
}
