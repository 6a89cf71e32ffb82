package io.nettoolkit.benchmarks.dns;

import io.nettoolkit.dns.DnsAnswer;
import io.nettoolkit.dns.DnsRecord;
import io.nettoolkit.dns.DnsResolver;
import io.nettoolkit.dns.DnsType;
import io.nettoolkit.testkit.FakeDnsServer;
import io.netty.channel.DefaultEventLoop;
import io.netty.channel.EventLoop;
import io.netty.channel.ManualIoEventLoop;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.resolver.AddressResolverGroup;
import io.netty.resolver.dns.DefaultDnsCache;
import io.netty.resolver.dns.DnsAddressResolverGroup;
import io.netty.resolver.dns.DnsCacheEntry;
import io.netty.resolver.dns.DnsNameResolverBuilder;
import io.netty.resolver.dns.SingletonDnsServerAddressStreamProvider;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.Blackhole;
import org.xbill.DNS.Cache;
import org.xbill.DNS.Name;
import org.xbill.DNS.SimpleResolver;
import org.xbill.DNS.Type;
import org.xbill.DNS.lookup.LookupResult;
import org.xbill.DNS.lookup.LookupSession;

/**
 * One name that is in the cache, asked for again: the state of nearly every lookup. All threads ask for the same name of the
 * same resolver: run it with {@code -t 1} and with {@code -t 4}. {@code -prof gc} gives bytes.
 *
 * <p>{@code toolkitResolverGroup} and {@code nettyResolver} are the call a bootstrap makes for each connection, on its event
 * loop: each thread owns one. {@code nettyCacheOnly} is Netty's cache without its resolver around it; {@code jdk} is the JDK's
 * cache, told never to expire, of a name that every machine knows.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
        value = 3,
        jvmArgsAppend = {"-Xms512m", "-Xmx512m", "-Dsun.net.inetaddr.ttl=-1"})
public class CachedLookupBenchmark {

    /** About as much work as a warm lookup. */
    private static final int TOKENS = 8;

    private static final String NAME = "web.example";
    private static final InetSocketAddress HOST = InetSocketAddress.createUnresolved(NAME, 443);

    private FakeDnsServer server;
    private DnsResolver toolkit;
    private AddressResolverGroup<InetSocketAddress> toolkitGroup;
    private DnsAddressResolverGroup nettyGroup;
    private DefaultDnsCache nettyCache;
    /** Netty's cache has its entries removed by it. */
    private final EventLoop expiry = new DefaultEventLoop();

    private LookupSession dnsjava;
    private Name dnsjavaName;

    /** An event loop that is the benchmark's own thread. */
    @State(Scope.Thread)
    public static class Loop {
        private ManualIoEventLoop loop;

        /** Makes the loop, and has both resolvers warm on it. */
        @Setup
        public void open(CachedLookupBenchmark benchmark) {
            loop = new ManualIoEventLoop(Thread.currentThread(), NioIoHandler.newFactory());
            warm(benchmark.toolkitGroup.getResolver(loop).resolve(HOST));
            warm(benchmark.nettyGroup.getResolver(loop).resolve(HOST));
        }

        private void warm(Future<InetSocketAddress> lookup) {
            while (!lookup.isDone()) {
                loop.runNow();
            }
            if (!lookup.isSuccess()) {
                throw new IllegalStateException("the name cannot be looked up", lookup.cause());
            }
        }

        /** Ends the loop. */
        @TearDown
        public void close() {
            loop.shutdownGracefully(0, 0, TimeUnit.SECONDS);
            while (!loop.isTerminated()) {
                loop.runNow();
            }
        }
    }

    /** Starts a name server, and has every resolver look the name up. */
    @Setup
    public void start() throws Exception {
        server = FakeDnsServer.start();
        server.records(
                "example. 86400 SOA ns.example. admin.example. 1 7200 3600 86400 86400",
                NAME + ". 86400 A 192.0.2.1",
                NAME + ". 86400 AAAA 2001:db8::1");
        toolkit = DnsResolver.builder().nameServers(List.of(server.address())).build();
        toolkit.query(NAME, DnsType.A).get();
        toolkit.resolve(NAME).get();
        toolkitGroup = toolkit.asAddressResolverGroup();
        nettyGroup = new DnsAddressResolverGroup(new DnsNameResolverBuilder()
                .datagramChannelType(NioDatagramChannel.class)
                .nameServerProvider(new SingletonDnsServerAddressStreamProvider(server.address())));
        nettyCache = new DefaultDnsCache();
        nettyCache.cache(NAME, new io.netty.handler.codec.dns.DnsRecord[0], address(), 86_400, expiry);
        startDnsjava();
        InetAddress.getAllByName("localhost");
    }

    private static InetAddress address() throws IOException {
        return InetAddress.getByName("192.0.2.1");
    }

    private void startDnsjava() throws Exception {
        dnsjava = LookupSession.builder()
                .resolver(new SimpleResolver(server.address()))
                .cache(new Cache())
                .build();
        dnsjavaName = Name.fromString(NAME + ".");
        dnsjava.lookupAsync(dnsjavaName, Type.A).toCompletableFuture().get();
    }

    /** Ends them. */
    @TearDown
    public void stop() {
        expiry.shutdownGracefully(0, 0, TimeUnit.SECONDS).syncUninterruptibly();
        nettyGroup.close();
        toolkit.close();
        server.close();
    }

    /** The answer as it is kept. */
    @Benchmark
    public DnsAnswer<DnsRecord.A> toolkitCached() {
        return toolkit.cached(NAME, DnsType.A);
    }

    /** What a bootstrap calls. */
    @Benchmark
    public Future<InetSocketAddress> toolkitResolverGroup(Loop own) {
        return toolkitGroup.getResolver(own.loop).resolve(HOST);
    }

    /** What a bootstrap calls. */
    @Benchmark
    public Future<InetSocketAddress> nettyResolver(Loop own) {
        return nettyGroup.getResolver(own.loop).resolve(HOST);
    }

    /** The map inside. */
    @Benchmark
    public List<? extends DnsCacheEntry> nettyCacheOnly() {
        return nettyCache.get(NAME, null);
    }

    /** The lookup that asks its cache first. */
    @Benchmark
    public LookupResult dnsjava() throws Exception {
        return dnsjava.lookupAsync(dnsjavaName, Type.A).toCompletableFuture().get();
    }

    /** Work that threads have nothing in common in: how much slower more of them are by the machine alone. */
    @Benchmark
    public void nothingShared() {
        Blackhole.consumeCPU(TOKENS);
    }

    /** What everybody calls. */
    @Benchmark
    public InetAddress[] jdk() throws IOException {
        return InetAddress.getAllByName("localhost");
    }
}
