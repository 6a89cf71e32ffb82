package io.nettoolkit.dns.internal.service;

import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.dns.DnsAnswer;
import io.nettoolkit.dns.DnsException;
import io.nettoolkit.dns.DnsRecord;
import io.nettoolkit.dns.DnsType;
import io.nettoolkit.dns.ServiceEndpoint;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A service by its SRV records, and the addresses of their targets.
 *
 * <p>An endpoint whose addresses cannot be looked up keeps those it had, or is left out where it had none. Where that leaves
 * nothing, the lookup has failed.
 */
public final class SrvSource implements EndpointSource {

    /** How many targets are looked up at once. */
    private static final int AT_ONCE = 16;

    private final Names names;
    private final String service;

    /** The service of this name, such as {@code _grpc._tcp.example.com}. */
    public SrvSource(Names names, String service) {
        this.names = names;
        this.service = service;
    }

    @Override
    public CompletableFuture<Found> find(List<ServiceEndpoint> known) {
        return names.servers(service).thenCompose(answer -> {
            if (answer.kind() != DnsAnswer.Kind.ANSWER) {
                boolean exists = answer.kind() == DnsAnswer.Kind.NODATA;
                return CompletableFuture.failedFuture(failure(
                        exists ? Kind.DNS_NO_DATA : Kind.DNS_NO_SUCH_NAME, "the service has no SRV record", null));
            }
            return new Targets(answer, known).find();
        });
    }

    private DnsException failure(Kind kind, String detail, @Nullable Throwable cause) {
        return DnsException.builder(kind, service)
                .type(DnsType.SRV)
                .detail(detail)
                .cause(cause)
                .build();
    }

    @Override
    public String toString() {
        return service;
    }

    /** The targets of one answer. Locked, because lookups end on any of the resolver's loops. */
    private final class Targets {
        private final DnsAnswer<DnsRecord.Srv> answer;
        private final List<ServiceEndpoint> known;
        private final CompletableFuture<Found> found = new CompletableFuture<>();
        private final Queue<DnsRecord.Srv> waiting = new ArrayDeque<>();
        private final List<ServiceEndpoint> endpoints = new ArrayList<>();
        private Duration ttl;
        private int underWay;
        private boolean over;
        private @Nullable Throwable failure;

        Targets(DnsAnswer<DnsRecord.Srv> answer, List<ServiceEndpoint> known) {
            this.answer = answer;
            this.known = known;
            ttl = answer.ttl();
            // A target of "." says that the service is decidedly not there.
            answer.records().stream().filter(srv -> !srv.target().equals(".")).forEach(waiting::add);
        }

        CompletableFuture<Found> find() {
            for (int i = 0; i < AT_ONCE; i++) {
                next();
            }
            return found;
        }

        /** Looks up one after the other until one is not known yet, or none is left. */
        private void next() {
            while (true) {
                DnsRecord.Srv srv;
                boolean last;
                synchronized (this) {
                    srv = waiting.poll();
                    last = srv == null && underWay == 0 && !over;
                    over |= last;
                    underWay += srv == null ? 0 : 1;
                }
                if (last) {
                    finish();
                }
                if (srv == null) {
                    return;
                }
                CompletableFuture<List<InetAddress>> addresses = names.addresses(srv.target());
                if (!addresses.isDone()) {
                    addresses.whenComplete((each, cause) -> {
                        resolved(srv, each, cause);
                        next();
                    });
                    return;
                }
                // Known already: no need to climb the stack for each of a thousand.
                addresses.whenComplete((each, cause) -> resolved(srv, each, cause));
            }
        }

        private synchronized void resolved(
                DnsRecord.Srv srv, @Nullable List<InetAddress> addresses, @Nullable Throwable cause) {
            underWay--;
            String target = srv.target();
            String host = target.substring(0, target.length() - 1).toLowerCase(Locale.ROOT);
            List<InetAddress> usable = addresses != null ? addresses : before(host, srv.port());
            if (addresses == null) {
                failure = cause;
            } else {
                Duration addressTtl = names.addressTtl(target);
                ttl = addressTtl != null && addressTtl.compareTo(ttl) < 0 ? addressTtl : ttl;
            }
            if (!usable.isEmpty()) {
                ServiceEndpoint endpoint = new ServiceEndpoint(host, srv.port(), srv.priority(), srv.weight(), usable);
                if (endpoints.stream().noneMatch(endpoint::isSameAs)) {
                    endpoints.add(endpoint);
                }
            }
        }

        private List<InetAddress> before(String host, int port) {
            return known.stream()
                    .filter(each -> each.port() == port && each.host().equals(host))
                    .findFirst()
                    .map(ServiceEndpoint::addresses)
                    .orElse(List.of());
        }

        /** Outside the lock, since it calls whoever waits. */
        private void finish() {
            if (endpoints.isEmpty() && failure != null) {
                found.completeExceptionally(failure(
                        Kind.of(failure), "no target of " + answer.records().size() + " has an address", failure));
            } else {
                found.complete(new Found(endpoints, ttl));
            }
        }
    }
}
