package io.nettoolkit.udp.internal.delivery;

import io.nettoolkit.udp.internal.delivery.Outcomes.Drop;
import io.nettoolkit.udp.internal.wire.TransportParameters;
import org.jspecify.annotations.Nullable;

/**
 * What the peer takes: its limits, and its credit for reliable messages that are begun.
 *
 * <p>Credit never shrinks: an older grant may come later.
 *
 * <p><b>Sources.</b> RFC 9000 §4.1.
 */
final class SendCredit {

    /** How far numbers of one channel and order may lie apart while the first is not settled. */
    static final int MAX_SPREAD = 1 << 16;

    private TransportParameters peer = TransportParameters.NOTHING;
    private long maxBytes;
    private long maxMessages;
    private long begunBytes;
    private long begunMessages;
    private boolean blocked;
    private boolean reported;

    void setPeer(TransportParameters parameters) {
        peer = parameters;
        maxBytes = parameters.maxData();
        maxMessages = parameters.maxMessages();
    }

    /** What each channel begins with. */
    long maxChannelBytes() {
        return peer.maxChannelData();
    }

    void onGrant(long bytes, long messages) {
        maxBytes = Math.max(maxBytes, bytes);
        maxMessages = Math.max(maxMessages, messages);
        reported = false;
    }

    void onChannelGrant(SendChannel channel, long bytes) {
        channel.maxBytes = Math.max(channel.maxBytes, bytes);
        reported = false;
    }

    /** Why the peer would never take this message; null where it would. */
    @Nullable
    Drop refusal(OutMessage m) {
        if (m.channel >= peer.maxChannels()) {
            return Drop.NO_SUCH_CHANNEL;
        }
        return m.length > peer.maxMessageBytes() ? Drop.TOO_LONG : null;
    }

    boolean mayBegin(SendQueue q, OutMessage m) {
        return !m.isReliable()
                || (begunBytes + m.length <= maxBytes
                        && begunMessages < maxMessages
                        && q.channel.begunBytes + m.length <= q.channel.maxBytes
                        && q.spread() < MAX_SPREAD);
    }

    /** A message is begun: a reliable one is charged whole. */
    void begin(SendQueue q, OutMessage m) {
        if (m.isReliable()) {
            begunBytes += m.length;
            begunMessages++;
            q.channel.begunBytes += m.length;
        }
    }

    /** Whether a message had to wait for credit when a packet was filled last. */
    void setBlocked(boolean blocked) {
        this.blocked = blocked;
    }

    /** Whether that has to be told. Once is enough until there is a grant. */
    boolean takeReport() {
        boolean report = blocked && !reported;
        reported |= report;
        return report;
    }
}
