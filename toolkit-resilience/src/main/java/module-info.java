/** Circuit breaker, rate limiters, retry, bulkhead, time limit, hedging, shedding, and their composition. */
@org.jspecify.annotations.NullMarked
@SuppressWarnings("requires-automatic") // the names of Micrometer and Lettuce are those of their jars
module io.nettoolkit.resilience {
    requires static transitive org.jspecify;
    requires static micrometer.core;
    requires static lettuce.core;
    requires transitive io.nettoolkit.core;
    requires io.netty.common;
    requires io.netty.transport;

    exports io.nettoolkit.resilience;
    exports io.nettoolkit.resilience.micrometer;
    exports io.nettoolkit.resilience.redis;
}
