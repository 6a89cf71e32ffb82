package io.nettoolkit.udp.internal.connection;

import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.udp.RudpConfig;
import io.nettoolkit.udp.internal.wire.CloseCode;
import io.nettoolkit.udp.internal.wire.Handshake;
import io.nettoolkit.udp.internal.wire.Handshake.Accept;
import io.nettoolkit.udp.internal.wire.Handshake.Header;
import io.nettoolkit.udp.internal.wire.Handshake.Hello;
import io.nettoolkit.udp.internal.wire.Handshake.Refuse;
import io.nettoolkit.udp.internal.wire.KeySchedule;
import io.nettoolkit.udp.internal.wire.TransportParameters;
import io.nettoolkit.udp.internal.wire.Wire;
import io.nettoolkit.udp.internal.wire.WireException;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * The dialling side until it is accepted: HELLO, again with the cookie of a RETRY, again and again with growing pauses.
 *
 * <p>Nothing unauthenticated ends the attempt of a client that has a key: a REFUSE or an ACCEPT under another key is
 * remembered, to be told when time is up, because anybody on the path can send it.
 */
final class ClientHandshake implements Opening {

    private static final int MAX_RETRIES = 20;
    private static final long LONGEST_PAUSE_NANOS = 5_000_000_000L;

    private final ConnectionSetup setup;
    private final long localId;
    private final byte[] random;
    private final long giveUpNanos;
    private byte[] token = new byte[0];
    private int retries;
    private long sendNanos;
    private long pauseNanos;
    private long sentNanos;
    private int sendsSinceProgress;
    private @Nullable Accept accept;
    private @Nullable Refuse refusal;
    private boolean refused;
    private long peerId;

    ClientHandshake(ConnectionSetup setup, long localId, long nowNanos) {
        this.setup = setup;
        this.localId = localId;
        random = setup.randomBytes(KeySchedule.RANDOM_BYTES);
        giveUpNanos = nowNanos + setup.config().handshakeTimeout().toNanos();
        sendNanos = nowNanos;
        pauseNanos = firstPauseNanos();
    }

    /** Three times the assumed round trip, as a probe timeout would be (RFC 9002 §6.2.2). */
    private long firstPauseNanos() {
        return 3 * setup.config().initialRtt().toNanos();
    }

    @Override
    public long deadlineNanos() {
        return Math.min(sendNanos, giveUpNanos);
    }

    @Override
    public boolean isTimedOut(long nowNanos) {
        return nowNanos >= giveUpNanos;
    }

    /** Writes a HELLO where one is due. */
    @Override
    public boolean poll(long nowNanos, ByteBuf out) {
        if (nowNanos < sendNanos || out.maxWritableBytes() < RudpConfig.MIN_DATAGRAM_BYTES) {
            return false;
        }
        int suite = KeySchedule.suiteCode(setup.config().security().suite());
        Hello hello = new Hello(random, suite, token, TransportParameters.of(setup.config()), true);
        setup.handshake().writeHello(out, localId, hello, setup.keys());
        sentNanos = nowNanos;
        sendsSinceProgress++;
        sendNanos = nowNanos + pauseNanos;
        pauseNanos = Math.min(2 * pauseNanos, LONGEST_PAUSE_NANOS);
        return true;
    }

    @Override
    public void onPacket(long nowNanos, Header header, ByteBuf in, int start) throws WireException {
        if (header.destination() != localId || accept != null || refused) {
            return;
        }
        switch (header.type()) {
            case Handshake.RETRY -> onRetry(nowNanos, setup.handshake().readRetry(in));
            case Handshake.ACCEPT -> onAccept(header, setup.handshake().readAccept(in, start, random, setup.keys()));
            case Handshake.VERSIONS -> {
                if (!setup.handshake().readVersions(in)) {
                    onRefuse(new Refuse(
                            CloseCode.PROTOCOL,
                            "the server does not speak version " + Wire.VERSION + " of the format"));
                }
            }
            case Handshake.REFUSE -> onRefuse(setup.handshake().readRefuse(in));
            default -> {}
        }
    }

    /**
     * Only the first one is answered at once. Further ones answer repeated HELLOs, of which a slow server got many: to answer
     * each would double what it has to do. Their cookie, newer than ours, goes with the next HELLO.
     */
    private void onRetry(long nowNanos, byte[] newToken) {
        if (retries >= MAX_RETRIES) {
            return;
        }
        if (retries == 0) {
            sendNanos = nowNanos;
            // Where it took several, the path is slower than was assumed.
            pauseNanos = sendsSinceProgress == 1 ? firstPauseNanos() : pauseNanos;
            sendsSinceProgress = 0;
        }
        retries++;
        token = newToken;
    }

    private void onAccept(Header header, Accept answer) {
        if (header.version() != Wire.VERSION) {
            return;
        }
        if (answer.authentic()) {
            accept = answer;
            peerId = header.source();
        } else {
            refusal = new Refuse(CloseCode.SECURITY, "the server answered under another key");
        }
    }

    private void onRefuse(Refuse answer) {
        refusal = answer;
        refused = !setup.keys().isKeyed();
    }

    /** What the server said when it accepted; null before. */
    @Nullable
    Accept accept() {
        return accept;
    }

    /** Whether there is no point in going on. */
    boolean isRefused() {
        return refused;
    }

    @Override
    public @Nullable Refuse refusal() {
        return refusal;
    }

    @Override
    public Kind timeoutKind() {
        return Kind.CONNECT_TIMEOUT;
    }

    /** Whether the network's word that nobody is there is enough: see the note of the class. */
    boolean isEndedByUnreachable() {
        return !setup.keys().isKeyed() || sendsSinceProgress > 1;
    }

    @Override
    public void end() {}

    /** The server's connection id. */
    long peerId() {
        return peerId;
    }

    byte[] random() {
        return random;
    }

    /** The round trip of the handshake; 0 where a repeated HELLO makes it ambiguous. */
    long rttNanos(long nowNanos) {
        return sendsSinceProgress == 1 ? nowNanos - sentNanos : 0;
    }
}
