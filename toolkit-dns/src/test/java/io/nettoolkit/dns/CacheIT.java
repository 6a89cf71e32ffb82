package io.nettoolkit.dns;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.dns.DnsAnswer.Source;
import io.nettoolkit.dns.internal.name.NameFiles;
import io.nettoolkit.testkit.FakeDnsServer;
import io.nettoolkit.testkit.FakeDnsServer.Reply;
import io.nettoolkit.testkit.LeakCheck;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** The resolver as a whole, with sockets: what it remembers, reads from files, and hands to Netty. */
@ExtendWith(LeakCheck.class)
class CacheIT {

    private static final Duration PERIOD = Duration.ofMillis(20);

    @TempDir
    Path dir;

    private final FakeDnsServer dns = FakeDnsServer.start();
    private final FakeDnsServer other = FakeDnsServer.start();
    private Path resolvConf;
    private Path hosts;

    @BeforeEach
    void write() throws Exception {
        dns.records(
                "example. 300 SOA ns.example. admin.example. 1 7200 3600 86400 60",
                "web.example. 300 A 127.0.0.1",
                "web.svc.example. 300 A 127.0.0.7");
        other.records("web.example. 300 A 127.0.0.2", "late.example. 300 A 127.0.0.3");
        resolvConf = Files.writeString(dir.resolve("resolv.conf"), servers(dns));
        hosts = Files.writeString(dir.resolve("hosts"), "");
    }

    @AfterEach
    void close() {
        dns.close();
        other.close();
    }

    private static String servers(FakeDnsServer server) {
        return "nameserver 127.0.0.1:" + server.address().getPort() + "\nsearch svc.example\noptions ndots:2\n";
    }

    private DnsResolver resolver() {
        return DnsResolver.builder()
                .files(new NameFiles.Sources(resolvConf, hosts, PERIOD))
                .build();
    }

    private static <T> T get(CompletableFuture<T> future) throws Exception {
        return future.get(20, TimeUnit.SECONDS);
    }

    /** But for hedges: on a busy machine an answer may be late. */
    private void assertAsked(String name, int times, DnsResolver resolver) {
        assertThat(dns.queries(name))
                .isBetween(times, times + (int) resolver.stats().hedges());
    }

    private static List<String> text(List<InetAddress> addresses) {
        return addresses.stream().map(InetAddress::getHostAddress).toList();
    }

    @Test
    void answersFromTheServerThenFromTheCache() throws Exception {
        try (DnsResolver resolver = resolver()) {
            assertThat(get(resolver.query("web.example", DnsType.A)).source()).isEqualTo(Source.NETWORK);
            assertThat(get(resolver.query("WEB.example.", DnsType.A)).source()).isEqualTo(Source.CACHE);
            assertThat(resolver.cached("web.example", DnsType.A)).isNotNull();
            assertThat(get(resolver.query("gone.example", DnsType.A)).kind()).isEqualTo(DnsAnswer.Kind.NXDOMAIN);
            assertThat(resolver.cached("gone.example", DnsType.TXT).kind()).isEqualTo(DnsAnswer.Kind.NXDOMAIN);
            assertAsked("web.example", 1, resolver);
            assertThat(resolver.cache().stats().negatives()).isEqualTo(1);
        }
    }

    /** Callers come while the answer does: none of them falls between the flight that lands and the cache. */
    @Test
    void badInput37AsksOnceHoweverTheAnswerMeetsTheCallers() throws Exception {
        try (DnsResolver resolver = resolver()) {
            for (int round = 1; round <= 200; round++) {
                List<CompletableFuture<?>> lookups = new ArrayList<>();
                for (int i = 0; i < 300; i++) {
                    lookups.add(resolver.query("web.example", DnsType.A));
                }
                get(CompletableFuture.allOf(lookups.toArray(CompletableFuture[]::new)));
                assertThat(resolver.stats().lookups()).as("round %d", round).isEqualTo(round);
                resolver.cache().clear();
            }
        }
    }

    @Test
    void badInput37SendsOneQueryForManyCallers() throws Exception {
        dns.on("web.example").reply(query -> Reply.zone().after(Duration.ofMillis(50)));
        try (DnsResolver resolver = resolver()) {
            List<CompletableFuture<?>> lookups = new ArrayList<>();
            for (int i = 0; i < 10_000; i++) {
                lookups.add(resolver.query("web.example", DnsType.A));
            }
            get(CompletableFuture.allOf(lookups.toArray(CompletableFuture[]::new)));
            // The engine may have asked twice for it, where the first answer was late.
            assertThat(resolver.stats().lookups()).isEqualTo(1);
        }
    }

