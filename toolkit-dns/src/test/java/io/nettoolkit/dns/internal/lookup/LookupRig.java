package io.nettoolkit.dns.internal.lookup;

import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.dns.DnsAnswer;
import io.nettoolkit.dns.DnsCache;
import io.nettoolkit.dns.DnsException;
import io.nettoolkit.dns.DnsType;
import io.nettoolkit.dns.internal.cache.AnswerCache;
import io.nettoolkit.dns.internal.cache.CacheRules;
import io.nettoolkit.dns.internal.name.HostsFile;
import io.nettoolkit.dns.internal.name.NameFiles;
import io.nettoolkit.dns.internal.name.ResolvConf;
import io.nettoolkit.testkit.ManualTime;
import io.netty.channel.EventLoop;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;

/** Lookups in virtual time on a real loop, with scripted servers. */
final class LookupRig implements AutoCloseable {

    static final Duration QUERY_TIMEOUT = Duration.ofSeconds(5);

    final ManualTime time = ManualTime.create();
    final TimeSource clock = TimeSource.of(time.ticker());
    final EventLoop loop = time.newEventLoopGroup().next();
    final ScriptedUpstream upstream = new ScriptedUpstream(loop);
    final AnswerCache cache;
    final Lookups lookups;

    private volatile NameFiles.Contents files = new NameFiles.Contents(ResolvConf.DEFAULT, HostsFile.EMPTY);
    /** What this host can reach: IPv4 alone, unless a test says otherwise. */
    volatile boolean ipv4Reachable = true;

    LookupRig() {
        this(config -> config);
    }

    LookupRig(UnaryOperator<DnsCache.Config.Builder> config) {
        this(config, PrivateAddresses.TAKEN);
    }

    LookupRig(UnaryOperator<DnsCache.Config.Builder> config, PrivateAddresses privateAddresses) {
        cache = new AnswerCache(
                CacheRules.of(config.apply(DnsCache.Config.builder()).build()), clock, new Random(1));
        LookupOptions options = new LookupOptions(
                new OwnNames(() -> files, null, 0),
                addresses -> addresses,
                addresses -> addresses.stream().anyMatch(each -> each instanceof Inet4Address == ipv4Reachable),
                privateAddresses,
                QUERY_TIMEOUT,
                new Random(2),
                "test",
                clock);
        lookups = new Lookups(options, cache, () -> upstream);
    }

    /** From now on the configuration says so. */
    LookupRig search(int ndots, String... suffixes) {
        String text = "search " + String.join(" ", suffixes) + "\noptions ndots:" + ndots + "\n";
        files = new NameFiles.Contents(ResolvConf.parse(text.getBytes(StandardCharsets.US_ASCII)), files.hosts());
        return this;
    }

    /** From now on the hosts file says so, and lookups have been told. */
    void hosts(String text) {
        HostsFile hosts = HostsFile.parse(text.getBytes(StandardCharsets.US_ASCII));
        files = new NameFiles.Contents(files.resolvConf(), hosts);
        lookups.namesChanged(hosts);
    }

    Deadline deadline() {
        return Deadline.after(QUERY_TIMEOUT, clock);
    }

    CompletableFuture<DnsAnswer<?>> query(String name, DnsType<?> type) {
        return lookups.query(name, type, deadline());
    }

    CompletableFuture<List<InetAddress>> resolve(String host) {
        return lookups.resolve(host, deadline(), loop);
    }

    void advance(Duration duration) {
        time.advance(duration);
    }

    /** What a future has become; it must not need time to pass. */
    static <T> T get(CompletableFuture<T> future) {
        try {
            return future.get(20, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new AssertionError("no result", e);
        }
    }

    static Throwable failure(CompletableFuture<?> future) {
        try {
            Object value = future.get(20, TimeUnit.SECONDS);
            throw new AssertionError("did not fail: " + value);
        } catch (ExecutionException e) {
            return e.getCause();
        } catch (Exception e) {
            return e;
        }
    }

    static Kind kind(CompletableFuture<?> future) {
        Throwable failure = failure(future);
        if (failure instanceof DnsException dns) {
            return dns.kind();
        }
        throw new AssertionError("no DnsException", failure);
    }

    static List<String> text(List<InetAddress> addresses) {
        return addresses.stream().map(InetAddress::getHostAddress).toList();
    }

    @Override
    public void close() {
        lookups.close();
        time.close();
    }
}
