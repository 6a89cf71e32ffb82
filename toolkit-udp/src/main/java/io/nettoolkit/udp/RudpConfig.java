package io.nettoolkit.udp;

import java.time.Duration;
import java.util.Arrays;
import java.util.Objects;

/**
 * How connections over UDP behave: security, sizes, windows, times. One value serves servers and clients, facades and
 * bare channels.
 *
 * <pre>{@code
 * RudpConfig config = RudpConfig.wan(RudpSecurity.psk(key)).toBuilder()
 *         .maxMessageBytes(64 << 10)
 *         .idleTimeout(Duration.ofMinutes(2))
 *         .build();
 * }</pre>
 *
 * <p>Both sides need the same security; everything else may differ: each tells the other its limits in the handshake.
 *
 * <p><b>Threading.</b> Immutable, comparable, share freely; a builder belongs to one thread.
 */
public final class RudpConfig {

    /** The smallest datagram every path has to carry (RFC 9000 §14). */
    public static final int MIN_DATAGRAM_BYTES = 1200;

    /** The largest payload of a UDP datagram over IPv4. */
    public static final int MAX_DATAGRAM_BYTES = 65_507;

    private final RudpSecurity security;
    private final CongestionControl congestionControl;
    private final int datagramBytes;
    private final int maxMessageBytes;
    private final int maxChannels;
    private final int maxUnreadMessages;
    private final long receiveWindowBytes;
    private final long maxReceiveWindowBytes;
    private final long sendBufferBytes;
    private final Duration maxAckDelay;
    private final Duration initialRtt;
    private final Duration handshakeTimeout;
    private final Duration idleTimeout;
    private final Duration keepAlive;
    private final Duration drainTimeout;
    private final boolean byteStream;
    private final Completion completion;
    private final int socketBufferBytes;

    private RudpConfig(Builder builder) {
        security = builder.security;
        congestionControl = builder.congestionControl;
        datagramBytes = builder.datagramBytes;
        maxMessageBytes = builder.maxMessageBytes;
        maxChannels = builder.maxChannels;
        maxUnreadMessages = builder.maxUnreadMessages;
        receiveWindowBytes = builder.receiveWindowBytes;
        maxReceiveWindowBytes = builder.maxReceiveWindowBytes;
        sendBufferBytes = builder.sendBufferBytes;
        maxAckDelay = builder.maxAckDelay;
        initialRtt = builder.initialRtt;
        handshakeTimeout = builder.handshakeTimeout;
        idleTimeout = builder.idleTimeout;
        keepAlive = builder.keepAlive;
        drainTimeout = builder.drainTimeout;
        byteStream = builder.byteStream;
        completion = builder.completion;
        socketBufferBytes = builder.socketBufferBytes;
    }

    /** For the Internet: the defaults of {@link Builder}. */
    public static RudpConfig wan(RudpSecurity security) {
        return new Builder(security).build();
    }

    /** For one building: datagrams of 1,452 bytes, round trips thought to take 1 ms, acknowledgements within 2 ms. */
    public static RudpConfig lan(RudpSecurity security) {
        return new Builder(security)
                .datagramBytes(1452)
                .initialRtt(Duration.ofMillis(1))
                .maxAckDelay(Duration.ofMillis(2))
                .receiveWindowBytes(2 << 20)
                .build();
    }

    /** For small messages that must be quick: short acknowledgement delay, small buffers, keep-alive every 5 s. */
    public static RudpConfig realtime(RudpSecurity security) {
        return new Builder(security)
                .initialRtt(Duration.ofMillis(100))
                .maxAckDelay(Duration.ofMillis(5))
                .maxMessageBytes(256 << 10)
                .receiveWindowBytes(512 << 10)
                .maxReceiveWindowBytes(4 << 20)
                .sendBufferBytes(128 << 10)
                .keepAlive(Duration.ofSeconds(5))
                .idleTimeout(Duration.ofSeconds(15))
                .build();
    }

    /** For files: windows that grow to 64 MiB and 4 MiB queued to send. */
    public static RudpConfig bulk(RudpSecurity security) {
        return new Builder(security)
                .receiveWindowBytes(4 << 20)
                .maxReceiveWindowBytes(64 << 20)
                .sendBufferBytes(4 << 20)
                .build();
    }

