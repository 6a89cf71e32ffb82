package io.nettoolkit.benchmarks.dns;

import io.nettoolkit.core.EventLoops;
import io.nettoolkit.dns.DnsResolver;
import io.nettoolkit.dns.DnsType;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollDatagramChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.resolver.HostsFileEntriesResolver;
import io.netty.resolver.ResolvedAddressTypes;
import io.netty.resolver.dns.DnsNameResolver;
import io.netty.resolver.dns.DnsNameResolverBuilder;
import io.netty.resolver.dns.NoopAuthoritativeDnsServerCache;
import io.netty.resolver.dns.NoopDnsCache;
import io.netty.resolver.dns.NoopDnsCnameCache;
import io.netty.resolver.dns.SingletonDnsServerAddressStreamProvider;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Name;
import org.xbill.DNS.SimpleResolver;
import org.xbill.DNS.TextParseException;
import org.xbill.DNS.Type;
import org.xbill.DNS.lookup.LookupSession;

/** Who asks for addresses over the network, without any cache, on one event loop or what the contestant has instead. */
public enum QueryContestant {
    /** This toolkit's resolver. */
    TOOLKIT {
        @Override
        Asker open(InetSocketAddress server) {
            DnsResolver resolver = DnsResolver.builder()
                    .loops(EventLoops.builder().threads(1).build())
                    .nameServers(List.of(server))
                    .build();
            return (name, done) -> resolver.query(name, DnsType.A)
                    .whenComplete((answer, failure) ->
                            done.accept(failure != null || answer.records().isEmpty() ? "" : name));
        }
    },
    /** Netty's, with epoll, caches off, and TCP for answers that are cut off. */
    NETTY {
        @Override
        Asker open(InetSocketAddress server) {
            DnsNameResolver resolver = new DnsNameResolverBuilder(
                            new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory()).next())
                    .datagramChannelType(EpollDatagramChannel.class)
                    .socketChannelType(EpollSocketChannel.class)
                    .nameServerProvider(new SingletonDnsServerAddressStreamProvider(server))
                    .resolvedAddressTypes(ResolvedAddressTypes.IPV4_ONLY)
                    .resolveCache(NoopDnsCache.INSTANCE)
                    .cnameCache(NoopDnsCnameCache.INSTANCE)
                    .authoritativeDnsServerCache(NoopAuthoritativeDnsServerCache.INSTANCE)
                    .hostsFileEntriesResolver(new NoHosts())
                    .build();
            return (name, done) ->
                    resolver.resolve(name).addListener(resolved -> done.accept(resolved.isSuccess() ? name : ""));
        }
    },
    /** dnsjava's session, without a cache. */
    DNSJAVA {
        @Override
        Asker open(InetSocketAddress server) {
            SimpleResolver resolver = new SimpleResolver(server);
            resolver.setTimeout(Duration.ofSeconds(5));
            LookupSession session = LookupSession.builder()
                    .resolver(resolver)
                    .executor(Runnable::run)
                    .build();
            return (name, done) -> session.lookupAsync(absolute(name), Type.A, DClass.IN)
                    .whenComplete((result, failure) -> done.accept(failure == null ? name : ""));
        }
    };

    /** One way to ask; the callback hears the name, or "" when that failed. */
    @FunctionalInterface
    interface Asker {
        void ask(String name, Consumer<String> done);
    }

    /** Opens it; it stays open until the JVM ends. */
    abstract Asker open(InetSocketAddress server);

    private static Name absolute(String name) {
        try {
            return Name.fromString(name, Name.root);
        } catch (TextParseException impossible) {
            throw new IllegalArgumentException(name, impossible);
        }
    }

    private static final class NoHosts implements HostsFileEntriesResolver {
        @Override
        public java.net.@Nullable InetAddress address(String name, ResolvedAddressTypes types) {
            return null;
        }
    }
}