    @Test
    void badInput47And39KeepsNothingThatWasCutOffOrForged() throws Exception {
        dns.on("web.example")
                .reply(query -> Reply.answer("web.example. 300 A 192.0.2.66")
                        .withWrongId()
                        .copies(5)
                        .then(Reply.answer("other.example. 300 A 192.0.2.66").withWrongName())
                        .then(Reply.zone().copies(3)));
        dns.on("cut.example").reply(query -> Reply.answer().truncatedEverywhere());
        try (DnsResolver resolver = resolver()) {
            assertThat(text(get(resolver.resolve("web.example.")))).containsExactly("127.0.0.1");
            assertThat(resolver.cached("other.example", DnsType.A)).isNull();
            assertThat(resolver.query("cut.example", DnsType.A)).failsWithin(Duration.ofSeconds(20));
            assertThat(resolver.cached("cut.example", DnsType.A)).isNull();
            assertThat(resolver.cache().snapshot())
                    .allMatch(entry -> entry.name().equals("web.example"));
        }
    }

    @Test
    void badInput40To42KeepsNothingOfOtherNames() throws Exception {
        dns.on("web.example")
                .reply(query -> Reply.answer(
                                "web.example. 300 A 127.0.0.1",
                                "bank.example. 300 A 192.0.2.66",
                                "bank.example. 300 CNAME evil.example.")
                        .withAuthority("example. 300 NS ns.evil.example.")
                        .withAdditional("ns.evil.example. 300 A 192.0.2.66", "bank.example. 300 A 192.0.2.66"));
        try (DnsResolver resolver = resolver()) {
            get(resolver.query("web.example", DnsType.A));
            assertThat(resolver.cache().snapshot()).hasSizeLessThanOrEqualTo(1);
            for (String name : List.of("bank.example", "ns.evil.example", "evil.example", "example")) {
                for (DnsType<?> type : List.of(DnsType.A, DnsType.NS, DnsType.CNAME)) {
                    assertThat(resolver.cached(name, type))
                            .as(name + " " + type)
                            .isNull();
                }
            }
        }
    }

    @Test
    void badInput54StandsInForServersThatAreGone() throws Exception {
        dns.records("short.example. 1 A 127.0.0.9");
        try (DnsResolver resolver = resolver()) {
            get(resolver.query("short.example", DnsType.A));
            dns.onAny().reply(query -> Reply.rcode(2));
            DnsAnswer<DnsRecord.A> answer = get(resolver.query("short.example", DnsType.A));
            while (answer.source() == Source.CACHE) {
                answer = get(resolver.query("short.example", DnsType.A));
            }
            assertThat(answer.source()).isEqualTo(Source.STALE);
            assertThat(answer.records()).hasSize(1);
        }
    }

    @Test
    void badInput57FollowsNewNameServersAndSearchLists() throws Exception {
        try (DnsResolver resolver = resolver()) {
            assertThat(text(get(resolver.resolve("web")))).containsExactly("127.0.0.7");
            assertThat(get(resolver.query("late.example", DnsType.A)).kind()).isEqualTo(DnsAnswer.Kind.NXDOMAIN);
            Path swap = Files.writeString(dir.resolve("new"), servers(other).replace("svc.example", "example"));
            Files.move(swap, resolvConf, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);

            // What the old server did not know is asked again, as soon as the change is seen.
            Deadline end = Deadline.after(Duration.ofSeconds(20));
            DnsAnswer<DnsRecord.A> answer = get(resolver.query("late.example", DnsType.A));
            while (answer.kind() != DnsAnswer.Kind.ANSWER && !end.isExpired()) {
                answer = get(resolver.query("late.example", DnsType.A));
            }
            assertThat(answer.kind()).isEqualTo(DnsAnswer.Kind.ANSWER);
            assertThat(text(get(resolver.resolve("late")))).containsExactly("127.0.0.3");
        }
    }

    @Test
    void badInput57FollowsTheHostsFile() throws Exception {
        try (DnsResolver resolver = resolver()) {
            assertThat(text(get(resolver.resolve("web.example")))).containsExactly("127.0.0.1");
            Files.writeString(hosts, "127.0.0.42 web.example\n");
            Deadline end = Deadline.after(Duration.ofSeconds(20));
            while (!text(get(resolver.resolve("web.example"))).contains("127.0.0.42") && !end.isExpired()) {
                Thread.onSpinWait();
            }
            assertThat(text(get(resolver.resolve("web.example")))).containsExactly("127.0.0.42");
        }
    }

