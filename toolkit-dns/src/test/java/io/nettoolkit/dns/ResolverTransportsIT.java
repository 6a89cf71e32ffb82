package io.nettoolkit.dns;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.core.EventLoops;
import io.nettoolkit.core.Transport;
import io.nettoolkit.testkit.FakeDnsServer;
import io.nettoolkit.testkit.FakeDnsServer.Reply;
import io.nettoolkit.testkit.LeakCheck;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The resolver's own sockets on every transport this machine has. */
@ExtendWith(LeakCheck.class)
class ResolverTransportsIT {

    private static final int NAMES = 300;

    static List<Transport> transports() {
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

    @ParameterizedTest
    @MethodSource("transports")
    void asksInDatagramsAndOverConnections(Transport transport) throws Exception {
        try (EventLoops loops = EventLoops.builder()
                        .transport(transport)
                        .threads(2)
                        .name("dns-test")
                        .build();
                FakeDnsServer dns = FakeDnsServer.start();
                DnsResolver resolver = DnsResolver.builder()
                        .loops(loops)
                        .nameServers(List.of(dns.address()))
                        .build()) {
            for (int i = 0; i < NAMES; i++) {
                dns.records("n" + i + ".example. 300 A 192.0.2." + i % 250);
            }
            dns.on("large.example")
                    .reply(Reply.answer("large.example. 300 A 192.0.2.1").truncated());

            List<CompletableFuture<DnsAnswer<DnsRecord.A>>> asked = new ArrayList<>();
            for (int i = 0; i < NAMES; i++) {
                asked.add(resolver.query("n" + i + ".example", DnsType.A));
            }
            for (int i = 0; i < NAMES; i++) {
                assertThat(asked.get(i).get(10, TimeUnit.SECONDS).records())
                        .hasToString("[n" + i + ".example. 300 A 192.0.2." + i % 250 + "]");
            }
            assertThat(resolver.query("large.example", DnsType.A)
                            .get(10, TimeUnit.SECONDS)
                            .records())
                    .hasSize(1);
            assertThat(dns.queries("large.example"))
                    .as("in a datagram, then over TCP")
                    .isEqualTo(2);
        }
    }
}
