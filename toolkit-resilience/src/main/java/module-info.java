/** Circuit breaker, rate limiters, retry, bulkhead, time limit, hedging, shedding, and their composition. */
@org.jspecify.annotations.NullMarked
@SuppressWarnings("requires-automatic") // Micrometer's name is that of its jar
module io.nettoolkit.resilience {
    requires static transitive org.jspecify;
    requires static micrometer.core;
    requires transitive io.nettoolkit.core;
    requires io.netty.common;
    requires io.netty.transport;

    exports io.nettoolkit.resilience;
}
