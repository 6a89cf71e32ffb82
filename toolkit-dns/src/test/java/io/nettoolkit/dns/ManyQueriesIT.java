package io.nettoolkit.dns;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.core.EventLoops;
import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.dns.DnsResolver.Protocol;
import io.nettoolkit.testkit.LeakCheck;
import java.io.IOException;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** As many queries under way at a time as there are ids, and no two of them taken for each other. */
@ExtendWith(LeakCheck.class)
class ManyQueriesIT {

    /** Every id, and some. */
    private static final int QUERIES = 65_536 + 1000;

    /** So many datagrams fit into a socket's buffer. */
    private static final int AT_ONCE = 200;

    private final EventLoops loops =
            EventLoops.builder().threads(1).name("dns-test").build();
    private final AtomicInteger failed = new AtomicInteger();
    private final AtomicInteger answered = new AtomicInteger();
    private final List<CompletableFuture<DnsAnswer<DnsRecord.A>>> asked = new ArrayList<>();
    private HoldingDnsServer server;

    @BeforeEach
    void start() throws IOException {
        server = HoldingDnsServer.start();
    }

    @AfterEach
    void stop() throws IOException {
        server.close();
        loops.close();
    }

    private DnsResolver resolver(Protocol protocol) {
        return DnsResolver.builder()
                .loops(loops)
                .nameServers(List.of(server.address()))
                .protocol(protocol)
                .tryTimeout(Duration.ofMinutes(2))
                .queryTimeout(Duration.ofMinutes(2))
                .attempts(1)
                .build();
    }

    private void ask(DnsResolver resolver, int queries) {
        for (int i = 0; i < queries; i += AT_ONCE) {
            int end = Math.min(queries, i + AT_ONCE);
            for (int number = i; number < end; number++) {
                CompletableFuture<DnsAnswer<DnsRecord.A>> future = resolver.query("n" + number + ".example", DnsType.A);
                future.whenComplete((answer, failure) -> (failure == null ? answered : failed).incrementAndGet());
                asked.add(future);
            }
            waitFor(server::received, end);
        }
    }

    private void waitFor(IntSupplier figure, int value) {
        while (figure.getAsInt() < value && failed.get() == 0) {
            Thread.onSpinWait();
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Protocol.class,
            names = {"UDP", "TCP"})
    void n55AsManyQueriesAsThereAreIds(Protocol protocol) throws Exception {
        try (DnsResolver resolver = resolver(protocol)) {
            ask(resolver, QUERIES);
            assertThat(resolver.stats().pending()).isEqualTo(QUERIES);

            for (int i = 0; i < QUERIES; i += AT_ONCE) {
                int end = Math.min(QUERIES, i + AT_ONCE);
                server.answer(i, end);
                waitFor(answered::get, end);
            }
            for (int i = 0; i < QUERIES; i++) {
                InetAddress address =
                        asked.get(i).get(10, TimeUnit.SECONDS).records().get(0).address();
                assertThat(address.getAddress()).containsExactly(10, i >> 16, i >> 8, i);
            }
            assertThat(resolver.stats().pending()).isZero();
            assertThat(resolver.stats().mismatches()).isZero();
            // A socket has a quarter of all ids at most, and a connection half of them.
            assertThat(server.ports()).isGreaterThanOrEqualTo(protocol == Protocol.UDP ? 5 : 3);
        }
    }

    @Test
    void n60ClosesEveryConnectionWithQueriesUnderWay() throws Exception {
        try (DnsResolver resolver = resolver(Protocol.TCP)) {
            ask(resolver, 33_500);
            assertThat(server.ports()).isGreaterThanOrEqualTo(2);
        }
        server.connectionsClosed().get(10, TimeUnit.SECONDS);
        assertThat(asked)
                .allSatisfy(each ->
                        assertThat(AttackedResolver.failure(each).kind()).isEqualTo(Kind.LOCAL_CLOSED));
    }
}
