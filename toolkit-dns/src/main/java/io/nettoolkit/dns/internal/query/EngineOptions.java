package io.nettoolkit.dns.internal.query;

import io.nettoolkit.core.TimeSource;
import io.nettoolkit.dns.DnsResolver;
import java.net.InetSocketAddress;
import java.util.List;

/**
 * What an engine is told, and may be told anew while it runs. Immutable.
 *
 * @param servers whom to ask; of those asked before everything known stays known
 * @param rotate each in turn, instead of the fastest
 * @param tryTimeoutNanos how long one gets for an answer
 * @param attempts how many tries a lookup has
 */
public record EngineOptions(List<InetSocketAddress> servers, boolean rotate, long tryTimeoutNanos, int attempts) {

    /**
     * What never changes.
     *
     * @param name for logs
     * @param listener who hears of what is rare
     * @param timeSource the clock
     * @param streamOnly whether all goes over connections
     */
    public record Fixed(String name, DnsResolver.Listener listener, TimeSource timeSource, boolean streamOnly) {}
}
