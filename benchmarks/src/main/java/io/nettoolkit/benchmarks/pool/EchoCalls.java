package io.nettoolkit.benchmarks.pool;

import io.nettoolkit.core.Deadline;
import io.nettoolkit.pool.ConnectionPool;
import io.nettoolkit.pool.Lease;
import io.nettoolkit.pool.PoolConfig;
import io.netty.channel.Channel;
import io.netty.channel.pool.AbstractChannelPoolHandler;
import io.netty.channel.pool.FixedChannelPool;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.commons.pool2.BasePooledObjectFactory;
import org.apache.commons.pool2.PooledObject;
import org.apache.commons.pool2.impl.DefaultPooledObject;
import org.apache.commons.pool2.impl.GenericObjectPool;
import org.apache.commons.pool2.impl.GenericObjectPoolConfig;

/**
 * A question and its answer over a connection of somebody's pool. Callers wait on their thread ({@link #call}) or go on when the
 * answer is there ({@link #begin}); a contestant has one of the two.
 */
public abstract class EchoCalls implements AutoCloseable {

    private static final long PATIENCE_SECONDS = 10;

    final EchoHost host;

    private EchoCalls(EchoHost host) {
        this.host = host;
    }

    /** Who takes part. */
    public enum Contestant {
        /** The toolkit, for callers that wait. */
        TOOLKIT("toolkit", true),
        /** Commons Pool. */
        COMMONS_POOL("commonsPool2", true),
        /** A connection for each call, for callers that wait. */
        CONNECT("connectPerRequest", true),
        /** The toolkit, for callers that do not. */
        TOOLKIT_ASYNC("toolkit, async", false),
        /** Netty's. */
        NETTY("nettyFixedChannelPool, async", false),
        /** A connection for each call, for callers that do not wait. */
        CONNECT_ASYNC("connectPerRequest, async", false);

        private final String words;
        private final boolean blocking;

        Contestant(String words, boolean blocking) {
            this.words = words;
            this.blocking = blocking;
        }

        /** Whether its callers wait on their thread. */
        public boolean isBlocking() {
            return blocking;
        }

        /** The one to compare it with. */
        public Contestant toolkit() {
            return blocking ? TOOLKIT : TOOLKIT_ASYNC;
        }

        /** With so many connections to a server. */
        public EchoCalls open(InetSocketAddress server, int connections, int loops) {
            EchoHost host = new EchoHost(server, loops);
            return switch (this) {
                case TOOLKIT, TOOLKIT_ASYNC -> new Toolkit(host, connections);
                case COMMONS_POOL -> new Commons(host, connections);
                case NETTY -> new Netty(host, connections);
                case CONNECT, CONNECT_ASYNC -> new Connect(host);
            };
        }

        @Override
        public String toString() {
            return words;
        }
    }

    /** Calls, and waits for the answer. */
    public abstract void call() throws Exception;

    /** Calls; completes with the answer. */
    public abstract CompletableFuture<?> begin();

    @Override
    public void close() {
        host.close();
    }

    private static final class Toolkit extends EchoCalls {

        private static final Duration PATIENCE = Duration.ofSeconds(PATIENCE_SECONDS);

        private final ConnectionPool pool;

        Toolkit(EchoHost host, int connections) {
            super(host);
            pool = ConnectionPool.builder("echo", (key, loop, deadline) -> host.connect(loop))
                    .config(PoolConfig.builder().maxSize(connections).build())
                    .eventLoops(host.loops().group())
                    .build();
        }

        @Override
        public void call() throws Exception {
            try (Lease lease = pool.acquireBlocking(Deadline.after(PATIENCE))) {
                EchoHost.ask(lease.channel()).get(PATIENCE_SECONDS, TimeUnit.SECONDS);
            }
        }

        @Override
        public CompletableFuture<?> begin() {
            return pool.acquire(Deadline.after(PATIENCE))
                    .thenCompose(
                            lease -> EchoHost.ask(lease.channel()).whenComplete((nothing, failure) -> lease.release()));
        }

        @Override
        public void close() {
            pool.close(Duration.ZERO).join();
            super.close();
        }
    }

    private static final class Commons extends EchoCalls {

        private final GenericObjectPool<Channel> pool;

        Commons(EchoHost host, int connections) {
            super(host);
            GenericObjectPoolConfig<Channel> config = new GenericObjectPoolConfig<>();
            config.setMaxTotal(connections);
            config.setMaxIdle(connections);
            pool = new GenericObjectPool<>(new Connections(host), config);
        }

        @Override
        public void call() throws Exception {
            Channel channel = pool.borrowObject(Duration.ofSeconds(PATIENCE_SECONDS));
            try {
                EchoHost.ask(channel).get(PATIENCE_SECONDS, TimeUnit.SECONDS);
            } finally {
                pool.returnObject(channel);
            }
        }

        @Override
        public CompletableFuture<?> begin() {
            throw new UnsupportedOperationException("it has no such call");
        }

        @Override
        public void close() {
            pool.close();
            super.close();
        }
    }

    private static final class Connections extends BasePooledObjectFactory<Channel> {

        private final EchoHost host;

        Connections(EchoHost host) {
            this.host = host;
        }

        @Override
        public Channel create() {
            return host.connect(host.loops().group()).join();
        }

        @Override
        public PooledObject<Channel> wrap(Channel channel) {
            return new DefaultPooledObject<>(channel);
        }

        @Override
        public void destroyObject(PooledObject<Channel> pooled) {
            pooled.getObject().close();
        }
    }

    private static final class Netty extends EchoCalls {

        private final FixedChannelPool pool;

        Netty(EchoHost host, int connections) {
            super(host);
            pool = new FixedChannelPool(
                    host.bootstrap(host.loops().group()),
                    new AbstractChannelPoolHandler() {
                        @Override
                        public void channelCreated(Channel channel) {
                            EchoHost.addHandlers(channel);
                        }
                    },
                    connections);
        }

        @Override
        public void call() {
            throw new UnsupportedOperationException("its callers do not wait here");
        }

        @Override
        public CompletableFuture<?> begin() {
            CompletableFuture<Void> done = new CompletableFuture<>();
            pool.acquire().addListener(acquired -> {
                if (!acquired.isSuccess()) {
                    done.completeExceptionally(acquired.cause());
                    return;
                }
                Channel channel = (Channel) acquired.getNow();
                EchoHost.ask(channel).whenComplete((nothing, failure) -> {
                    pool.release(channel);
                    if (failure == null) {
                        done.complete(null);
                    } else {
                        done.completeExceptionally(failure);
                    }
                });
            });
            return done;
        }

        @Override
        public void close() {
            pool.close();
            super.close();
        }
    }

    private static final class Connect extends EchoCalls {

        Connect(EchoHost host) {
            super(host);
        }

        @Override
        public void call() throws Exception {
            begin().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        }

        @Override
        public CompletableFuture<?> begin() {
            return host.connect(host.loops().group())
                    .thenCompose(channel -> EchoHost.ask(channel).whenComplete((nothing, failure) -> channel.close()));
        }
    }
}
