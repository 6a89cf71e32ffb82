package io.nettoolkit.dns.internal.query;

import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.EventLoops;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.core.TlsConfig;
import io.nettoolkit.dns.DnsResolver;
import io.nettoolkit.dns.internal.name.ResolvConf;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a resolver's builder was told about asking name servers. Immutable. */
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

    /** When a lookup that begins now has to be over. */
    public Deadline deadline() {
        return Deadline.after(queryTimeout, timeSource);
    }

    /** A caller's deadline, or when a lookup that begins now has to be over where that is sooner. */
    public Deadline within(Deadline deadline) {
        return deadline.atMost(queryTimeout);
    }

    /** What an engine has to know for ever. */
    public EngineOptions.Fixed fixed() {
        return new EngineOptions.Fixed(name, listener, timeSource, protocol != DnsResolver.Protocol.UDP);
    }

    /** What an engine has to know now; what the builder was told goes before the system's configuration. */
    public EngineOptions engine(@Nullable ResolvConf system) {
        return new EngineOptions(
                system == null ? nameServers : system.nameServers(),
                system != null && system.rotate(),
                tryTimeoutNanos,
                attempts);
    }

    @Override
    public String toString() {
        return "name=" + name + ", nameServers=" + nameServers + ", protocol=" + protocol + ", tls=" + tls
                + ", tryTimeout=" + Duration.ofNanos(tryTimeoutNanos) + ", queryTimeout=" + queryTimeout + ", attempts="
                + attempts;
    }
}
