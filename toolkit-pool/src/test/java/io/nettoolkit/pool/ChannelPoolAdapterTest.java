package io.nettoolkit.pool;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.core.NetException;
import io.nettoolkit.core.RejectedException;
import io.nettoolkit.testkit.LeakCheck;
import io.netty.channel.Channel;
import io.netty.channel.pool.ChannelPool;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakCheck.class)
class ChannelPoolAdapterTest {

    private final ManyHosts hosts = new ManyHosts();
    private ConnectionPool pool;
    private ChannelPool netty;

    @BeforeEach
    void begin() {
        hosts.address("host");
        pool = ConnectionPool.builder("host", hosts::connect)
                .eventLoops(hosts.loops)
                .timeSource(hosts.timeSource)
                .config(PoolConfig.builder().maxSize(1).build())
                .build();
        netty = pool.asChannelPool();
    }

    @AfterEach
    void end() {
        netty.close();
        hosts.advance(Duration.ofSeconds(1));
        assertThat(hosts.connections).hasValue(0);
        hosts.close();
    }

    @Test
    void givesChannelsAndTakesThemBack() {
        Channel channel = channelOf(netty.acquire());
        assertThat(channel.isActive()).isTrue();
        assertThat(pool.stats().active()).isEqualTo(1);

        Future<Void> released = netty.release(channel);
        hosts.settle();
        assertThat(released.isSuccess()).isTrue();
        assertThat(pool.stats().idle()).isEqualTo(1);
        assertThat(channelOf(netty.acquire())).isSameAs(channel);
        netty.release(channel);
    }

    @Test
    void failsAReleaseOfWhatItHasNotGivenOut() {
        Channel channel = channelOf(netty.acquire());
        netty.release(channel);
        hosts.settle();

        Future<Void> again = netty.release(channel);
        hosts.settle();
        assertThat(again.cause())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("must be one that this pool gave out");
        assertThat(channel.isOpen()).isTrue();
    }

    @Test
    void leavesAloneWhatAnotherPoolHasGivenOut() {
        ConnectionPool other = ConnectionPool.builder("host", hosts::connect)
                .eventLoops(hosts.loops)
                .timeSource(hosts.timeSource)
                .build();
        Channel channel = channelOf(netty.acquire());

        Future<Void> released = other.asChannelPool().release(channel);
        hosts.settle();

        assertThat(released.cause()).isInstanceOf(IllegalArgumentException.class);
        assertThat(pool.stats().active()).isEqualTo(1);
        Future<Void> again = pool.asChannelPool().release(channel);
        hosts.settle();
        assertThat(again.isSuccess())
                .as("any adapter of the pool may take it back")
                .isTrue();
        assertThat(pool.stats().idle()).isEqualTo(1);
        other.close();
    }

    @Test
    void leavesTheLineWhenAPromiseIsCancelled() {
        Channel channel = channelOf(netty.acquire());
        Future<Channel> waiting = netty.acquire();
        hosts.settle();
        assertThat(pool.stats().pending()).isEqualTo(1);
        assertThat(waiting.cancel(false)).isTrue();
        hosts.settle();
        assertThat(pool.stats().pending()).isZero();
        netty.release(channel);
        hosts.settle();
        assertThat(pool.stats().idle()).isEqualTo(1);
    }

    @Test
    void givesNothingToAPromiseThatIsCancelledAlready() {
        Channel channel = channelOf(netty.acquire());
        netty.release(channel);
        hosts.settle();
        Promise<Channel> cancelled = hosts.loops.next().newPromise();
        cancelled.cancel(false);
        netty.acquire(cancelled);
        hosts.settle();
        assertThat(pool.stats().idle()).isEqualTo(1);
        assertThat(channelOf(netty.acquire())).isSameAs(channel);
        netty.release(channel);
    }

    @Test
    void waitsForFiveSeconds() {
        Channel channel = channelOf(netty.acquire());
        Future<Channel> waiting = netty.acquire();
        hosts.advance(Duration.ofMillis(4_900));
        assertThat(waiting.isDone()).isFalse();
        hosts.advance(Duration.ofMillis(200));
        assertThat(waiting.cause()).isInstanceOf(NetException.class);
        netty.release(channel);
    }

    @Test
    void closesThePool() {
        Channel channel = channelOf(netty.acquire());
        netty.release(channel);
        hosts.settle();
        netty.close();
        hosts.settle();
        assertThat(channel.isOpen()).isFalse();
        Future<Channel> refused = netty.acquire();
        hosts.settle();
        assertThat(refused.cause()).isInstanceOf(RejectedException.class);
    }

    private Channel channelOf(Future<Channel> acquired) {
        hosts.settle();
        assertThat(acquired.isSuccess()).isTrue();
        return acquired.getNow();
    }
}
