package io.nettoolkit.tcp;

import io.nettoolkit.core.ConnectionListener;
import io.nettoolkit.core.Endpoint;
import io.nettoolkit.core.EventLoops;
import io.nettoolkit.core.NetFailure;
import io.nettoolkit.core.Transport;
import java.io.IOException;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/** An echo server in a process of its own, on the given transport, until its standard input ends. Tells refusals. */
final class EchoServerMain {

    private EchoServerMain() {}

    public static void main(String[] arguments) throws IOException {
        ConnectionListener tell = new ConnectionListener() {
            @Override
            public void onReject(@Nullable SocketAddress remote, Exception cause) {
                System.out.println("reject " + NetFailure.Kind.of(cause));
            }
        };
        try (EventLoops loops = TransportMatrix.loops(Transport.valueOf(arguments[0]));
                TcpServer server = TcpServer.builder(Rig.FRAMING, Rig.ECHO)
                        .eventLoops(loops)
                        .listener(tell)
                        .build()) {
            System.out.println(
                    "ready " + server.bind(Endpoint.of("127.0.0.1", 0)).join().getPort());
            while (System.in.read() >= 0) {
                // until the end
            }
        }
    }
}
