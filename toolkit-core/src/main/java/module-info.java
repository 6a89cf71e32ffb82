/** Event loops, transports, socket options, TLS, addresses, deadlines, backoff, errors and connection events. */
@org.jspecify.annotations.NullMarked
module io.nettoolkit.core {
    requires static transitive org.jspecify;
    requires static jdk.jfr;
    requires static micrometer.core;
    requires static io.netty.transport.classes.epoll;
    requires static io.netty.transport.classes.io_uring;
    requires static io.netty.transport.classes.kqueue;
    requires transitive io.netty.buffer;
    requires transitive io.netty.common;
    requires transitive io.netty.resolver;
    requires transitive io.netty.transport;
    requires transitive io.netty.handler;
    requires io.netty.codec;
    requires io.netty.transport.unix.common;
    requires jdk.net;
    requires org.slf4j;

    exports io.nettoolkit.core;
    exports io.nettoolkit.core.internal.tls to
            io.nettoolkit.tcp,
            io.nettoolkit.dns;
    exports io.nettoolkit.core.internal to
            io.nettoolkit.tcp,
            io.nettoolkit.udp,
            io.nettoolkit.dns,
            io.nettoolkit.pool,
            io.nettoolkit.resilience;
    exports io.nettoolkit.core.internal.jfr to
            io.nettoolkit.tcp,
            io.nettoolkit.udp,
            io.nettoolkit.dns,
            io.nettoolkit.pool,
            io.nettoolkit.resilience;
    exports io.nettoolkit.core.micrometer;
}
