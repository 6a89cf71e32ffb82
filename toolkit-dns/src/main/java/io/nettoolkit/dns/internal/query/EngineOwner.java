package io.nettoolkit.dns.internal.query;

import io.nettoolkit.core.EventLoops;
import io.nettoolkit.core.NetException;
import io.nettoolkit.core.TlsConfig;
import io.nettoolkit.core.internal.DatagramSegments;
import io.nettoolkit.core.internal.tls.LiveTls;
import io.nettoolkit.dns.DnsResolver;
import io.netty.channel.EventLoop;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/** Makes an engine with real sockets on one of the loops, and closes it with everything it opened. Any thread. */
public final class EngineOwner implements AutoCloseable {

    private final QueryEngine engine;
    private final @Nullable LiveTls tls;

    /**
     * An engine.
     *
     * @param tls for connections; null for plain ones
     * @throws IllegalArgumentException when the TLS material cannot be used
     */
    public EngineOwner(EventLoops loops, EngineOptions.Fixed fixed, @Nullable TlsConfig tls, EngineOptions options) {
        EventLoop loop = loops.next();
        LiveTls live = tls == null ? null : open(tls);
        this.tls = live;
        NetTransport.Sockets sockets = new NetTransport.Sockets(
                loop,
                loops.datagramChannelFactory(),
                loops.channelFactory(),
                loops.allocator(),
                DatagramSegments.areTakenBy(loops),
                live);
        engine = new QueryEngine(loop, fixed, owner -> new NetTransport(owner, sockets));
        configure(options);
    }

    private static LiveTls open(TlsConfig tls) {
        try {
            return LiveTls.open(tls);
        } catch (NetException unusable) {
            throw new IllegalArgumentException("tls: " + unusable.getMessage(), unusable);
        }
    }

    /** What lookups go through. */
    public Upstream upstream() {
        return engine;
    }

    /** What the engine has done. */
    public DnsResolver.Stats stats() {
        return engine.snapshot();
    }

    /** Changes the options soon. */
    public void configure(EngineOptions options) {
        onLoop(() -> engine.configure(options));
    }

    /** Fails what is under way and closes the sockets, soon. */
    @Override
    public void close() {
        onLoop(engine::close);
        if (tls != null) {
            tls.close();
        }
    }

    private void onLoop(Runnable task) {
        if (engine.loop().inEventLoop()) {
            task.run();
            return;
        }
        try {
            engine.loop().execute(task);
        } catch (RejectedExecutionException loopIsGone) {
            // With it went its sockets and whatever was under way.
        }
    }
}
