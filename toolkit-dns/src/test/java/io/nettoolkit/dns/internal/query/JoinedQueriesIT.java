package io.nettoolkit.dns.internal.query;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.EventLoops;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.core.internal.DatagramSegments;
import io.nettoolkit.dns.DnsException;
import io.nettoolkit.dns.DnsResolver;
import io.nettoolkit.dns.DnsType;
import io.nettoolkit.dns.internal.wire.DnsName;
import io.nettoolkit.testkit.FakeDnsServer;
import io.nettoolkit.testkit.FakeDnsServer.Reply;
import io.nettoolkit.testkit.LeakCheck;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFactory;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.channel.EventLoop;
import io.netty.channel.socket.DatagramChannel;
import io.netty.channel.unix.SegmentedDatagramPacket;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Queries of one length through a real socket, as one message to the kernel. */
@ExtendWith(LeakCheck.class)
class JoinedQueriesIT {

    private static final int QUERIES = 50;

    private final EventLoops loops =
            EventLoops.builder().threads(1).name("dns-test").build();
    private final FakeDnsServer dns = FakeDnsServer.start();
    private final AtomicInteger joined = new AtomicInteger();
    private final ConcurrentLinkedQueue<InetSocketAddress> down = new ConcurrentLinkedQueue<>();
    private final EventLoop loop = loops.next();

    @AfterEach
    void stop() {
        dns.close();
        loops.close();
    }

    /** Counts joined messages on their way out, and lets the kernel refuse them where that is asked for. */
    private final class Device extends ChannelOutboundHandlerAdapter {
        private final boolean refuses;

        Device(boolean refuses) {
            this.refuses = refuses;
        }

        @Override
        public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
            if (message instanceof SegmentedDatagramPacket packet) {
                joined.incrementAndGet();
                if (refuses) {
                    packet.release();
                    promise.setFailure(new IOException("sendmmsg(..) failed with error(-5): Input/output error"));
                    return;
                }
            }
            ctx.write(message, promise);
        }
    }

    private QueryEngine engine(boolean refuses) {
        ChannelFactory<? extends DatagramChannel> plain = loops.datagramChannelFactory();
        ChannelFactory<DatagramChannel> watched = () -> {
            DatagramChannel channel = plain.newChannel();
            channel.pipeline().addLast(new Device(refuses));
            return channel;
        };
        DnsResolver.Listener listener = new DnsResolver.Listener() {
            @Override
            public void onServerDown(InetSocketAddress server, DnsException cause) {
                down.add(server);
            }
        };
        ChannelFactory<? extends Channel> streams = loops.channelFactory();
        return new QueryEngine(
                loop,
                new EngineOptions.Fixed("test", listener, TimeSource.system(), false),
                owner -> new NetTransport(
                        owner, new NetTransport.Sockets(loop, watched, streams, loops.allocator(), true, null)));
    }

    /** All of them in one turn of the loop; the names that were answered. */
    private List<String> ask(QueryEngine engine) throws Exception {
        dns.onAny().reply(query -> Reply.answer(query.name() + " 60 A 192.0.2.9"));
        ConcurrentLinkedQueue<String> answered = new ConcurrentLinkedQueue<>();
        CompletableFuture<Void> all = new CompletableFuture<>();
        loop.execute(() -> {
            engine.configure(new EngineOptions(
                    List.of(dns.address()), false, Duration.ofSeconds(5).toNanos(), 4));
            for (int i = 0; i < QUERIES; i++) {
                ask(engine, "n" + (100 + i) + ".example", answered, all);
            }
        });
        all.get(20, TimeUnit.SECONDS);
        loop.submit(engine::close).sync();
        return List.copyOf(answered);
    }

    private static void ask(
            QueryEngine engine, String name, ConcurrentLinkedQueue<String> answered, CompletableFuture<Void> all) {
        try {
            engine.query(DnsName.of(name), DnsType.A, Deadline.after(Duration.ofSeconds(20)), new Upstream.Outcome() {
                @Override
                public void onResponse(Response response) {
                    answered.add(response.name().key());
                    if (answered.size() == QUERIES) {
                        all.complete(null);
                    }
                }

                @Override
                public void onFailure(DnsException failure) {
                    all.completeExceptionally(failure);
                }
            });
        } catch (DnsException badName) {
            all.completeExceptionally(badName);
        }
    }

    @Test
    void eachOfThemArrivesAndIsAnswered() throws Exception {
        Assumptions.assumeTrue(DatagramSegments.areTakenBy(loops), "this transport takes no joined datagrams");
        List<String> answered = ask(engine(false));

        assertThat(answered).hasSize(QUERIES).doesNotHaveDuplicates();
        assertThat(joined).hasPositiveValue();
        assertThat(dns.queries()).hasSizeGreaterThanOrEqualTo(QUERIES);
    }

    @Test
    void theyGoOneByOneOnceADeviceHasRefusedThemAndNoServerIsBlamed() throws Exception {
        List<String> answered = ask(engine(true));

        assertThat(answered).hasSize(QUERIES).doesNotHaveDuplicates();
        assertThat(joined).hasPositiveValue();
        assertThat(down).isEmpty();
        assertThat(dns.queries()).hasSizeGreaterThanOrEqualTo(QUERIES);
    }
}
