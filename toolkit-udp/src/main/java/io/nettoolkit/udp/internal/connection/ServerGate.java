package io.nettoolkit.udp.internal.connection;

import io.nettoolkit.udp.RudpConfig;
import io.nettoolkit.udp.internal.wire.CloseCode;
import io.nettoolkit.udp.internal.wire.Handshake;
import io.nettoolkit.udp.internal.wire.Handshake.Header;
import io.nettoolkit.udp.internal.wire.Handshake.Hello;
import io.nettoolkit.udp.internal.wire.Handshake.Refuse;
import io.nettoolkit.udp.internal.wire.KeySchedule;
import io.nettoolkit.udp.internal.wire.Wire;
import io.nettoolkit.udp.internal.wire.WireException;
import io.netty.buffer.ByteBuf;
import java.net.SocketAddress;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/*
 * What a server does with datagrams that belong to no connection.
 *
 * Idea. Nothing is remembered of a client before it has shown, by bringing back a cookie, that it receives what is sent
 * to its address. So a flood of HELLOs from forged addresses costs one HMAC and one short datagram each. What follows the
 * cookie is bounded by the number of connections that wait for their client's first data packet; who of those goes when
 * there are too many is in HalfOpen. They hold places among the connections the acceptor admits, too: where it has no more
 * room, one of them goes by the same rule.
 *
 * Invariants.
 *  - No answer is longer than what it answers: a HELLO is at least 1,200 bytes, a RESET is shorter than what caused it.
 *  - One HELLO (address and client's connection id) makes one connection while that lives, however often it is repeated.
 *
 * Sources. RFC 9000 §8.1 (address validation), §6 (version negotiation), §10.3 (stateless reset).
 */

/**
 * The door of a server, for one loop.
 *
 * <p>Threading: confined to its loop.
 */
public final class ServerGate {

    /** Connections that may wait for their client's first data packet at once. */
    static final int MAX_HALF_OPEN = 1024;

    private static final int LEAST_SWEEP = 1024;

    private final ConnectionSetup setup;
    private final Acceptor acceptor;
    private final Cookies cookies;
    private final StatelessReset resets;
    private final long originNanos;
    /** The connections of the HELLOs whose cookies may still come again, oldest first. */
    private final Map<Origin, RudpConnection> recent = new LinkedHashMap<>();

    private final HalfOpen<RudpConnection> halfOpen = new HalfOpen<>(MAX_HALF_OPEN);

    private int sweepSize = LEAST_SWEEP;
    private @Nullable RudpConnection accepted;

    private record Origin(SocketAddress address, long clientId) {}

    /** Decides on a new connection. */
    @FunctionalInterface
    public interface Acceptor {
        /** Whom to tell of the connection's life; null refuses it as busy. */
        @Nullable
        ConnectionEvents accept(SocketAddress from);

        /** A client was told no. */
        default void onRefused(SocketAddress from, Refuse why) {}

        /**
         * A connection that waited for its client was ended to make room. Where that makes room among those the acceptor
         * admits, it does so when this returns.
         */
        default void onDisplaced(RudpConnection connection) {}
    }

    /** What came of a datagram. */
    public enum Outcome {
        /** Nothing. */
        IGNORED,
        /** An answer stands in the buffer, for where the datagram came from. */
        ANSWERED,
        /** {@link #accepted()} is a new connection, to be polled. */
        ACCEPTED,
        /** {@link #accepted()} is a connection that waits for its client still, to be polled. */
        REPEATED
    }

    /** A gate; with a key, its reset tokens are the same after a restart. */
    public ServerGate(ConnectionSetup setup, Acceptor acceptor, long nowNanos) {
        this.setup = setup;
        this.acceptor = acceptor;
        originNanos = nowNanos;
        cookies = new Cookies(setup.randomBytes(KeySchedule.RANDOM_BYTES));
        resets = new StatelessReset(setup);
    }

    /**
     * A datagram came that is for no connection of this loop. An answer is appended to {@code out}; the datagram stays
     * the caller's.
     */
    public Outcome onDatagram(long nowNanos, SocketAddress from, ByteBuf datagram, ByteBuf out) {
        int start = datagram.readerIndex();
        int end = datagram.writerIndex();
        try {
            if (Wire.isData(datagram)) {
                return resets.answer(datagram, out) ? Outcome.ANSWERED : Outcome.IGNORED;
            }
            return Wire.isHandshake(datagram)
                    ? onHandshake(nowNanos - originNanos, from, datagram, out)
                    : Outcome.IGNORED;
        } catch (WireException corrupt) {
            return Outcome.IGNORED;
        } finally {
            datagram.setIndex(start, end);
        }
    }

    /** Connections that wait for their client's first data packet. */
    public int halfOpen() {
        return halfOpen.size();
    }