    @Test
    void resolvesForABootstrap() throws Exception {
        EventLoopGroup group = new MultiThreadIoEventLoopGroup(2, NioIoHandler.newFactory());
        try (DnsResolver resolver = resolver()) {
            Channel server = new ServerBootstrap()
                    .group(group)
                    .channel(NioServerSocketChannel.class)
                    .childHandler(new ChannelInboundHandlerAdapter() {
                        @Override
                        public boolean isSharable() {
                            return true;
                        }
                    })
                    .bind("127.0.0.1", 0)
                    .sync()
                    .channel();
            int port = ((InetSocketAddress) server.localAddress()).getPort();
            Bootstrap bootstrap = new Bootstrap()
                    .group(group)
                    .channel(NioSocketChannel.class)
                    .resolver(resolver.asAddressResolverGroup())
                    .handler(new ChannelInboundHandlerAdapter() {
                        @Override
                        public boolean isSharable() {
                            return true;
                        }
                    });
            for (int i = 0; i < 10; i++) {
                Channel channel = bootstrap.connect("web.example", port).sync().channel();
                assertThat(((InetSocketAddress) channel.remoteAddress()).getHostString())
                        .isEqualTo("web.example");
                channel.close().sync();
            }
            assertAsked("web.example", 2, resolver);
            assertThat(bootstrap.connect("gone.example", port).await().cause())
                    .isInstanceOfSatisfying(
                            DnsException.class, e -> assertThat(e.kind()).isEqualTo(Kind.DNS_NO_SUCH_NAME));
        } finally {
            group.shutdownGracefully(0, 5, TimeUnit.SECONDS).sync();
        }
    }

    @Test
    void takesItsCacheToTheNextRun() throws Exception {
        Path file = dir.resolve("cache.txt");
        try (DnsResolver resolver = resolver()) {
            get(resolver.query("web.example", DnsType.A));
            assertThat(get(resolver.cache().save(file))).isEqualTo(1);
            assertAsked("web.example", 1, resolver);
        }
        try (DnsResolver resolver = resolver()) {
            assertThat(get(resolver.cache().load(file))).isEqualTo(1);
            assertThat(get(resolver.query("web.example", DnsType.A)).source()).isEqualTo(Source.CACHE);
            assertThat(resolver.stats().queries()).isZero();
        }
    }

    @Test
    void badInput60FailsWhatWaitsAndRefusesWhatComesAfterTheClose() throws Exception {
        dns.on("slow.example").reply(query -> Reply.nothing());
        DnsResolver resolver = resolver();
        CompletableFuture<?> waiting = resolver.query("slow.example", DnsType.A);
        CompletableFuture<?> host = resolver.resolve("slow.example");
        resolver.close();
        for (CompletableFuture<?> each : List.of(waiting, host)) {
            assertThat(each)
                    .failsWithin(Duration.ofSeconds(20))
                    .withThrowableOfType(ExecutionException.class)
                    .withMessageContaining("LOCAL_CLOSED");
        }
        for (CompletableFuture<?> each :
                List.of(resolver.query("web.example", DnsType.A), resolver.resolve("web.example"))) {
            assertThat(each)
                    .failsWithin(Duration.ofSeconds(20))
                    .withThrowableOfType(ExecutionException.class)
                    .withMessageContaining("SHUTTING_DOWN");
        }
        resolver.close();
    }

    @Test
    void findsAndWatchesAService() throws Exception {
        dns.records(
                "_x._tcp.example. 1 SRV 1 1 80 a.example.",
                "_x._tcp.example. 1 SRV 2 1 80 b.example.",
                "a.example. 300 A 127.0.0.1",
                "b.example. 300 A 127.0.0.2");
        try (DnsResolver resolver = resolver();
                ServiceDiscovery service = ServiceDiscovery.builder(resolver, "_x._tcp.example")
                        .minRefresh(Duration.ofMillis(50))
                        .build()) {
            assertThat(get(service.ready())).hasSize(2);
            ServiceEndpoint first = service.select();
            assertThat(first.host()).isEqualTo("a.example");
            assertThat(first.socketAddress().getAddress().getHostAddress()).isEqualTo("127.0.0.1");
            CountDownLatch gone = new CountDownLatch(1);
            try (ServiceWatch watch = service.watch(change -> {
                if (change.removed().contains(first)) {
                    gone.countDown();
                }
            })) {
                dns.clear().records("_x._tcp.example. 1 SRV 2 1 80 b.example.", "b.example. 300 A 127.0.0.2");
                assertThat(gone.await(20, TimeUnit.SECONDS)).isTrue();
                assertThat(watch).isNotNull();
            }
            assertThat(service.select().host()).isEqualTo("b.example");
        }
    }

    @Test
    void takesTheAddressesOfAHostForEndpoints() throws Exception {
        dns.records("many.example. 300 A 127.0.0.1", "many.example. 300 A 127.0.0.2");
        try (DnsResolver resolver = resolver();
                ServiceDiscovery service = ServiceDiscovery.builder(resolver, "many.example")
                        .port(8080)
                        .build()) {
            assertThat(get(service.ready())).extracting(ServiceEndpoint::host).contains("127.0.0.1", "127.0.0.2");
            assertThat(service.select().port()).isEqualTo(8080);
            assertThat(service).hasToString("ServiceDiscovery[many.example:8080, 2 endpoints]");
        }
    }
}
