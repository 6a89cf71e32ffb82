package io.nettoolkit.benchmarks.pool;

import io.netty.channel.socket.nio.NioSocketChannel;

/** What every pool holds: a real connection, with a place to note when it was last given back. */
final class StampedChannel extends NioSocketChannel {

    /** By {@code System.nanoTime()}; written by its holder alone, so that the pool's hand-over publishes it. */
    long releasedNanos;
}
