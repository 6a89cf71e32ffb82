package io.nettoolkit.dns;

import io.nettoolkit.dns.internal.service.Discovery;
import io.nettoolkit.dns.internal.service.EndpointSource;
import io.nettoolkit.dns.internal.service.HostSource;
import io.nettoolkit.dns.internal.service.Names;
import io.nettoolkit.dns.internal.service.SrvSource;
import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The endpoints of a service, kept up to date: by its SRV records, or by the addresses of a host.
 *
 * <pre>{@code
 * try (ServiceDiscovery service = ServiceDiscovery.builder(resolver, "_grpc._tcp.example.com").build()) {
 *     service.ready().join();
 *     ServiceEndpoint endpoint = service.select();                 // by priority and weight
 *     …
 *     service.markDown(endpoint);                                  // the next ones are others
 *     service.watch(change -> System.out.println(change.added() + " came, " + change.removed() + " went"));
 * }
 * }</pre>
 *
 * <p>Endpoints are looked up again when their TTL is over, a little later each time. What is known stays while lookups fail
 * or find nothing: a service that is really gone says so with a target of "." (RFC 2782).
 *
 * <p><b>Threading.</b> Any thread may call every method. {@link #select} allocates nothing and takes the same time however
 * many endpoints there are.
 *
 * <p><b>Ownership.</b> Who builds it closes it, before the resolver.
 *
 * <p><b>Failure.</b> {@link #ready()} fails with the first lookup's {@link DnsException}; lookups go on all the same, and
 * listeners hear of each that fails.
 *
 * <p>Sources: RFC 2782.
 */
public final class ServiceDiscovery implements AutoCloseable {

    private final Discovery discovery;
    private final String name;

    private ServiceDiscovery(Builder builder) {
        Names names = names(builder.resolver);
        EndpointSource source = builder.port == 0
                ? new SrvSource(names, builder.service)
                : new HostSource(names, builder.service, builder.port);
        name = source.toString();
        RandomGenerator random = builder.random;
        discovery = new Discovery(
                source,
                builder.resolver.executor(),
                builder.minRefresh,
                random != null ? () -> random : ThreadLocalRandom::current,
                builder.resolver.timeSource());
        discovery.start();
    }

    /**
     * A service.
     *
     * @param service the name of its SRV records, such as {@code _grpc._tcp.example.com}; with {@link Builder#port} a
     *     host
     */
    public static Builder builder(DnsResolver resolver, String service) {
        return new Builder(resolver, service);
    }

    /** The endpoints as soon as the first lookup is over; fails when that does. */
    public CompletableFuture<List<ServiceEndpoint>> ready() {
        return discovery.first();
    }

    /**
     * One endpoint: of those that are not down one of the best priority, by weight. Null where there is none, because nothing
     * is known yet, the service is not there, or all are down.
     */
    public @Nullable ServiceEndpoint select() {
        return discovery.select();
    }

    /** All endpoints that are known, those that are down too; empty before the first lookup is over. */
    public List<ServiceEndpoint> endpoints() {
        return discovery.endpoints();
    }

    /**
     * Takes an endpoint out of {@link #select} until {@link #markUp}, or until it is an endpoint no more.
     *
     * @return false when it is none, or is down already
     */
    public boolean markDown(ServiceEndpoint endpoint) {
        return discovery.markDown(Objects.requireNonNull(endpoint, "endpoint: must not be null"));
    }

    /**
     * Puts an endpoint back into {@link #select}.
     *
     * @return false when it was not down
     */
    public boolean markUp(ServiceEndpoint endpoint) {
        return discovery.markUp(Objects.requireNonNull(endpoint, "endpoint: must not be null"));
    }

    /** Tells a listener of the endpoints that are known, if any, and of all changes after that. */
    public ServiceWatch watch(ServiceWatch.Listener listener) {
        return discovery.watch(Objects.requireNonNull(listener, "listener: must not be null"));
    }

    /** Ends lookups and watches. {@link #select} goes on with what was known last. */
    @Override
    public void close() {
        discovery.close();
    }

    @Override
    public String toString() {
        return "ServiceDiscovery[" + name + ", " + endpoints().size() + " endpoints]";
    }

    /** Puts a discovery together. Not thread-safe. */
    public static final class Builder {
        private final DnsResolver resolver;
        private final String service;
        private int port;
        private Duration minRefresh = Duration.ofSeconds(5);
        private @Nullable RandomGenerator random;

        private Builder(DnsResolver resolver, String service) {
            this.resolver = Objects.requireNonNull(resolver, "resolver: must not be null");
            this.service = Objects.requireNonNull(service, "service: must not be null");
        }

        /** Makes the addresses of the host the endpoints, all with this port. Default 0: by SRV records. */
        public Builder port(int port) {
            if (port < 0 || port > 65535) {
                throw new IllegalArgumentException("port: " + port + " (must be 0 to 65535)");
            }
            this.port = port;
            return this;
        }

        /** The shortest time from one lookup to the next, whatever the TTL. Default 5 s; at least 1 ms. */
        public Builder minRefresh(Duration minRefresh) {
            Objects.requireNonNull(minRefresh, "minRefresh: must not be null");
            if (minRefresh.compareTo(Duration.ofMillis(1)) < 0 || minRefresh.compareTo(Duration.ofDays(1)) > 0) {
                throw new IllegalArgumentException("minRefresh: " + minRefresh + " (must be 1 ms to 1 day)");
            }
            this.minRefresh = minRefresh;
            return this;
        }

        /**
         * Where choices and spreads come from; every thread that selects uses it. Default the generator of the calling
         * thread.
         */
        public Builder random(RandomGenerator random) {
            this.random = Objects.requireNonNull(random, "random: must not be null");
            return this;
        }

        /** The discovery; its first lookup has begun. */
        public ServiceDiscovery build() {
            return new ServiceDiscovery(this);
        }
    }

    /** What discovery asks of a resolver. */
    static Names names(DnsResolver resolver) {
        return new Names() {
            @Override
            public CompletableFuture<DnsAnswer<DnsRecord.Srv>> servers(String service) {
                return resolver.query(service, DnsType.SRV);
            }

            @Override
            public CompletableFuture<List<InetAddress>> addresses(String host) {
                return resolver.resolve(host);
            }

            @Override
            public @Nullable Duration addressTtl(String host) {
                DnsAnswer<?> ipv4 = resolver.cached(host, DnsType.A);
                DnsAnswer<?> ipv6 = resolver.cached(host, DnsType.AAAA);
                if (ipv4 == null || ipv6 == null) {
                    return ipv4 != null ? ipv4.ttl() : ipv6 != null ? ipv6.ttl() : null;
                }
                return ipv4.ttl().compareTo(ipv6.ttl()) < 0 ? ipv4.ttl() : ipv6.ttl();
            }
        };
    }
}
