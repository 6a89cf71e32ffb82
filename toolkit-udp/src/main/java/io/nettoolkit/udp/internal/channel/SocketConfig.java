package io.nettoolkit.udp.internal.channel;

import io.netty.channel.Channel;
import io.netty.channel.ChannelOption;
import io.netty.channel.DefaultChannelConfig;
import io.netty.channel.socket.DatagramChannel;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The options of a channel; those of sockets go to the one underneath, where the channel has one of its own. */
final class SocketConfig extends DefaultChannelConfig {

    private final @Nullable DatagramChannel socket;
    private final Runnable onAutoReadCleared;

    SocketConfig(Channel channel, @Nullable DatagramChannel socket, Runnable onAutoReadCleared) {
        super(channel);
        this.socket = socket;
        this.onAutoReadCleared = onAutoReadCleared;
    }

    @Override
    protected void autoReadCleared() {
        onAutoReadCleared.run();
    }

    @Override
    public Map<ChannelOption<?>, Object> getOptions() {
        Map<ChannelOption<?>, Object> options = new LinkedHashMap<>();
        if (socket != null) {
            options.putAll(socket.config().getOptions());
        }
        options.putAll(super.getOptions());
        return options;
    }

    @Override
    public <T> @Nullable T getOption(ChannelOption<T> option) {
        T value = super.getOption(option);
        return value == null && socket != null ? socket.config().getOption(option) : value;
    }

    @Override
    public <T> boolean setOption(ChannelOption<T> option, T value) {
        return super.setOption(option, value)
                || (socket != null && socket.config().setOption(option, value));
    }
}
