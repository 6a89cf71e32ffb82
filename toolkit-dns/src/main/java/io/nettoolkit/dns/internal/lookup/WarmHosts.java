package io.nettoolkit.dns.internal.lookup;

import io.nettoolkit.dns.internal.cache.CacheEntry;
import io.netty.util.concurrent.Future;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/*
 * A hash table with open addressing. A host and port is within 16 places of where its hash points, or not in the table; so
 * names that were chosen for their hashes cannot make looks slow. Where all 16 are taken by what still holds, the table grows,
 * and leaves behind what no longer does; at 8192 places it grows no more and overwrites one of them. Nothing is ever taken out
 * of a place, so a look may end at the first that is empty.
 */
/**
 * What one loop has handed out, by host and port. Knows nothing of whether it still holds.
 *
 * <p><b>Threading.</b> Confined to the loop.
 */
final class WarmHosts {

    /** Powers of two, all of them. */
    static final int LARGEST = 8192;

    private static final int SMALLEST = 64;
    private static final int REACH = 16;

    private final Predicate<WarmHost> holds;
    private @Nullable WarmHost[] places = new WarmHost[SMALLEST];
    private int turn;

    /**
     * An empty table.
     *
     * @param holds false for what may go first
     */
    WarmHosts(Predicate<WarmHost> holds) {
        this.holds = holds;
    }

    /**
     * What was handed out for a host and port.
     *
     * @param entry of the cache, which it was made of; null for a name of this host's own
     * @param origin the value of that entry; or the hosts file that was read when the name was found
     * @param endNanos when a name of this host's own is to be looked at again; of no meaning with an entry
     */
    record WarmHost(
            String host,
            int port,
            @Nullable CacheEntry entry,
            Object origin,
            long endNanos,
            Future<InetSocketAddress> one,
            Future<List<InetSocketAddress>> all) {

        boolean isFor(String otherHost, int otherPort) {
            return port == otherPort && host.equals(otherHost);
        }
    }

    @Nullable
    WarmHost get(String host, int port) {
        int mask = places.length - 1;
        int at = home(host, port, places);
        for (int step = 0; step < REACH; step++) {
            WarmHost found = places[at];
            if (found == null || found.isFor(host, port)) {
                return found;
            }
            at = (at + 1) & mask;
        }
        return null;
    }

    /** In the place of what was there for its host and port, if anything was. */
    void put(WarmHost warm) {
        while (!place(warm, places)) {
            if (places.length == LARGEST) {
                int at = home(warm.host, warm.port, places) + (turn++ & (REACH - 1));
                places[at & (LARGEST - 1)] = warm;
                return;
            }
            grow();
        }
    }

    /** False where all places it could have are taken by others that hold. */
    private boolean place(WarmHost warm, @Nullable WarmHost[] into) {
        int mask = into.length - 1;
        int home = home(warm.host, warm.port, into);
        int free = -1;
        for (int step = 0; step < REACH; step++) {
            int at = (home + step) & mask;
            WarmHost there = into[at];
            if (there == null || there.isFor(warm.host, warm.port)) {
                into[free < 0 || there != null ? at : free] = warm;
                return true;
            }
            if (free < 0 && !holds.test(there)) {
                free = at;
            }
        }
        if (free >= 0) {
            into[free] = warm;
        }
        return free >= 0;
    }

    private void grow() {
        @Nullable WarmHost[] larger = new WarmHost[places.length * 2];
        for (WarmHost each : places) {
            if (each != null && holds.test(each)) {
                place(each, larger);
            }
        }
        places = larger;
    }

    private static int home(String host, int port, @Nullable WarmHost[] places) {
        // The upper bits of the product depend on all bits of the hash.
        return ((host.hashCode() * 31 + port) * 0x9e3779b9) >>> (Integer.numberOfLeadingZeros(places.length) + 1);
    }
}
