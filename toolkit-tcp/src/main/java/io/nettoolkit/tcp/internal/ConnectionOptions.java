package io.nettoolkit.tcp.internal;

import io.nettoolkit.core.ConnectionListener;
import io.nettoolkit.core.EventLoops;
import io.nettoolkit.core.SocketOptions;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.core.TlsConfig;
import io.nettoolkit.tcp.FrameHandler;
import io.nettoolkit.tcp.Limits;
import io.nettoolkit.tcp.Timeouts;
import org.jspecify.annotations.Nullable;

/** What the builders of a server and of a client collect alike. Not thread-safe; never leaves the builder. */
public final class ConnectionOptions {

    /** How frames stand in the stream. */
    public final FrameFormat format;

    /** What is done with them. */
    public final FrameHandler handler;

    /** Whether the connections are accepted. */
    public final boolean server;

    /** Null for the shared loops. */
    public @Nullable EventLoops eventLoops;

    /** See the builders. */
    public Limits limits = Limits.defaults();

    /** See the builders. */
    public Timeouts timeouts;

    /** See the builders. */
    public SocketOptions socketOptions = SocketOptions.defaults();

    /** Null for plaintext. */
    public @Nullable TlsConfig tls;

    /** See the builders. */
    public ConnectionListener listener = ConnectionListener.NONE;

    /** See the builders. */
    public TimeSource timeSource = TimeSource.system();

    /** See the builders. */
    public String name;

    private ConnectionOptions(FrameFormat format, FrameHandler handler, boolean server) {
        this.format = format;
        this.handler = handler;
        this.server = server;
        timeouts = server ? Timeouts.forServers() : Timeouts.forClients();
        name = server ? "tcp-server" : "tcp-client";
    }

    /** A server's defaults. */
    public static ConnectionOptions forServer(FrameFormat format, FrameHandler handler) {
        return new ConnectionOptions(format, handler, true);
    }

    /** A client's defaults. */
    public static ConnectionOptions forClient(FrameFormat format, FrameHandler handler) {
        return new ConnectionOptions(format, handler, false);
    }

    /** The rules between options. */
    void check() {
        if (limits.writeQueueBytes() < format.maxFrameBytes()) {
            throw new IllegalArgumentException("limits.writeQueueBytes: " + limits.writeQueueBytes()
                    + " (must be at least the framing's maxFrameBytes, " + format.maxFrameBytes()
                    + ", or a frame of that size could never be sent)");
        }
    }
}
