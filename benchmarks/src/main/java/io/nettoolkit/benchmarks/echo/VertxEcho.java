package io.nettoolkit.benchmarks.echo;

import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.net.NetServer;
import io.vertx.core.net.NetServerOptions;
import io.vertx.core.net.NetSocket;
import io.vertx.core.parsetools.RecordParser;

/** Vert.x as its manual has it: a {@code NetServer} and a {@code RecordParser} that alternates header and payload. */
public final class VertxEcho {

    private VertxEcho() {}

    /** Starts it on one loop; it brings its own buffer allocator. */
    public static EchoServer start() {
        Vertx vertx =
                Vertx.vertx(new VertxOptions().setPreferNativeTransport(true).setEventLoopPoolSize(1));
        NetServer server = vertx.createNetServer(
                        new NetServerOptions().setTcpNoDelay(true).setAcceptBacklog(EchoServer.BACKLOG))
                .connectHandler(VertxEcho::echo)
                .listen(0, "127.0.0.1")
                .await();
        return new EchoServer() {
            @Override
            public int port() {
                return server.actualPort();
            }

            @Override
            public void close() {
                vertx.close().await();
            }
        };
    }

    private static void echo(NetSocket socket) {
        RecordParser parser = RecordParser.newFixed(Integer.BYTES);
        parser.maxRecordSize(EchoServer.MAX_FRAME_BYTES);
        parser.handler(new FrameEcho(socket, parser)::onRecord);
        socket.handler(parser);
    }

    private static final class FrameEcho {

        private final NetSocket socket;
        private final RecordParser parser;
        private int payloadBytes = -1;

        FrameEcho(NetSocket socket, RecordParser parser) {
            this.socket = socket;
            this.parser = parser;
        }

        void onRecord(Buffer bytes) {
            if (payloadBytes < 0) {
                payloadBytes = bytes.getInt(0);
                parser.fixedSizeMode(payloadBytes);
                return;
            }
            socket.write(Buffer.buffer(Integer.BYTES + payloadBytes)
                    .appendInt(payloadBytes)
                    .appendBuffer(bytes));
            payloadBytes = -1;
            parser.fixedSizeMode(Integer.BYTES);
        }
    }
}
