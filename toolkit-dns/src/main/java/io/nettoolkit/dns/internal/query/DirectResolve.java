package io.nettoolkit.dns.internal.query;

import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.core.internal.ToolkitFuture;
import io.nettoolkit.dns.DnsAnswer;
import io.nettoolkit.dns.DnsException;
import io.nettoolkit.dns.DnsRecord;
import io.nettoolkit.dns.DnsType;
import io.nettoolkit.dns.internal.name.GivenName;
import io.nettoolkit.dns.internal.name.HostName;
import io.nettoolkit.dns.internal.wire.DnsName;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;

/** The addresses of a name, of both families, straight from the servers. */
public final class DirectResolve {

    private final Upstream upstream;
    private final Deadline deadline;

    /** For one call. */
    public DirectResolve(Upstream upstream, Deadline deadline) {
        this.upstream = upstream;
        this.deadline = deadline;
    }

    /** Asks for both at once. */
    public CompletableFuture<List<InetAddress>> resolve(String host) {
        DnsName name;
        try {
            InetAddress literal = HostName.literal(host);
            if (literal != null) {
                return ToolkitFuture.succeeded(upstream.loop(), List.of(literal));
            }
            name = GivenName.parse(host);
        } catch (DnsException badName) {
            return ToolkitFuture.failed(upstream.loop(), badName);
        }
        CompletableFuture<DnsAnswer<DnsRecord.A>> four = QueryCall.start(upstream, name, DnsType.A, deadline);
        CompletableFuture<DnsAnswer<DnsRecord.Aaaa>> six = QueryCall.start(upstream, name, DnsType.AAAA, deadline);
        ToolkitFuture<List<InetAddress>> both = new ToolkitFuture<>(upstream.loop(), () -> {
            four.cancel(false);
            six.cancel(false);
        });
        CompletableFuture.allOf(four, six).whenComplete((done, failure) -> {
            List<InetAddress> addresses = new ArrayList<>();
            if (!four.isCompletedExceptionally()) {
                four.join().records().forEach(record -> addresses.add(record.address()));
            }
            if (!six.isCompletedExceptionally()) {
                six.join().records().forEach(record -> addresses.add(record.address()));
            }
            if (!addresses.isEmpty()) {
                both.succeed(List.copyOf(addresses));
            } else if (failure != null) {
                both.fail(Objects.requireNonNullElse(failure.getCause(), failure));
            } else {
                boolean noName = four.join().kind() == DnsAnswer.Kind.NXDOMAIN;
                both.fail(DnsException.builder(noName ? Kind.DNS_NO_SUCH_NAME : Kind.DNS_NO_DATA, host)
                        .build());
            }
        });
        return both;
    }
}
