package io.nettoolkit.udp.internal.connection;

import io.nettoolkit.core.CloseReason;
import io.nettoolkit.udp.RudpConfig;
import io.nettoolkit.udp.internal.recovery.LossRecovery;
import io.nettoolkit.udp.internal.recovery.MtuSearch;
import io.nettoolkit.udp.internal.wire.CloseCode;

/*
 * What exists only while it is needed.
 *
 * Most connections of a server are idle most of the time, so what one holds then is what counts (2 KiB was the promise; less
 * than 1.25 KiB it is). What has to outlive a pause is numbers: ids, credit, the next packet and the next message, round
 * trips, the window, statistics. The rest is made when it is first asked for, and dropped in RudpConnection.rest when for two
 * seconds, and for longer than the peer would wait for an answer, nothing was under way in either direction:
 *
 *   packets sent, with their notes        SentPackets, DeliveryRate   of LossRecovery
 *   packets received                      ReceivedPackets             of AckTracker
 *   messages on their way out             Backlog                     of Outbox
 *   messages on their way in              Reassembly                  of Inbox
 *   what is to be sent next, and when     PacketAssembler
 *   writes that are not flushed           PendingWrites               of the channel
 *
 * Others come with the first event that they tell of, and stay: LossHistory, Doubts (MtuSearch) and the curve of Cubic with a
 * loss, Ending with the end. A pause that is shorter, as between a question and its answer, costs nothing, so packets in
 * steady traffic or ping-pong are sent and received without an object.
 */

/**
 * What an open connection does when nothing comes: probes, says something to be answered, lets go of memory, gives up.
 *
 * <p>The idle timer starts anew with every packet received, and with the first one sent after that which asks for an
 * answer (RFC 9000 §10.1).
 */
final class Liveness {

    private static final long NEVER = Long.MAX_VALUE;
    private static final int LEAST_PTOS = 3;
    /**
     * After this long a pause, and the time in which a peer that misses an answer asks for it, memory goes that is only
     * needed while something is under way.
     */
    private static final long REST_NANOS = 2_000_000_000L;

    private long idleNanos;
    private long startedNanos;
    private long quietSinceNanos;
    private boolean sentSince;
    private boolean atRest;

    Liveness(RudpConfig config) {
        idleNanos = config.idleTimeout().toNanos();
    }

    void begin(long nowNanos, long peerIdleMillis) {
        idleNanos = Math.min(idleNanos, peerIdleMillis * 1_000_000);
        onReceived(nowNanos);
    }

    long idleNanos() {
        return idleNanos;
    }

    void onReceived(long nowNanos) {
        startedNanos = nowNanos;
        quietSinceNanos = nowNanos;
        sentSince = false;
        atRest = false;
    }

    void onElicitingSent(long nowNanos) {
        quietSinceNanos = nowNanos;
        atRest = false;
        if (!sentSince) {
            sentSince = true;
            startedNanos = nowNanos;
        }
    }

    private long idleDeadlineNanos(long ptoNanos) {
        return startedNanos + Math.max(idleNanos, LEAST_PTOS * ptoNanos);
    }

    private long keepAliveNanos(RudpConnection connection) {
        long intervalNanos = connection.setup().config().keepAlive().toNanos();
        return intervalNanos == 0 ? NEVER : quietSinceNanos + intervalNanos;
    }

    private long restNanos(long ptoNanos) {
        return atRest ? NEVER : quietSinceNanos + Math.max(REST_NANOS, LEAST_PTOS * ptoNanos);
    }

    /** When something has to be done on this connection, which is open. */
    long deadlineNanos(RudpConnection connection) {
        LossRecovery recovery = connection.recovery();
        // Where nothing can be sent there is nothing to probe with (RFC 9002 §6.2.2.1).
        long deadline = connection.path().isHeldBack()
                ? NEVER
                : Math.min(recovery.deadlineNanos(), connection.sendDeadlineNanos());
        deadline = Math.min(deadline, idleDeadlineNanos(recovery.basePtoNanos()));
        if (recovery.packetsInFlight() == 0) {
            deadline = Math.min(deadline, keepAliveNanos(connection));
        }
        if (connection.isQuiet()) {
            deadline = Math.min(deadline, restNanos(recovery.basePtoNanos()));
        }
        deadline = Math.min(deadline, connection.path().deadlineNanos());
        return Math.min(deadline, connection.outbox().expiryNanos());
    }

    /** The deadline has passed. */
    void onTimeout(RudpConnection connection, long nowNanos) {
        LossRecovery recovery = connection.recovery();
        if (nowNanos >= idleDeadlineNanos(recovery.basePtoNanos())) {
            boolean waiting = recovery.packetsInFlight() > 0;
            connection.ending().endSilently(connection.failures(nowNanos).silence(waiting, recovery.ptoCount()));
            return;
        }
        if (connection.outbox().isStuck()) {
            int bytes = MtuSearch.BASE_BYTES;
            CloseReason reason = connection.failures(nowNanos).stuck(bytes);
            connection
                    .ending()
                    .end(nowNanos, reason, CloseCode.INTERNAL, "datagrams of " + bytes + " bytes do not arrive");
            return;
        }
        PathState path = connection.path();
        if (nowNanos >= path.deadlineNanos() && path.onDeadline(nowNanos)) {
            connection.events().onPathChanged();
        }
        connection.outbox().expire(nowNanos);
        if (nowNanos >= recovery.deadlineNanos() && !path.isHeldBack()) {
            int probes = recovery.onDeadline(nowNanos);
            if (probes > 0) {
                recovery.repeatOldest(probes);
                connection.assembler(nowNanos).requestProbes(probes);
            }
        }
        if (nowNanos >= keepAliveNanos(connection) && recovery.packetsInFlight() == 0) {
            quietSinceNanos = nowNanos;
            connection.assembler(nowNanos).requestPing();
        }
        if (nowNanos >= restNanos(recovery.basePtoNanos()) && connection.isQuiet()) {
            atRest = true;
            connection.rest();
        }
    }
}
