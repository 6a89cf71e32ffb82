package io.nettoolkit.udp;

import io.nettoolkit.core.EventLoops;
import io.netty.buffer.ByteBuf;
import java.net.InetSocketAddress;

/** The other host's program: sends every datagram back to its sender, those to the group too. Ends with its input. */
final class NamespaceEcho {

    private NamespaceEcho() {}

    /** The interface to join the group on, and the group's address. */
    public static void main(String[] arguments) throws Exception {
        try (EventLoops loops = EventLoops.builder().threads(1).build();
                DatagramEndpoint echo = DatagramEndpoint.builder(NamespaceEcho::sendBack)
                        .eventLoops(loops)
                        .build()) {
            InetSocketAddress local =
                    echo.bind(new InetSocketAddress("0.0.0.0", 0)).join();
            MulticastGroup.of(echo, new InetSocketAddress(arguments[1], local.getPort()))
                    .join(arguments[0])
                    .join();
            System.out.println("ready " + local.getPort());
            while (System.in.read() >= 0) {
                // Until the test closes it.
            }
        }
    }

    private static void sendBack(DatagramEndpoint endpoint, ByteBuf datagram, InetSocketAddress sender) {
        endpoint.send(datagram.retain(), sender);
    }
}
