package io.nettoolkit.udp.internal.channel;

import io.netty.channel.Channel;
import io.netty.channel.ChannelOption;
import io.netty.channel.DefaultChannelConfig;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.channel.socket.DatagramChannel;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The options of a channel; those of sockets go to the one underneath, where the channel has one of its own. */
final class SocketConfig extends DefaultChannelConfig {

    /** Messages come in buffers of their own size: the channels read into none, and one for all of them does. */
    private static final RecvByteBufAllocator UNUSED = new FixedRecvByteBufAllocator(1);

    private final @Nullable DatagramChannel socket;

    /** A channel that can be told to read no more. */
    interface Reader extends Channel {
        /** autoRead was switched off. Any thread. */
        void onAutoReadCleared();
    }

    SocketConfig(Reader channel, @Nullable DatagramChannel socket) {
        super(channel, UNUSED);
        this.socket = socket;
    }

    @Override
    protected void autoReadCleared() {
        ((Reader) channel).onAutoReadCleared();
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
