package io.nettoolkit.benchmarks.pool;

import io.nettoolkit.core.Deadline;
import io.nettoolkit.pool.ConnectionPool;
import io.nettoolkit.pool.PoolConfig;
import java.time.Duration;

/** The toolkit's pool, filled. */
final class ToolkitPool {

    /** Made once, because it is not what is measured. */
    static final Deadline FAR = Deadline.after(Duration.ofDays(1));

    private ToolkitPool() {}

    /** At its defaults, but for the size. */
    static ConnectionPool of(LoopbackHost host, int connections) {
        return of(host, connections, PoolConfig.builder());
    }

    /** Whoever comes first has it, whoever has waited. */
    static ConnectionPool bargingOf(LoopbackHost host, int connections) {
        return of(host, connections, PoolConfig.builder().barging(true));
    }

    static ConnectionPool of(LoopbackHost host, int connections, PoolConfig.Builder config) {
        ConnectionPool pool = ConnectionPool.builder("bench", (key, loop, deadline) -> host.connect(loop))
                .config(config.maxSize(connections).build())
                .eventLoops(host.loops().group())
                .build();
        pool.warmUp(connections).join();
        return pool;
    }
}
