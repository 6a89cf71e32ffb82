package io.nettoolkit.dns.internal.query;

import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.core.internal.FailureText;
import io.nettoolkit.dns.DnsException;
import io.nettoolkit.dns.DnsType;
import io.nettoolkit.dns.internal.wire.DnsName;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Why a try, or all of a lookup, got no answer. Immutable.
 *
 * @param server whose fault it is; null where it is nobody's alone
 * @param detail for the message; may be empty
 */
record FailedTry(
        Kind kind,
        @Nullable Server server,
        String detail,
        @Nullable Throwable cause) {

    static FailedTry of(Kind kind, String detail) {
        return new FailedTry(kind, null, detail, null);
    }

    /** A server took too long. */
    static FailedTry late(Server server) {
        return new FailedTry(Kind.DNS_TIMEOUT, server, "", null);
    }

    /** So many messages to so many servers, and none of them was answered. */
    static FailedTry unanswered(int messages, int asked, List<Server> servers) {
        String detail = messages + (messages == 1 ? " query" : " queries") + " to " + asked
                + (asked == 1 ? " server" : " servers") + " got no answer in time";
        return new FailedTry(Kind.DNS_TIMEOUT, only(servers), detail, null);
    }

    /** There was nobody to ask. */
    static FailedTry allDown(List<Server> servers, long nowNanos) {
        long soonest = Long.MAX_VALUE;
        for (Server server : servers) {
            soonest = Math.min(soonest, Math.max(server.untilProbeNanos(nowNanos), 0));
        }
        String detail = servers.isEmpty()
                ? "there is no name server to ask"
                : "all name servers are down, the next is asked again in " + FailureText.of(Duration.ofNanos(soonest));
        return new FailedTry(Kind.DNS_TIMEOUT, only(servers), detail, null);
    }

    private static @Nullable Server only(List<Server> servers) {
        return servers.size() == 1 ? servers.get(0) : null;
    }

    boolean isTimeout() {
        return kind == Kind.DNS_TIMEOUT;
    }

    DnsException exception(DnsName name, DnsType<?> type, long elapsedNanos) {
        return DnsException.builder(kind, name.toString())
                .type(type)
                .server(server == null ? null : server.address)
                .elapsed(Duration.ofNanos(elapsedNanos))
                .detail(detail)
                .cause(cause)
                .build();
    }
}
