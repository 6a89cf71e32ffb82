package io.nettoolkit.core.internal;

import io.nettoolkit.core.SocketOptions;
import io.nettoolkit.core.Transport;
import io.nettoolkit.core.internal.transport.TcpOption;
import io.nettoolkit.core.internal.transport.TransportProvider;
import io.netty.bootstrap.AbstractBootstrap;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFactory;
import io.netty.channel.ChannelOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Puts {@link SocketOptions} on a bootstrap. Each option is first tried on a socket of the same kind that is thrown away,
 * because only the running kernel knows what it grants, and because a refusal found later would be logged for every
 * single connection.
 */
public final class SocketOptionsApplier {

    private static final Logger log = LoggerFactory.getLogger(SocketOptionsApplier.class);

    private final Transport transport;
    private final TransportProvider provider;
    private final List<String> notApplied = new ArrayList<>();

    private SocketOptionsApplier(Transport transport) {
        this.transport = transport;
        this.provider = TransportProvider.of(transport);
    }

    /**
     * Sets the options of the listening socket and of the connections it accepts.
     *
     * @return what was asked for and could not be had, in words; it has been logged
     */
    public static List<String> applyTo(ServerBootstrap bootstrap, SocketOptions options, Transport transport) {
        SocketOptionsApplier applier = new SocketOptionsApplier(transport);
        for (Setting<?> setting : applier.tried(applier.listening(options), applier.provider.serverChannels())) {
            setting.putInto(bootstrap);
        }
        for (Setting<?> setting : applier.tried(applier.connected(options), applier.provider.channels())) {
            setting.putIntoChildren(bootstrap);
        }
        return applier.report();
    }

    /**
     * Sets the options of connections that are opened from here.
     *
     * @return what was asked for and could not be had, in words; it has been logged
     */
    public static List<String> applyTo(Bootstrap bootstrap, SocketOptions options, Transport transport) {
        SocketOptionsApplier applier = new SocketOptionsApplier(transport);
        List<Setting<?>> wanted = applier.connected(options);
        if (options.fastOpenConnect()) {
            applier.add(wanted, TcpOption.FAST_OPEN_CONNECT, true);
        }
        for (Setting<?> setting : applier.tried(wanted, applier.provider.channels())) {
            setting.putInto(bootstrap);
        }
        return applier.report();
    }

    private List<Setting<?>> listening(SocketOptions options) {
        List<Setting<?>> wanted = new ArrayList<>();
        wanted.add(new Setting<>("backlog", ChannelOption.SO_BACKLOG, options.backlog()));
        wanted.add(new Setting<>("reuseAddress", ChannelOption.SO_REUSEADDR, options.reuseAddress()));
        if (options.receiveBufferBytes() > 0) {
            // before listen(), because the window scale of the connections is agreed in their handshake
            wanted.add(new Setting<>("receiveBufferBytes", ChannelOption.SO_RCVBUF, options.receiveBufferBytes()));
        }
        if (options.reusePort()) {
            add(wanted, TcpOption.REUSE_PORT, true);
        }
        if (options.fastOpenQueue() > 0) {
            add(wanted, TcpOption.FAST_OPEN_QUEUE, options.fastOpenQueue());
        }
        return wanted;
    }

