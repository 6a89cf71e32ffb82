package io.nettoolkit.dns.internal.service;

import io.nettoolkit.dns.ServiceEndpoint;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Where the endpoints of a service come from. */
public interface EndpointSource {

    /**
     * Looks them up.
     *
     * @param known what was found before, to fall back on for endpoints whose addresses cannot be looked up
     */
    CompletableFuture<Found> find(List<ServiceEndpoint> known);

    /**
     * What was found.
     *
     * @param endpoints none where the service says that it is not there
     * @param ttl how long this holds
     */
    record Found(List<ServiceEndpoint> endpoints, Duration ttl) {}
}
