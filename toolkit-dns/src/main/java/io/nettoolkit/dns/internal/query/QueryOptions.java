package io.nettoolkit.dns.internal.query;

import io.nettoolkit.core.EventLoops;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.core.TlsConfig;
import io.nettoolkit.dns.DnsResolver;
import io.nettoolkit.dns.internal.name.ResolvConf;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a resolver's builder was told about asking name servers. Immutable.
 *
 * @param nameServers empty for the system's
 * @param tryTimeoutNanos 0 for what the system says
 * @param attempts 0 for what the system says
 */
public record QueryOptions(
        EventLoops loops,
        List<InetSocketAddress> nameServers,
        DnsResolver.Protocol protocol,
        @Nullable TlsConfig tls,
        long tryTimeoutNanos,
        Duration queryTimeout,
        int attempts,
        DnsResolver.Listener listener,
        String name,
        TimeSource timeSource) {

    /** What an engine has to know for ever. */
    public EngineOptions.Fixed fixed() {
        return new EngineOptions.Fixed(name, listener, timeSource, protocol != DnsResolver.Protocol.UDP);
    }

    private static final Duration DEFAULT_TRY_TIMEOUT = Duration.ofSeconds(2);
    private static final int DEFAULT_ATTEMPTS = 4;

    /** What an engine has to know now; what the builder was told goes before the system's configuration. */
    public EngineOptions engine(ResolvConf system) {
        List<InetSocketAddress> servers = nameServers.isEmpty() ? system.nameServers() : nameServers;
        Duration systemTimeout = system.timeout() == null ? DEFAULT_TRY_TIMEOUT : system.timeout();
        int systemAttempts = system.attempts() == 0 ? DEFAULT_ATTEMPTS : system.attempts() * servers.size();
        return new EngineOptions(
                servers,
                nameServers.isEmpty() && system.rotate(),
                tryTimeoutNanos == 0 ? systemTimeout.toNanos() : tryTimeoutNanos,
                attempts == 0 ? systemAttempts : attempts);
    }

    @Override
    public String toString() {
        return "name=" + name + ", nameServers=" + nameServers + ", protocol=" + protocol + ", tls=" + tls
                + ", tryTimeout=" + (tryTimeoutNanos == 0 ? "system" : Duration.ofNanos(tryTimeoutNanos))
                + ", queryTimeout=" + queryTimeout + ", attempts="
                + attempts;
    }
}
