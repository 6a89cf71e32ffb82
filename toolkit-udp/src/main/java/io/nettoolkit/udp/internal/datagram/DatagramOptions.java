package io.nettoolkit.udp.internal.datagram;

import io.nettoolkit.core.EventLoops;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.udp.DatagramEndpoint;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/** What the builder of an endpoint gathers; not changed any more once the endpoint is built. */
public final class DatagramOptions {

    /** Fits what an Ethernet carries, and little of a buffer is wasted on smaller ones. */
    private static final int DEFAULT_MAX_DATAGRAM_BYTES = 2048;

    /** Who gets the datagrams. */
    public final DatagramEndpoint.Handler handler;

    /** Null for the shared ones, which are not started before they are needed. */
    public @Nullable EventLoops eventLoops;

    /** Null for the event loop. */
    public @Nullable Executor executor;

    /** How many datagrams wait for the executor at most. */
    public int mailboxDatagrams = 1024;

    /** Longer ones are dropped and counted. */
    public int maxDatagramBytes = DEFAULT_MAX_DATAGRAM_BYTES;

    /** Zero for the system's. */
    public int receiveBufferBytes;

    /** Zero for the system's. */
    public int sendBufferBytes;

    /** The cap of what waits for the system. */
    public long sendQueueBytes = 1 << 20;

    /** SO_BROADCAST. */
    public boolean broadcast;

    /** SO_REUSEADDR. */
    public boolean reuseAddress;

    /** The don't-fragment bit. */
    public boolean dontFragment;

    /** Null for the system's choice. */
    public @Nullable String multicastInterface;

    /** Zero to stay on the host; -1 for the system's, which is 1. */
    public int multicastTimeToLive = -1;

    /** Whether the host hears itself. */
    public boolean multicastLoopback = true;

    /** Who hears of rare events. */
    public DatagramEndpoint.Listener listener = DatagramEndpoint.Listener.NONE;

    /** The clock. */
    public TimeSource timeSource = TimeSource.system();

    /** In logs, refusals and metrics. */
    public String name = "datagrams";

    /** Defaults for this handler. */
    public DatagramOptions(DatagramEndpoint.Handler handler) {
        this.handler = handler;
    }

    EventLoops loops() {
        return eventLoops != null ? eventLoops : EventLoops.shared();
    }

    @Override
    public String toString() {
        return "name=" + name + ", maxDatagramBytes=" + maxDatagramBytes + ", sendQueueBytes=" + sendQueueBytes
                + (executor == null ? "" : ", mailboxDatagrams=" + mailboxDatagrams)
                + (receiveBufferBytes == 0 ? "" : ", receiveBufferBytes=" + receiveBufferBytes)
                + (sendBufferBytes == 0 ? "" : ", sendBufferBytes=" + sendBufferBytes)
                + (broadcast ? ", broadcast" : "")
                + (reuseAddress ? ", reuseAddress" : "")
                + (dontFragment ? ", dontFragment" : "")
                + (multicastInterface == null ? "" : ", multicastInterface=" + multicastInterface)
                + (multicastTimeToLive < 0 ? "" : ", multicastTimeToLive=" + multicastTimeToLive)
                + (multicastLoopback ? "" : ", no multicastLoopback");
    }
}
