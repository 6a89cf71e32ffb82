/** Framed TCP: framing, server, client. */
@org.jspecify.annotations.NullMarked
module io.nettoolkit.tcp {
    requires static transitive org.jspecify;
    requires transitive io.nettoolkit.core;
    requires transitive io.netty.buffer;
    requires transitive io.netty.resolver;
    requires transitive io.netty.transport;
    requires io.netty.common;
    requires io.netty.handler;

    exports io.nettoolkit.tcp;
}
