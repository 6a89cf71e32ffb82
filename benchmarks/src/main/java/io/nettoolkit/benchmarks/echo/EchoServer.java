package io.nettoolkit.benchmarks.echo;

/**
 * A running echo server of 4-byte big-endian length frames, on one event loop.
 *
 * <p><b>Threading.</b> Any thread.
 */
public interface EchoServer extends AutoCloseable {

    /** The most bytes a frame may have, for every contestant. */
    int MAX_FRAME_BYTES = 1 << 20;

    /** Connections that may wait to be accepted, for every contestant. */
    int BACKLOG = 1024;

    /** The port it listens on, at 127.0.0.1. */
    int port();

    /** Stops listening and ends its threads. */
    @Override
    void close();
}
