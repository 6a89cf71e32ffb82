package io.nettoolkit.benchmarks.pool;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.pool.AbstractChannelPoolHandler;
import io.netty.channel.pool.ChannelHealthChecker;
import io.netty.channel.pool.FixedChannelPool;
import java.util.ArrayList;
import java.util.List;

/** Netty's pool, filled. */
final class NettyPool {

    private NettyPool() {}

    /** At its defaults. */
    static FixedChannelPool of(LoopbackHost host, int connections) {
        return fill(
                new FixedChannelPool(host.bootstrap(host.loops().group()), new Handler(), connections), connections);
    }

    /** Without a look at the channel when it is released. */
    static FixedChannelPool tunedOf(LoopbackHost host, int connections) {
        Bootstrap bootstrap = host.bootstrap(host.loops().group());
        ChannelHealthChecker check = ChannelHealthChecker.ACTIVE;
        int pending = Integer.MAX_VALUE;
        FixedChannelPool pool =
                new FixedChannelPool(bootstrap, new Handler(), check, null, -1, connections, pending, false);
        return fill(pool, connections);
    }

    private static FixedChannelPool fill(FixedChannelPool pool, int connections) {
        List<Channel> all = new ArrayList<>();
        for (int i = 0; i < connections; i++) {
            all.add(pool.acquire().syncUninterruptibly().getNow());
        }
        all.forEach(channel -> pool.release(channel).syncUninterruptibly());
        return pool;
    }

    private static final class Handler extends AbstractChannelPoolHandler {
        @Override
        public void channelCreated(Channel channel) {}
    }
}
