package io.nettoolkit.udp;

import io.nettoolkit.core.Endpoint;
import io.nettoolkit.core.EventLoops;

/** The other host's program: sends every message back. Ends with its input. */
final class NamespaceRudpEcho {

    /** Those who talk to it need the same. */
    static final RudpSecurity SECURITY = RudpSecurity.psk(new byte[16]);

    private NamespaceRudpEcho() {}

    public static void main(String[] arguments) throws Exception {
        try (EventLoops loops = EventLoops.builder().threads(1).build();
                RudpServer server = RudpServer.builder(
                                RudpConfig.lan(SECURITY), (channel, message) -> channel.send(message.retain()))
                        .eventLoops(loops)
                        .build()) {
            System.out.println(
                    "ready " + server.bind(Endpoint.of("0.0.0.0", 0)).join().getPort());
            while (System.in.read() >= 0) {
                // Until the test closes it.
            }
        }
    }
}
