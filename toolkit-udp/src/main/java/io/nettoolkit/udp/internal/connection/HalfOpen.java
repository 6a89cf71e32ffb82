package io.nettoolkit.udp.internal.connection;

import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/*
 * Who has shown a cookie and not yet a data packet, and who of them goes where there is no room.
 *
 * Idea. A cookie proves an address, not good will: whoever has one address can bring back any number of cookies and then
 * be silent. So places are shared between networks, not between connections: where all are taken, the network that holds
 * most of them loses its oldest to a newcomer of one that holds fewer. There is no quota while there is room, so that many
 * clients behind one address are served as long as nobody else needs their places.
 *
 * Between equals nobody is pushed out who may still be on his way: a newcomer whose network holds as much as the most
 * crowded one gets the oldest place there only if that one has waited for GRACE_NANOS, which an honest client needs only
 * on a very bad path. Else it is turned away and comes again. So a herd of honest clients that come at once waits in line
 * and does not throw one another out.
 *
 * Invariant. A network that holds no more than its equal share of the places (all of them, divided by the networks that
 * want one) loses none before its grace is over, whatever the others do.
 *
 * What it does not do. An attacker who answers from more networks than there are places is a crowd like any other: then
 * each newcomer, good or bad, takes its chances for the places that come free, all of them once within the grace.
 * Memory stays bounded, and connections that are established are not touched.
 *
 * A network is a /24 of IPv4 and a /56 of IPv6, as in the rate limiting of name servers: less is one owner's.
 *
 * Sources. RFC 4987 §3.4 (recycling the oldest half-open connection); RFC 8290 §4.1.3 (taking from the fattest flow);
 * Suter, Lakshman, Stiliadis, Choudhury: Design considerations for supporting TCP with per-flow queueing, INFOCOM 1998.
 */

/**
 * Bounded places for connections that wait for their client's first data packet.
 *
 * <p>Threading: confined to the loop of its gate.
 *
 * @param <T> what waits
 */
final class HalfOpen<T> {

    /** Who has waited for this long may lose its place to its like. */
    static final long GRACE_NANOS = 1_000_000_000L;

    private static final int IPV4_PREFIX_BYTES = 3;
    private static final int IPV6_PREFIX_BYTES = 7;

    private final int most;
    private final Map<Object, Network<T>> networks = new HashMap<>();
    /** The most crowded first; of equal ones that with the oldest place. */
    private final TreeSet<Network<T>> byCrowd =
            new TreeSet<>(Comparator.<Network<T>>comparingInt(network -> -network.places.size())
                    .thenComparingLong(network -> network.oldest().number));

    private int size;
    private long taken;

    /** One that waits. */
    static final class Place<T> {
        private final Network<T> network;
        private final long number;
        private final long sinceNanos;
        private final T occupant;

        private Place(Network<T> network, long number, long sinceNanos, T occupant) {
            this.network = network;
            this.number = number;
            this.sinceNanos = sinceNanos;
            this.occupant = occupant;
        }

        T occupant() {
            return occupant;
        }
    }

    private static final class Network<T> {
        private final Object key;
        /** The oldest first. */
        private final LinkedHashSet<Place<T>> places = new LinkedHashSet<>();

        private Network(Object key) {
            this.key = key;
        }

        private Place<T> oldest() {
            return places.iterator().next();
        }
    }

    private record Prefix(int addressBytes, long bits) {}

    /** At most so many places. */
    HalfOpen(int most) {
        this.most = most;
    }

    boolean isFull() {
        return size >= most;
    }

    int size() {
        return size;
    }

    /** Takes a place; there has to be one. */
    Place<T> add(long nowNanos, SocketAddress from, T occupant) {
        Network<T> network = networks.computeIfAbsent(keyOf(from), Network::new);
        Place<T> place = new Place<>(network, taken++, nowNanos, occupant);
        if (!network.places.isEmpty()) {
            byCrowd.remove(network);
        }
        network.places.add(place);
        byCrowd.add(network);
        size++;
        return place;
    }

    /** Gives the place back; once more does nothing. */
    void remove(Place<T> place) {
        Network<T> network = place.network;
        if (!network.places.contains(place)) {
            return;
        }
        byCrowd.remove(network);
        network.places.remove(place);
        size--;
        if (network.places.isEmpty()) {
            networks.remove(network.key);
        } else {
            byCrowd.add(network);
        }
    }

    /** Whose place a newcomer from this address may have; null for nobody's. */
    @Nullable
    Place<T> victim(long nowNanos, SocketAddress from) {
        if (size == 0) {
            return null;
        }
        Network<T> own = networks.get(keyOf(from));
        int held = own == null ? 0 : own.places.size();
        Network<T> crowded = byCrowd.first();
        Place<T> oldest = crowded.oldest();
        boolean isUnequal = crowded.places.size() > held + 1;
        return isUnequal || nowNanos - oldest.sinceNanos >= GRACE_NANOS ? oldest : null;
    }

    private static Object keyOf(SocketAddress from) {
        if (!(from instanceof InetSocketAddress inet) || inet.getAddress() == null) {
            return from;
        }
        byte[] address = inet.getAddress().getAddress();
        int prefix = address.length == 4 ? IPV4_PREFIX_BYTES : IPV6_PREFIX_BYTES;
        long bits = 0;
        for (int i = 0; i < prefix; i++) {
            bits = (bits << 8) | (address[i] & 0xFF);
        }
        return new Prefix(address.length, bits);
    }
}
