/**
 * A manual clock, a bad network for datagrams, a faulty TCP proxy, a fake name server, a stream splitter and leak checks,
 * for testing network code; needs Netty alone.
 */
@org.jspecify.annotations.NullMarked
@SuppressWarnings("requires-automatic") // BlockHound has no module descriptor
module io.nettoolkit.testkit {
    requires static transitive org.jspecify;
    requires static org.junit.jupiter.api;
    requires static reactor.blockhound;
    requires transitive io.netty.buffer;
    requires transitive io.netty.common;
    requires transitive io.netty.handler;
    requires transitive io.netty.transport;
    requires io.netty.codec;
    requires org.slf4j;

    exports io.nettoolkit.testkit;
}
