package io.nettoolkit.core;

import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;

/**
 * What is asked of the operating system for TCP sockets.
 *
 * <p>Zero always means "left to the system". What the chosen transport, the kernel or a kernel limit does not grant is
 * reported by the server or client that uses these options (a warning when it is made, and its statistics); it is never
 * dropped in silence and never a failure.
 *
 * <pre>{@code
 * SocketOptions options = SocketOptions.wan().toBuilder().reusePort(true).build();
 * }</pre>
 *
 * <p><b>Threading.</b> Immutable and comparable; share freely.
 *
 * <p><b>Failure.</b> A value out of range is an {@link IllegalArgumentException} at its setter.
 *
 * <p><b>Sources.</b> tcp(7), socket(7); RFC 9293 §3.8.4 (keep-alive), RFC 5482 (user timeout), RFC 7413 (fast open).
 */
public final class SocketOptions {

    private static final SocketOptions DEFAULTS = builder().build();

    private final Map<Option, Object> values;

    private SocketOptions(Map<Option, Object> values) {
        this.values = values;
    }

    /** Starts from {@link #defaults()}. */
    public static Builder builder() {
        return new Builder(new EnumMap<>(Option.class))
                .tcpNoDelay(true)
                .keepAlive(true)
                .keepAliveIdle(Duration.ZERO)
                .keepAliveInterval(Duration.ZERO)
                .keepAliveCount(0)
                .userTimeout(Duration.ZERO)
                .sendBufferBytes(0)
                .receiveBufferBytes(0)
                .notSentLowWaterMarkBytes(0)
                .backlog(4096)
                .reuseAddress(true)
                .reusePort(false)
                .fastOpenConnect(false)
                .fastOpenQueue(0);
    }

    /** No Nagle delay, keep-alive at the system's pace, everything else left to the system. */
    public static SocketOptions defaults() {
        return DEFAULTS;
    }

    /**
     * For small messages inside a data centre: a dead peer is noticed within 20 s, and at most 16 KiB wait unsent in
     * the kernel, so that what is sent next does not queue behind what was sent long ago.
     */
    public static SocketOptions latency() {
        return keepAlive(15, 5, 3)
                .userTimeout(Duration.ofSeconds(15))
                .notSentLowWaterMarkBytes(16 << 10)
                .build();
    }

    /**
     * For long transfers: both buffers stay with the kernel's tuning (a fixed size would end it), unsent data is
     * kept below 512 KiB to save memory, a dead peer is noticed in about a minute.
     */
    public static SocketOptions throughput() {
        return keepAlive(60, 10, 3)
                .userTimeout(Duration.ofSeconds(60))
                .notSentLowWaterMarkBytes(512 << 10)
                .build();
    }

    /**
     * For very many quiet connections: few probes (after 5 min), and small buffers, so that no connection can pin much
     * kernel memory.
     */
    public static SocketOptions manyIdle() {
        return keepAlive(300, 60, 3)
                .userTimeout(Duration.ofMinutes(2))
                .sendBufferBytes(64 << 10)
                .receiveBufferBytes(64 << 10)
                .notSentLowWaterMarkBytes(16 << 10)
                .build();
    }

    /**
     * For peers across the internet: probes after 45 s, before usual address translators forget the connection, and
     * two minutes of patience with lossy paths. Fast open stays off, because its data may arrive twice.
     */
    public static SocketOptions wan() {
        return keepAlive(45, 15, 5)
                .userTimeout(Duration.ofMinutes(2))
                .notSentLowWaterMarkBytes(128 << 10)
                .build();
    }

    private static Builder keepAlive(int idleSeconds, int intervalSeconds, int count) {
        return builder()
                .keepAliveIdle(Duration.ofSeconds(idleSeconds))
                .keepAliveInterval(Duration.ofSeconds(intervalSeconds))
                .keepAliveCount(count);
    }

    /** A builder that starts from these options. */
    public Builder toBuilder() {
        return new Builder(new EnumMap<>(values));
    }

    /** See {@link Builder#tcpNoDelay}. */
    public boolean tcpNoDelay() {
        return flag(Option.TCP_NO_DELAY);
    }

    /** See {@link Builder#keepAlive}. */
    public boolean keepAlive() {
        return flag(Option.KEEP_ALIVE);
    }

    /** See {@link Builder#keepAliveIdle}. */
    public Duration keepAliveIdle() {
        return duration(Option.KEEP_ALIVE_IDLE);
    }

    /** See {@link Builder#keepAliveInterval}. */
    public Duration keepAliveInterval() {
        return duration(Option.KEEP_ALIVE_INTERVAL);
    }

    /** See {@link Builder#keepAliveCount}. */
    public int keepAliveCount() {
        return number(Option.KEEP_ALIVE_COUNT);
    }

    /** See {@link Builder#userTimeout}. */
    public Duration userTimeout() {
        return duration(Option.USER_TIMEOUT);
    }

    /** See {@link Builder#sendBufferBytes}. */
    public int sendBufferBytes() {
        return number(Option.SEND_BUFFER_BYTES);
    }

