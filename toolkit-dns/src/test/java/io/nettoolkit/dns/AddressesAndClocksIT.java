package io.nettoolkit.dns;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.testkit.FakeDnsServer.Reply;
import io.netty.util.concurrent.Ticker;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** Name servers of the other family, clocks that jump, listeners that interfere; numbers of the list of attacks on DNS. */
class AddressesAndClocksIT extends AttackedResolver {

    private String ask(String name) throws Exception {
        return resolver.query(name, DnsType.A).get(10, TimeUnit.SECONDS).records().stream()
                .map(DnsRecord::rdata)
                .toList()
                .toString();
    }

    /** 127.0.0.1 as a socket for both families sees it. */
    private static InetAddress mapped() throws IOException {
        byte[] address = new byte[16];
        address[10] = -1;
        address[11] = -1;
        address[12] = 127;
        address[15] = 1;
        return Inet6Address.getByAddress(null, address, -1);
    }

    @Test
    void n33NameServerWhoseIpv4AddressIsWrittenAsIpv6() throws Exception {
        assertThat(mapped()).isInstanceOf(Inet6Address.class);
        rebuild(builder()
                .nameServers(
                        List.of(new InetSocketAddress(mapped(), dns.address().getPort()))));
        dns.on("a.example")
                .reply(Reply.answer(FORGED)
                        .fromOtherAddress()
                        .then(Reply.answer(FORGED).fromOtherPort())
                        .then(Reply.answer(RIGHT).after(Duration.ofMillis(20))));
        assertThat(ask("a.example")).isEqualTo("[192.0.2.1]");
        assertThat(resolver.stats().timeouts()).isZero();
    }

    /** The forger has the server's port, and sends to that of the query: to both of its addresses, and from both of its own. */
    @Test
    void n33AnswersToAnIpv6QueryFromAnIpv4Address() throws Exception {
        InetAddress ipv6 = ipv6Loopback();
        try (DatagramSocket server = new DatagramSocket(0, ipv6);
                DatagramSocket forger = new DatagramSocket(server.getLocalPort(), InetAddress.getByName("127.0.0.1"))) {
            rebuild(builder().nameServers(List.of((InetSocketAddress) server.getLocalSocketAddress())));
            CompletableFuture<String> answer = resolver.query("a.example", DnsType.A)
                    .thenApply(given -> given.records().get(0).rdata());
            DatagramPacket query = new DatagramPacket(new byte[512], 512);
            server.receive(query);

            byte[] forged = HoldingDnsServer.answer(query.getData(), 0xcb007142);
            forger.send(new DatagramPacket(forged, forged.length, InetAddress.getByName("127.0.0.1"), query.getPort()));
            forger.send(new DatagramPacket(forged, forged.length, mapped(), query.getPort()));
            byte[] right = HoldingDnsServer.answer(query.getData(), 0xc0000201);
            server.send(new DatagramPacket(right, right.length, query.getSocketAddress()));

            assertThat(answer.get(10, TimeUnit.SECONDS)).isEqualTo("192.0.2.1");
            assertThat(resolver.stats().mismatches()).isZero();
        }
    }

    private static InetAddress ipv6Loopback() throws SocketException {
        List<InetAddress> all = new ArrayList<>();
        NetworkInterface.networkInterfaces()
                .flatMap(NetworkInterface::inetAddresses)
                .filter(each -> each instanceof Inet6Address && each.isLoopbackAddress())
                .forEach(all::add);
        assumeThat(all).as("an IPv6 address of the loopback").isNotEmpty();
        return all.get(0);
    }

    /** The system's clock, but that it jumps when told. */
    private static final class JumpingClock implements Ticker {
        private final AtomicLong jumpedNanos = new AtomicLong();
        final TimeSource time = TimeSource.of(this);

        void jump(Duration duration) {
            jumpedNanos.addAndGet(duration.toNanos());
        }

        @Override
        public long nanoTime() {
            return Ticker.systemTicker().nanoTime() + jumpedNanos.get();
        }

        @Override
        public long initialNanoTime() {
            return Ticker.systemTicker().initialNanoTime();
        }

        @Override
        public void sleep(long delay, TimeUnit unit) throws InterruptedException {
            Ticker.systemTicker().sleep(delay, unit);
        }
    }

    @Test
    void n59WhatWasFreshBeforeASuspensionIsAskedForAgainAfterIt() throws Exception {
        JumpingClock clock = new JumpingClock();
        rebuild(builder().timeSource(clock.time));
        assertThat(ask("a.example")).isEqualTo("[192.0.2.1]");
        // Not by the number of queries: the first lookup asks twice where its answer is late.
        assertThat(resolver.query("a.example", DnsType.A)
                        .get(10, TimeUnit.SECONDS)
                        .source())
                .isEqualTo(DnsAnswer.Source.CACHE);

        clock.jump(Duration.ofHours(8));
        dns.clear().records("a.example. 300 A 192.0.2.77");
        assertThat(resolver.cached("a.example", DnsType.A)).isNull();
        assertThat(ask("a.example")).isEqualTo("[192.0.2.77]");
        assertThat(resolver.cached("a.example", DnsType.A)).isNotNull();
    }

    @Test
    void n59WhatIsUnderWayThroughASuspensionEndsAndTheNextLookupIsAnswered() throws Exception {
        JumpingClock clock = new JumpingClock();
        rebuild(builder().timeSource(clock.time).tryTimeout(Duration.ofMillis(200)));
        dns.on("a.example").reply(Reply.nothing());
        CompletableFuture<?> given = resolver.query("a.example", DnsType.A);
        while (dns.queries().isEmpty()) {
            Thread.onSpinWait();
        }
        clock.jump(Duration.ofHours(8));

        assertThat(failure(given).kind()).isEqualTo(Kind.DNS_TIMEOUT);
        assertThat(ask("b.example")).isEqualTo("[192.0.2.2]");
    }

    @Test
    void n60ListenersThatCancelAskAndClose() throws Exception {
        dns.on("a.example").reply(Reply.nothing());
        AtomicReference<CompletableFuture<?>> waiting = new AtomicReference<>();
        CompletableFuture<String> other = new CompletableFuture<>();
        rebuild(builder().tryTimeout(Duration.ofMillis(100)).listener(new DnsResolver.Listener() {
            @Override
            public void onRetry(String name, DnsType<?> type, DnsException cause) {
                waiting.get().cancel(false);
                resolver.query("b.example", DnsType.A).thenAccept(answer -> {
                    resolver.close();
                    other.complete(answer.records().get(0).rdata());
                });
                throw new IllegalStateException("thrown by a listener, as the test wants it");
            }
        }));
        waiting.set(resolver.query("a.example", DnsType.A));

        assertThat(other.get(10, TimeUnit.SECONDS)).isEqualTo("192.0.2.2");
        assertThat(waiting.get()).isCancelled();
        assertThat(resolver.stats().pending()).isZero();
    }
}