    /** Begins with the defaults. */
    public static Builder builder(RudpSecurity security) {
        return new Builder(security);
    }

    /** Begins with these values. */
    public Builder toBuilder() {
        Builder builder = new Builder(security);
        builder.congestionControl = congestionControl;
        builder.datagramBytes = datagramBytes;
        builder.maxMessageBytes = maxMessageBytes;
        builder.maxChannels = maxChannels;
        builder.maxUnreadMessages = maxUnreadMessages;
        builder.receiveWindowBytes = receiveWindowBytes;
        builder.maxReceiveWindowBytes = maxReceiveWindowBytes;
        builder.sendBufferBytes = sendBufferBytes;
        builder.maxAckDelay = maxAckDelay;
        builder.initialRtt = initialRtt;
        builder.handshakeTimeout = handshakeTimeout;
        builder.idleTimeout = idleTimeout;
        builder.keepAlive = keepAlive;
        builder.drainTimeout = drainTimeout;
        builder.byteStream = byteStream;
        builder.completion = completion;
        builder.socketBufferBytes = socketBufferBytes;
        return builder;
    }

    /** What protects the datagrams. */
    public RudpSecurity security() {
        return security;
    }

    /** See {@link Builder#congestionControl}. */
    public CongestionControl congestionControl() {
        return congestionControl;
    }

    /** See {@link Builder#datagramBytes}. */
    public int datagramBytes() {
        return datagramBytes;
    }

    /** See {@link Builder#maxMessageBytes}. */
    public int maxMessageBytes() {
        return maxMessageBytes;
    }

    /** See {@link Builder#maxChannels}. */
    public int maxChannels() {
        return maxChannels;
    }

    /** See {@link Builder#maxUnreadMessages}. */
    public int maxUnreadMessages() {
        return maxUnreadMessages;
    }

    /** See {@link Builder#receiveWindowBytes}. */
    public long receiveWindowBytes() {
        return receiveWindowBytes;
    }

    /** See {@link Builder#maxReceiveWindowBytes}. */
    public long maxReceiveWindowBytes() {
        return maxReceiveWindowBytes;
    }

    /** See {@link Builder#sendBufferBytes}. */
    public long sendBufferBytes() {
        return sendBufferBytes;
    }

    /** See {@link Builder#maxAckDelay}. */
    public Duration maxAckDelay() {
        return maxAckDelay;
    }

    /** See {@link Builder#initialRtt}. */
    public Duration initialRtt() {
        return initialRtt;
    }

    /** See {@link Builder#handshakeTimeout}. */
    public Duration handshakeTimeout() {
        return handshakeTimeout;
    }

    /** See {@link Builder#idleTimeout}. */
    public Duration idleTimeout() {
        return idleTimeout;
    }

    /** See {@link Builder#keepAlive}. */
    public Duration keepAlive() {
        return keepAlive;
    }

    /** See {@link Builder#drainTimeout}. */
    public Duration drainTimeout() {
        return drainTimeout;
    }

    /** See {@link Builder#byteStream}. */
    public boolean byteStream() {
        return byteStream;
    }

    /** See {@link Builder#completion}. */
    public Completion completion() {
        return completion;
    }

    /** See {@link Builder#socketBufferBytes}. */
    public int socketBufferBytes() {
        return socketBufferBytes;
    }

    private Object[] values() {
        return new Object[] {
            security, congestionControl, datagramBytes, maxMessageBytes, maxChannels, maxUnreadMessages,
            receiveWindowBytes, maxReceiveWindowBytes, sendBufferBytes, maxAckDelay, initialRtt, handshakeTimeout,
            idleTimeout, keepAlive, drainTimeout, byteStream, completion, socketBufferBytes
        };
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof RudpConfig that && Arrays.equals(that.values(), values());
    }

    @Override
    public int hashCode() {
        return Objects.hash(values());
    }

