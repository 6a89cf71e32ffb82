/** Datagrams, multicast and reliable UDP. */
@org.jspecify.annotations.NullMarked
module io.nettoolkit.udp {
    requires static transitive org.jspecify;
    requires transitive io.nettoolkit.core;
    requires transitive io.netty.buffer;
    requires io.netty.common;

    exports io.nettoolkit.udp;
}
