package io.nettoolkit.dns.internal.service;

import io.nettoolkit.dns.DnsAnswer;
import io.nettoolkit.dns.DnsRecord;
import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** What discovery needs of a resolver. */
public interface Names {

    /** The servers of a service. */
    CompletableFuture<DnsAnswer<DnsRecord.Srv>> servers(String service);

    /** The addresses of a host, best first. */
    CompletableFuture<List<InetAddress>> addresses(String host);

    /** How long the addresses of a host that were just looked up hold; null where that is not known. */
    @Nullable
    Duration addressTtl(String host);
}
