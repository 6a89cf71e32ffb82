/** Caching stub resolver and service discovery. */
@org.jspecify.annotations.NullMarked
module io.nettoolkit.dns {
    requires static transitive org.jspecify;
    requires static micrometer.core;
    requires transitive io.nettoolkit.core;
    requires transitive io.netty.resolver;
    requires transitive io.netty.transport;
    requires io.netty.buffer;
    requires io.netty.codec;
    requires io.netty.common;
    requires io.netty.handler;
    requires org.slf4j;

    exports io.nettoolkit.dns;
    exports io.nettoolkit.dns.micrometer;
}
