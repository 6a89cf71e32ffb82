/** Datagrams, multicast and reliable UDP. */
@org.jspecify.annotations.NullMarked
@SuppressWarnings("requires-automatic") // the name of Micrometer is that of its jar
module io.nettoolkit.udp {
    requires static transitive org.jspecify;
    requires static micrometer.core;
    requires transitive io.nettoolkit.core;
    requires transitive io.netty.buffer;
    requires transitive io.netty.resolver;
    requires transitive io.netty.transport;
    requires io.netty.common;
    requires io.netty.transport.unix.common;
    requires org.slf4j;

    exports io.nettoolkit.udp;
    exports io.nettoolkit.udp.micrometer;
}
