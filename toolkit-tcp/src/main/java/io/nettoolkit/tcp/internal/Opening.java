package io.nettoolkit.tcp.internal;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** The client's side of a connection that is being made: how long it took so far, and who waits for it. */
interface Opening {

    /** The name lookup; null where there was none. */
    @Nullable
    Duration resolve();

    /** From the first connect attempt to the connection. */
    Duration connect();

    /** The connection is ready, after TLS. Loop only. */
    void opened(FramedConnection connection);

    /** The connection ended before it was ready. Loop only. */
    void failed(Throwable cause);
}
