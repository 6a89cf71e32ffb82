package io.nettoolkit.udp.internal.facade;

import io.nettoolkit.core.ConnectionListener;
import io.nettoolkit.core.EventLoops;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.core.internal.CallbackGuard;
import io.nettoolkit.udp.RudpConfig;
import io.nettoolkit.udp.RudpHandler;
import io.nettoolkit.udp.internal.channel.PortSettings;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInitializer;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What servers and clients are built with. */
public final class FacadeOptions {

    public final RudpConfig config;
    public final @Nullable RudpHandler handler;
    public final @Nullable ChannelHandler pipeline;
    public EventLoops eventLoops = EventLoops.shared();
    public ConnectionListener listener = ConnectionListener.NONE;
    public TimeSource timeSource = TimeSource.system();
    public String name;
    public int maxConnections = 100_000;
    public int sockets;

    /** One of handler and pipeline is there. */
    public FacadeOptions(
            RudpConfig config, @Nullable RudpHandler handler, @Nullable ChannelHandler pipeline, String name) {
        this.config = config;
        this.handler = handler;
        this.pipeline = pipeline;
        this.name = name;
    }

    PortSettings settings() {
        return PortSettings.of(config, eventLoops.datagramChannelFactory(), timeSource);
    }

    CallbackGuard guard(String callback) {
        return new CallbackGuard(callback + " of " + name, timeSource);
    }

    /** Sets up the channels of connections. They share its handlers: what one has for itself counts in an idle one. */
    ChannelInitializer<Channel> initializer(CallbackGuard handlers, CallbackGuard listeners) {
        @Nullable
        ChannelHandler watch = listener == ConnectionListener.NONE ? null : new ConnectionWatch(listener, listeners);
        ChannelHandler last =
                handler != null ? new HandlerAdapter(handler, handlers) : Objects.requireNonNull(pipeline);
        return new ChannelInitializer<>() {
            @Override
            public boolean isSharable() {
                return true;
            }

            @Override
            protected void initChannel(Channel channel) {
                if (watch != null) {
                    channel.pipeline().addLast(watch);
                }
                channel.pipeline().addLast(last);
            }
        };
    }
}