    /** The connection of the last ACCEPTED or REPEATED. */
    public RudpConnection accepted() {
        if (accepted == null) {
            throw new IllegalStateException("accepted: nothing was accepted yet");
        }
        return accepted;
    }

    private Outcome onHandshake(long now, SocketAddress from, ByteBuf datagram, ByteBuf out) throws WireException {
        int start = datagram.readerIndex();
        if (datagram.readableBytes() < RudpConfig.MIN_DATAGRAM_BYTES) {
            return Outcome.IGNORED;
        }
        Header header = setup.handshake().readHeader(datagram);
        if (header.type() != Handshake.HELLO) {
            return Outcome.IGNORED;
        }
        if (header.version() != Wire.VERSION) {
            setup.handshake().writeVersions(out, header.source());
            return Outcome.ANSWERED;
        }
        RudpConnection known = recent.get(new Origin(from, header.source()));
        if (known != null && !known.isTerminated()) {
            datagram.setIndex(start, datagram.writerIndex() + 4);
            known.onDatagram(now + originNanos, from, datagram);
            accepted = known;
            return Outcome.REPEATED;
        }
        Hello hello = setup.handshake().readHello(datagram, start, setup.keys());
        if (!cookies.isValid(hello.token(), now, from, header.source(), hello.random())) {
            byte[] cookie = cookies.issue(now, from, header.source(), hello.random());
            setup.handshake().writeRetry(out, header.source(), cookie);
            return Outcome.ANSWERED;
        }
        return admit(now, from, new Newcomer(header.source(), hello), out);
    }

    private record Newcomer(long clientId, Hello hello) {}

    private Outcome admit(long now, SocketAddress from, Newcomer newcomer, ByteBuf out) {
        Hello hello = newcomer.hello();
        int suite = KeySchedule.suiteCode(setup.config().security().suite());
        if (hello.suite() != suite || !hello.authentic()) {
            String why = hello.suite() == suite
                    ? "the keys differ"
                    : "the server wants " + setup.config().security().suite();
            return refuse(from, out, newcomer.clientId(), new Refuse(CloseCode.SECURITY, why));
        }
        forgetOld(now);
        if (halfOpen.isFull() && !displaceFor(from, now)) {
            // The client comes again; a REFUSE would be as cheap for us but final for it.
            return Outcome.IGNORED;
        }
        ConnectionEvents events = acceptor.accept(from);
        if (events == null && displaceFor(from, now)) {
            events = acceptor.accept(from);
        }
        if (events == null) {
            return refuse(from, out, newcomer.clientId(), new Refuse(CloseCode.BUSY, "no more connections now"));
        }
        RudpConnection connection = RudpConnection.accept(setup, events, from, now + originNanos);
        byte[] token = resets.token(connection.localId());
        ServerHandshake.Ids ids = new ServerHandshake.Ids(connection.localId(), newcomer.clientId());
        HalfOpen.Place<RudpConnection> place = halfOpen.add(now, from, connection);
        ServerHandshake handshake = new ServerHandshake(setup, ids, hello, token, () -> halfOpen.remove(place));
        connection.answer(handshake, hello.parameters(), resets);
        recent.put(new Origin(from, newcomer.clientId()), connection);
        accepted = connection;
        return Outcome.ACCEPTED;
    }

    /** Ends a connection that waits for its client, to make room for this newcomer; answers whether there was one. */
    private boolean displaceFor(SocketAddress from, long now) {
        HalfOpen.Place<RudpConnection> place = halfOpen.victim(now, from);
        if (place == null) {
            return false;
        }
        RudpConnection displaced = place.occupant();
        displaced.kill(displaced.failures(displaced.ageNanos(now + originNanos)).displaced());
        acceptor.onDisplaced(displaced);
        return true;
    }

    private Outcome refuse(SocketAddress from, ByteBuf out, long clientId, Refuse refuse) {
        acceptor.onRefused(from, refuse);
        setup.handshake().writeRefuse(out, clientId, refuse);
        return Outcome.ANSWERED;
    }

    /** Connections whose HELLOs would be known again. */
    int remembered() {
        return recent.size();
    }

    /** Forgets HELLOs whose cookie is worth nothing any more. */
    private void forgetOld(long now) {
        Iterator<RudpConnection> oldest = recent.values().iterator();
        while (oldest.hasNext() && oldest.next().ageNanos(now + originNanos) > Cookies.LIFE_NANOS) {
            oldest.remove();
        }
        if (recent.size() >= sweepSize) {
            // Those that are over hold memory; doubling makes it a constant cost for each admission.
            recent.values().removeIf(RudpConnection::isTerminated);
            sweepSize = Math.max(LEAST_SWEEP, 2 * recent.size());
        }
    }
}
