package io.nettoolkit.dns.internal.service;

import io.nettoolkit.dns.ServiceEndpoint;
import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** A host whose addresses are the endpoints, all alike: what a headless service of Kubernetes is. */
public final class HostSource implements EndpointSource {

    /** Where the TTL is not known, as of the hosts file or of a name that was short for another. */
    static final Duration UNKNOWN_TTL = Duration.ofSeconds(30);

    private final Names names;
    private final String host;
    private final int port;

    /** The addresses of a host, each with this port. */
    public HostSource(Names names, String host, int port) {
        this.names = names;
        this.host = host;
        this.port = port;
    }

    @Override
    public CompletableFuture<Found> find(List<ServiceEndpoint> known) {
        return names.addresses(host).thenApply(addresses -> {
            Duration ttl = names.addressTtl(host);
            return new Found(addresses.stream().map(this::endpoint).toList(), ttl == null ? UNKNOWN_TTL : ttl);
        });
    }

    private ServiceEndpoint endpoint(InetAddress address) {
        return new ServiceEndpoint(address.getHostAddress(), port, 0, 1, List.of(address));
    }

    @Override
    public String toString() {
        return host + ":" + port;
    }
}