    @Override
    public String toString() {
        return "RudpConfig[security=" + security + ", congestionControl=" + congestionControl + ", datagramBytes="
                + datagramBytes + ", maxMessageBytes=" + maxMessageBytes + ", maxChannels=" + maxChannels
                + ", maxUnreadMessages=" + maxUnreadMessages + ", receiveWindowBytes=" + receiveWindowBytes
                + ", maxReceiveWindowBytes=" + maxReceiveWindowBytes + ", sendBufferBytes=" + sendBufferBytes
                + ", maxAckDelay=" + maxAckDelay + ", initialRtt=" + initialRtt + ", handshakeTimeout="
                + handshakeTimeout + ", idleTimeout=" + idleTimeout + ", keepAlive=" + keepAlive + ", drainTimeout="
                + drainTimeout + ", byteStream=" + byteStream + ", completion=" + completion + ", socketBufferBytes="
                + socketBufferBytes + "]";
    }

    /** When the promise or future of a reliable message completes. An unreliable one's completes when it was sent. */
    public enum Completion {
        /** When the peer has all of it. */
        ACKNOWLEDGED,
        /** When its last byte left for the first time: what TCP tells. */
        SENT
    }

    /** Puts a configuration together. */
    public static final class Builder {
        private final RudpSecurity security;
        private CongestionControl congestionControl = CongestionControl.cubic();
        private int datagramBytes = MIN_DATAGRAM_BYTES;
        private int maxMessageBytes = 1 << 20;
        private int maxChannels = 64;
        private int maxUnreadMessages = 8192;
        private long receiveWindowBytes = 1 << 20;
        private long maxReceiveWindowBytes = 16 << 20;
        private long sendBufferBytes = 1 << 20;
        private Duration maxAckDelay = Duration.ofMillis(25);
        private Duration initialRtt = Duration.ofMillis(333);
        private Duration handshakeTimeout = Duration.ofSeconds(10);
        private Duration idleTimeout = Duration.ofSeconds(30);
        private Duration keepAlive = Duration.ZERO;
        private Duration drainTimeout = Duration.ofSeconds(30);
        private boolean byteStream;
        private Completion completion = Completion.ACKNOWLEDGED;
        private int socketBufferBytes = 4 << 20;

        private Builder(RudpSecurity security) {
            this.security = Objects.requireNonNull(security, "security: must not be null");
        }

        /** How fast to send. Default {@link CongestionControl#cubic()}. */
        public Builder congestionControl(CongestionControl control) {
            congestionControl = Objects.requireNonNull(control, "congestionControl: must not be null");
            return this;
        }

        /**
         * The largest UDP payload sent. Default 1,200, which every path carries; up to 1,452 fits Ethernet over IPv6.
         * Where the path swallows larger ones that is noticed after some losses, and 1,200 are sent for ten minutes.
         */
        public Builder datagramBytes(int bytes) {
            datagramBytes = (int) within("datagramBytes", bytes, MIN_DATAGRAM_BYTES, MAX_DATAGRAM_BYTES);
            return this;
        }

        /**
         * The longest message accepted; a longer one ends the connection. Default 1 MiB. At most the receive window,
         * since a message is handed over whole.
         */
        public Builder maxMessageBytes(int bytes) {
            maxMessageBytes = (int) within("maxMessageBytes", bytes, 1, Integer.MAX_VALUE / 2);
            return this;
        }

        /** Channels the peer may use, numbered from 0. Default 64. Each costs memory once it is used. */
        public Builder maxChannels(int channels) {
            maxChannels = (int) within("maxChannels", channels, 1, 1 << 16);
            return this;
        }

        /**
         * Reliable messages the peer may have under way to this side: begun and not yet read. Bounds memory where
         * messages are so small that bytes do not. Default 8,192.
         */
        public Builder maxUnreadMessages(int messages) {
            maxUnreadMessages = (int) within("maxUnreadMessages", messages, 1, 32_768);
            return this;
        }

        /**
         * Bytes of reliable messages the peer may have under way to this side at first, begun and not yet read; for the
         * connection and for each channel. Default 1 MiB.
         */
        public Builder receiveWindowBytes(long bytes) {
            receiveWindowBytes = within("receiveWindowBytes", bytes, 1, 1L << 40);
            return this;
        }

        /**
         * What the receive window may grow to when it is read in less than two round trips. Default 16 MiB. Bounds what
         * one connection buffers.
         */
        public Builder maxReceiveWindowBytes(long bytes) {
            maxReceiveWindowBytes = within("maxReceiveWindowBytes", bytes, 1, 1L << 40);
            return this;
        }

