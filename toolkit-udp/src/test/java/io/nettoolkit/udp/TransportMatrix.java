package io.nettoolkit.udp;

import io.nettoolkit.core.EventLoops;
import io.nettoolkit.core.Transport;
import java.util.Arrays;
import java.util.List;

/** The transports this machine has, for suites that run on each of them. */
final class TransportMatrix {

    private TransportMatrix() {}

    /** Every available transport; what is missing is printed with its reason. */
    static List<Transport> available() {
        return Arrays.stream(Transport.values())
                .filter(transport -> {
                    Throwable cause = transport.unavailabilityCause();
                    if (cause != null) {
                        System.err.println("not tested on " + transport + ": " + cause.getMessage());
                    }
                    return cause == null;
                })
                .toList();
    }

    /** Loops of this transport. */
    static EventLoops loops(Transport transport, int threads) {
        return EventLoops.builder()
                .transport(transport)
                .threads(threads)
                .name("test")
                .build();
    }
}
