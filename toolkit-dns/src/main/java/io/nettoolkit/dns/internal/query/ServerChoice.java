package io.nettoolkit.dns.internal.query;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** Which server to ask. Stateless but for the turn of {@code rotate}; confined to a loop. */
final class ServerChoice {

    private final boolean rotate;
    private int turn;

    /** {@code rotate}: each in turn instead of the fastest (resolv.conf). */
    ServerChoice(boolean rotate) {
        this.rotate = rotate;
    }

    /** Picks for the first try of a lookup: the fastest of those that are up; null when none is and none may be probed. */
    @Nullable
    Server first(List<Server> servers, long nowNanos) {
        if (rotate && servers.size() > 1) {
            turn = (turn + 1) % servers.size();
        }
        Server up = next(servers, 0, nowNanos);
        return up != null ? up : probe(servers, 0, nowNanos);
    }

    /** The best of those that are up and whose bit is not set in {@code tried}; null when there is none. */
    @Nullable
    Server next(List<Server> servers, long tried, long nowNanos) {
        Server best = null;
        long bestRank = 0;
        int size = servers.size();
        for (int i = 0; i < size; i++) {
            int index = rotate ? (turn + i) % size : i;
            Server server = servers.get(index);
            if ((tried & bit(index)) != 0 || !server.isUp()) {
                continue;
            }
            if (rotate) {
                return server;
            }
            long rank = server.roundTrip.rankNanos(nowNanos);
            if (best == null || rank < bestRank) {
                best = server;
                bestRank = rank;
            }
        }
        return best;
    }

    /** One that is down, whose time for another look has come; null when there is none. */
    @Nullable
    Server probe(List<Server> servers, long tried, long nowNanos) {
        for (int i = 0; i < servers.size(); i++) {
            Server server = servers.get(i);
            if ((tried & bit(i)) == 0 && server.isProbeDue(nowNanos)) {
                return server;
            }
        }
        return null;
    }

    /** The bit of a server in a set of those tried; beyond 64 servers they share the last one. */
    static long bit(int index) {
        return 1L << Math.min(index, Long.SIZE - 1);
    }
}