        /** Bytes written and not acknowledged from which on the connection is not writable. Default 1 MiB. */
        public Builder sendBufferBytes(long bytes) {
            sendBufferBytes = within("sendBufferBytes", bytes, 1, 1L << 40);
            return this;
        }

        /** How long an acknowledgement may wait for company. Default 25 ms; at most 1 s. */
        public Builder maxAckDelay(Duration delay) {
            maxAckDelay = between("maxAckDelay", delay, Duration.ofMillis(1), Duration.ofSeconds(1));
            return this;
        }

        /** The round-trip time assumed before it is measured. Default 333 ms (RFC 9002 §6.2.2); 1 ms to 10 s. */
        public Builder initialRtt(Duration rtt) {
            initialRtt = between("initialRtt", rtt, Duration.ofMillis(1), Duration.ofSeconds(10));
            return this;
        }

        /** How long connecting may take. Default 10 s; at most 10 minutes. */
        public Builder handshakeTimeout(Duration timeout) {
            handshakeTimeout = between("handshakeTimeout", timeout, Duration.ofMillis(1), Duration.ofMinutes(10));
            return this;
        }

        /**
         * How long a connection lives of which nothing is heard. The smaller one of both sides counts, but never less
         * than three probe timeouts. Default 30 s; 1 ms to 24 h.
         */
        public Builder idleTimeout(Duration timeout) {
            idleTimeout = between("idleTimeout", timeout, Duration.ofMillis(1), Duration.ofHours(24));
            return this;
        }

        /**
         * After how long a silence to say something only to be answered; keeps NAT bindings open. Default zero: never.
         */
        public Builder keepAlive(Duration interval) {
            keepAlive = between("keepAlive", interval, Duration.ZERO, Duration.ofHours(24));
            return this;
        }

        /** How long a close waits for what was written to be acknowledged. Default 30 s; zero does not wait. */
        public Builder drainTimeout(Duration timeout) {
            drainTimeout = between("drainTimeout", timeout, Duration.ZERO, Duration.ofHours(1));
            return this;
        }

        /**
         * Whether a plain buffer is a piece of a stream of bytes, as it is with TCP, and no message: it is cut and sent as
         * fits, and comes out in other pieces. TLS and the codecs of TCP need that. Default false. A {@link RudpMessage}
         * is a message in any case. Both sides choose the same.
         */
        public Builder byteStream(boolean stream) {
            byteStream = stream;
            return this;
        }

        /** When the future of a written message completes. Default {@link Completion#ACKNOWLEDGED}. */
        public Builder completion(Completion when) {
            completion = Objects.requireNonNull(when, "completion: must not be null");
            return this;
        }

        /**
         * What is asked of the operating system for each of the socket's two buffers; it may grant less. All connections
         * of a server's socket share them, and what does not fit is lost. Default 4 MiB; 0 leaves it to the system.
         */
        public Builder socketBufferBytes(int bytes) {
            socketBufferBytes = (int) within("socketBufferBytes", bytes, 0, 1 << 30);
            return this;
        }

        /** The configuration. */
        public RudpConfig build() {
            if (receiveWindowBytes < maxMessageBytes) {
                throw new IllegalArgumentException("receiveWindowBytes: " + receiveWindowBytes
                        + " (must be at least maxMessageBytes, " + maxMessageBytes + ")");
            }
            if (maxReceiveWindowBytes < receiveWindowBytes) {
                throw new IllegalArgumentException("maxReceiveWindowBytes: " + maxReceiveWindowBytes
                        + " (must be at least receiveWindowBytes, " + receiveWindowBytes + ")");
            }
            return new RudpConfig(this);
        }

        private static long within(String name, long value, long least, long most) {
            if (value < least || value > most) {
                throw new IllegalArgumentException(name + ": " + value + " (must be " + least + " to " + most + ")");
            }
            return value;
        }

        private static Duration between(String name, Duration value, Duration least, Duration most) {
            Objects.requireNonNull(value, name + ": must not be null");
            if (value.compareTo(least) < 0 || value.compareTo(most) > 0) {
                throw new IllegalArgumentException(name + ": " + value + " (must be " + least + " to " + most + ")");
            }
            return value;
        }
    }
}