    private List<Setting<?>> connected(SocketOptions options) {
        List<Setting<?>> wanted = new ArrayList<>();
        wanted.add(new Setting<>("tcpNoDelay", ChannelOption.TCP_NODELAY, options.tcpNoDelay()));
        wanted.add(new Setting<>("keepAlive", ChannelOption.SO_KEEPALIVE, options.keepAlive()));
        if (options.keepAlive()) {
            addSeconds(wanted, TcpOption.KEEP_ALIVE_IDLE, options.keepAliveIdle());
            addSeconds(wanted, TcpOption.KEEP_ALIVE_INTERVAL, options.keepAliveInterval());
            if (options.keepAliveCount() > 0) {
                add(wanted, TcpOption.KEEP_ALIVE_COUNT, options.keepAliveCount());
            }
        }
        if (!options.userTimeout().isZero()) {
            add(wanted, TcpOption.USER_TIMEOUT, (int) options.userTimeout().toMillis());
        }
        if (options.sendBufferBytes() > 0) {
            wanted.add(new Setting<>("sendBufferBytes", ChannelOption.SO_SNDBUF, options.sendBufferBytes()));
        }
        if (options.receiveBufferBytes() > 0) {
            wanted.add(new Setting<>("receiveBufferBytes", ChannelOption.SO_RCVBUF, options.receiveBufferBytes()));
        }
        if (options.notSentLowWaterMarkBytes() > 0) {
            add(wanted, TcpOption.NOT_SENT_LOW_WATER_MARK, (long) options.notSentLowWaterMarkBytes());
        }
        return wanted;
    }

    private void addSeconds(List<Setting<?>> wanted, TcpOption option, Duration value) {
        if (!value.isZero()) {
            add(wanted, option, (int) value.toSeconds());
        }
    }

    /** The cast holds: the value is of the type tcp(7) and Netty give the option, whatever the transport. */
    @SuppressWarnings("unchecked")
    private <T> void add(List<Setting<?>> wanted, TcpOption option, T value) {
        ChannelOption<T> known = (ChannelOption<T>) provider.option(option);
        if (known == null) {
            missing(option.setter() + " (" + option.socketName() + "): " + transport + " cannot set it here");
        } else {
            wanted.add(new Setting<>(option.setter(), known, value));
        }
    }

    /** Those of the settings that a socket of this kind takes. */
    private List<Setting<?>> tried(List<Setting<?>> wanted, ChannelFactory<? extends Channel> channels) {
        Channel probe;
        try {
            probe = channels.newChannel();
        } catch (RuntimeException noSocketToTry) {
            // out of descriptors, say: the bind or connect that follows tells that better
            return wanted;
        }
        try {
            List<Setting<?>> granted = new ArrayList<>(wanted.size());
            for (Setting<?> setting : wanted) {
                if (isGranted(setting, probe)) {
                    granted.add(setting);
                }
            }
            return granted;
        } finally {
            probe.unsafe().closeForcibly();
        }
    }

    private <T> boolean isGranted(Setting<T> setting, Channel probe) {
        try {
            if (!probe.config().setOption(setting.option, setting.value)) {
                missing(setting.describe() + ": " + transport + " cannot set it here");
                return false;
            }
        } catch (RuntimeException refused) {
            Throwable cause = refused.getCause() != null ? refused.getCause() : refused;
            missing(setting.describe() + ": the system refused it (" + cause.getMessage() + ")");
            return false;
        }
        if (setting.option == ChannelOption.SO_SNDBUF || setting.option == ChannelOption.SO_RCVBUF) {
            checkCut(setting, probe.config().getOption(setting.option));
        }
        return true;
    }

    private void checkCut(Setting<?> setting, @Nullable Object readBack) {
        if (readBack instanceof Integer size && setting.value instanceof Integer asked) {
            int granted = provider.reportsDoubledBuffers() ? size / 2 : size;
            if (granted < asked) {
                missing(setting.describe() + ": the system cut it to " + granted);
            }
        }
    }

    private void missing(String text) {
        if (!notApplied.contains(text)) {
            notApplied.add(text);
        }
    }

    private List<String> report() {
        if (!notApplied.isEmpty()) {
            log.warn("socket options that {} does not grant as asked: {}", transport, String.join("; ", notApplied));
        }
        return List.copyOf(notApplied);
    }

    private record Setting<T>(String name, ChannelOption<T> option, T value) {

        void putInto(AbstractBootstrap<?, ?> bootstrap) {
            bootstrap.option(option, value);
        }

        void putIntoChildren(ServerBootstrap bootstrap) {
            bootstrap.childOption(option, value);
        }

        String describe() {
            return name + "=" + value;
        }
    }
}
