/** Framed TCP: framing, server, client. */
@org.jspecify.annotations.NullMarked
module io.nettoolkit.tcp {
    requires static transitive org.jspecify;
    requires transitive io.nettoolkit.core;
    requires transitive io.netty.buffer;
    requires transitive io.netty.transport;

    exports io.nettoolkit.tcp;
}
