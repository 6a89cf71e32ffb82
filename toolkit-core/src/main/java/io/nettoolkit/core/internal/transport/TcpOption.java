package io.nettoolkit.core.internal.transport;

/** The socket options that each transport spells in its own way, or does not have. */
public enum TcpOption {
    /** Seconds of silence before the first probe. */
    KEEP_ALIVE_IDLE("keepAliveIdle", "TCP_KEEPIDLE"),
    /** Seconds between probes. */
    KEEP_ALIVE_INTERVAL("keepAliveInterval", "TCP_KEEPINTVL"),
    /** Unanswered probes before the connection is dropped. */
    KEEP_ALIVE_COUNT("keepAliveCount", "TCP_KEEPCNT"),
    /** Milliseconds that sent data may stay unacknowledged. */
    USER_TIMEOUT("userTimeout", "TCP_USER_TIMEOUT"),
    /** Bytes that may wait unsent in the kernel. */
    NOT_SENT_LOW_WATER_MARK("notSentLowWaterMarkBytes", "TCP_NOTSENT_LOWAT"),
    /** Several sockets on one port. */
    REUSE_PORT("reusePort", "SO_REUSEPORT"),
    /** Data in the first packet of a client. */
    FAST_OPEN_CONNECT("fastOpenConnect", "TCP_FASTOPEN_CONNECT"),
    /** Data in the first packet to a server. */
    FAST_OPEN_QUEUE("fastOpenQueue", "TCP_FASTOPEN");

    private final String setter;
    private final String socketName;

    TcpOption(String setter, String socketName) {
        this.setter = setter;
        this.socketName = socketName;
    }

    /** Its name in {@code SocketOptions}. */
    public String setter() {
        return setter;
    }

    /** Its name in the manual page tcp(7) or socket(7). */
    public String socketName() {
        return socketName;
    }
}
