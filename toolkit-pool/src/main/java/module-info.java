/** Connection pools for one host and for many. */
@org.jspecify.annotations.NullMarked
@SuppressWarnings("requires-automatic") // the name of Micrometer is that of its jar
module io.nettoolkit.pool {
    requires static transitive org.jspecify;
    requires static micrometer.core;
    requires transitive io.nettoolkit.core;
    requires transitive io.netty.transport;
    requires io.netty.common;
    requires io.netty.handler;
    requires org.slf4j;

    exports io.nettoolkit.pool;
    exports io.nettoolkit.pool.micrometer;
}