    /** See {@link Builder#receiveBufferBytes}. */
    public int receiveBufferBytes() {
        return number(Option.RECEIVE_BUFFER_BYTES);
    }

    /** See {@link Builder#notSentLowWaterMarkBytes}. */
    public int notSentLowWaterMarkBytes() {
        return number(Option.NOT_SENT_LOW_WATER_MARK_BYTES);
    }

    /** See {@link Builder#backlog}. */
    public int backlog() {
        return number(Option.BACKLOG);
    }

    /** See {@link Builder#reuseAddress}. */
    public boolean reuseAddress() {
        return flag(Option.REUSE_ADDRESS);
    }

    /** See {@link Builder#reusePort}. */
    public boolean reusePort() {
        return flag(Option.REUSE_PORT);
    }

    /** See {@link Builder#fastOpenConnect}. */
    public boolean fastOpenConnect() {
        return flag(Option.FAST_OPEN_CONNECT);
    }

    /** See {@link Builder#fastOpenQueue}. */
    public int fastOpenQueue() {
        return number(Option.FAST_OPEN_QUEUE);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof SocketOptions that && that.values.equals(values);
    }

    @Override
    public int hashCode() {
        return values.hashCode();
    }

    /** Every option that is not left to the system. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("SocketOptions[");
        values.forEach((option, value) -> {
            if (value.equals(0) || value.equals(Duration.ZERO)) {
                return;
            }
            text.append(text.charAt(text.length() - 1) == '[' ? "" : ", ")
                    .append(option.label)
                    .append('=')
                    .append(value);
        });
        return text.append(']').toString();
    }

    private boolean flag(Option option) {
        return (Boolean) value(option);
    }

    private int number(Option option) {
        return (Integer) value(option);
    }

    private Duration duration(Option option) {
        return (Duration) value(option);
    }

    private Object value(Option option) {
        return Objects.requireNonNull(values.get(option), option.label);
    }

    private enum Option {
        TCP_NO_DELAY("tcpNoDelay"),
        KEEP_ALIVE("keepAlive"),
        KEEP_ALIVE_IDLE("keepAliveIdle"),
        KEEP_ALIVE_INTERVAL("keepAliveInterval"),
        KEEP_ALIVE_COUNT("keepAliveCount"),
        USER_TIMEOUT("userTimeout"),
        SEND_BUFFER_BYTES("sendBufferBytes"),
        RECEIVE_BUFFER_BYTES("receiveBufferBytes"),
        NOT_SENT_LOW_WATER_MARK_BYTES("notSentLowWaterMarkBytes"),
        BACKLOG("backlog"),
        REUSE_ADDRESS("reuseAddress"),
        REUSE_PORT("reusePort"),
        FAST_OPEN_CONNECT("fastOpenConnect"),
        FAST_OPEN_QUEUE("fastOpenQueue");

        final String label;

        Option(String label) {
            this.label = label;
        }
    }

    /** Puts options together. Not thread-safe. */
    public static final class Builder {

        /** What Linux allows for the two keep-alive times. */
        private static final int MAX_KEEP_ALIVE_SECONDS = 32_767;

        private static final int MAX_KEEP_ALIVE_COUNT = 127;

        private final EnumMap<Option, Object> values;

        private Builder(EnumMap<Option, Object> values) {
            this.values = values;
        }

        /**
         * Sends small packets at once instead of waiting for an acknowledgement (TCP_NODELAY). Default true; false
         * turns Nagle's algorithm on. Servers and clients.
         */
        public Builder tcpNoDelay(boolean tcpNoDelay) {
            return set(Option.TCP_NO_DELAY, tcpNoDelay);
        }

        /**
         * Probes a silent peer (SO_KEEPALIVE). Default true; with false the three numbers below are not applied.
         * Servers and clients.
         */
        public Builder keepAlive(boolean keepAlive) {
            return set(Option.KEEP_ALIVE, keepAlive);
        }

        /**
         * Silence before the first probe (TCP_KEEPIDLE), in whole seconds up to 32,767. Default zero: left to the
         * system, which is two hours on most.
         */
        public Builder keepAliveIdle(Duration keepAliveIdle) {
            return set(Option.KEEP_ALIVE_IDLE, wholeSeconds("keepAliveIdle", keepAliveIdle));
        }

        /** Time between probes (TCP_KEEPINTVL), in whole seconds up to 32,767. Default zero: left to the system. */
        public Builder keepAliveInterval(Duration keepAliveInterval) {
            return set(Option.KEEP_ALIVE_INTERVAL, wholeSeconds("keepAliveInterval", keepAliveInterval));
        }

        /**
         * Unanswered probes after which the connection is reset (TCP_KEEPCNT), up to 127. Default 0: left to the
         * system.
         */
        public Builder keepAliveCount(int keepAliveCount) {
            return set(Option.KEEP_ALIVE_COUNT, between("keepAliveCount", keepAliveCount, 0, MAX_KEEP_ALIVE_COUNT));
        }

        /**
         * How long sent data may stay unacknowledged before the connection is reset (TCP_USER_TIMEOUT), in whole
         * milliseconds. Default zero: left to the system, which is about a quarter of an hour on Linux. It bounds the
         * keep-alive probes too. Linux with a native transport only.
         */
        public Builder userTimeout(Duration userTimeout) {
            Objects.requireNonNull(userTimeout, "userTimeout: must not be null");
            if (userTimeout.isNegative()
                    || userTimeout.compareTo(Duration.ofMillis(Integer.MAX_VALUE)) > 0
                    || !userTimeout.equals(Duration.ofMillis(userTimeout.toMillis()))) {
                throw new IllegalArgumentException(
                        "userTimeout: " + userTimeout + " (must be whole milliseconds from 0 to 2147483647)");
            }
            return set(Option.USER_TIMEOUT, userTimeout);
        }

        /**
         * Kernel send buffer (SO_SNDBUF), in bytes. Default 0: tuned by the system; any other value ends the tuning
         * for the socket, and the kernel cuts it to its limit (net.core.wmem_max), which is reported.
         */
        public Builder sendBufferBytes(int sendBufferBytes) {
            return set(Option.SEND_BUFFER_BYTES, atLeast("sendBufferBytes", sendBufferBytes, 0));
        }

        /**
         * Kernel receive buffer (SO_RCVBUF), in bytes. Default 0: tuned by the system; any other value ends the
         * tuning for the socket, and the kernel cuts it to its limit (net.core.rmem_max), which is reported.
         */
        public Builder receiveBufferBytes(int receiveBufferBytes) {
            return set(Option.RECEIVE_BUFFER_BYTES, atLeast("receiveBufferBytes", receiveBufferBytes, 0));
        }

        /**
         * Unsent bytes in the kernel above which the socket counts as not writable (TCP_NOTSENT_LOWAT). Default 0:
         * left to the system, where the whole send buffer may fill. Linux with a native transport only.
         */
        public Builder notSentLowWaterMarkBytes(int notSentLowWaterMarkBytes) {
            return set(
                    Option.NOT_SENT_LOW_WATER_MARK_BYTES,
                    atLeast("notSentLowWaterMarkBytes", notSentLowWaterMarkBytes, 0));
        }

        /**
         * Connections that may wait to be accepted, at least 1. Default 4096; Linux cuts it to net.core.somaxconn
         * without telling. Servers.
         */
        public Builder backlog(int backlog) {
            return set(Option.BACKLOG, atLeast("backlog", backlog, 1));
        }

        /**
         * Binds a port that old connections still linger on (SO_REUSEADDR), so that a server can restart at once.
         * Default true. Servers.
         */
        public Builder reuseAddress(boolean reuseAddress) {
            return set(Option.REUSE_ADDRESS, reuseAddress);
        }

        /**
         * Lets several sockets of the same user listen on one port; Linux spreads connections over them
         * (SO_REUSEPORT). Default false. Servers.
         */
        public Builder reusePort(boolean reusePort) {
            return set(Option.REUSE_PORT, reusePort);
        }

        /**
         * Puts the first data into the packet that opens the connection (TCP fast open). Default false. The data may
         * be delivered twice, so the first message has to be safe to repeat. Clients with a native transport, where
         * the kernel allows it (net.ipv4.tcp_fastopen).
         */
        public Builder fastOpenConnect(boolean fastOpenConnect) {
            return set(Option.FAST_OPEN_CONNECT, fastOpenConnect);
        }

        /**
         * Connections with data in their first packet that may wait to be accepted (TCP fast open). Default 0: not
         * offered. Servers with a native transport, where the kernel allows it (net.ipv4.tcp_fastopen).
         */
        public Builder fastOpenQueue(int fastOpenQueue) {
            return set(Option.FAST_OPEN_QUEUE, atLeast("fastOpenQueue", fastOpenQueue, 0));
        }

        /** The options. */
        public SocketOptions build() {
            return new SocketOptions(new EnumMap<>(values));
        }

        private Builder set(Option option, Object value) {
            values.put(option, value);
            return this;
        }

        private static Duration wholeSeconds(String name, Duration value) {
            Objects.requireNonNull(value, () -> name + ": must not be null");
            if (value.getNano() != 0 || value.isNegative() || value.getSeconds() > MAX_KEEP_ALIVE_SECONDS) {
                throw new IllegalArgumentException(
                        name + ": " + value + " (must be whole seconds from 0 to " + MAX_KEEP_ALIVE_SECONDS + ")");
            }
            return value;
        }

        private static int atLeast(String name, int value, int floor) {
            if (value < floor) {
                throw new IllegalArgumentException(name + ": " + value + " (must be " + floor + " or more)");
            }
            return value;
        }

        private static int between(String name, int value, int floor, int ceiling) {
            if (value < floor || value > ceiling) {
                throw new IllegalArgumentException(
                        name + ": " + value + " (must be between " + floor + " and " + ceiling + ")");
            }
            return value;
        }
    }
}
