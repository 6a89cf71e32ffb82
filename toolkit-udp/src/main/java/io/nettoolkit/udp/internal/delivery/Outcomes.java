package io.nettoolkit.udp.internal.delivery;

/**
 * Is told what became of written messages, by the token each was written with. Every token hears exactly one of
 * {@link #onAcknowledged}, {@link #onDropped} or, where the message is unreliable, {@link #onSent}; a reliable one hears
 * {@link #onSent} before.
 *
 * <p>Must not call the connection back from within: that has to wait until the connection's own call returns.
 */
public interface Outcomes {

    /** The last byte left for the first time. */
    void onSent(Object token);

    /** The peer has all of it. */
    void onAcknowledged(Object token);

    /** It was given up. */
    void onDropped(Object token, Drop reason);

    /** Why a message is given up. */
    enum Drop {
        /** A newer one of its channel was written. */
        SUPERSEDED,
        /** Its deadline passed. */
        EXPIRED,
        /** It is longer than the peer takes. */
        TOO_LONG,
        /** The peer has no such channel. */
        NO_SUCH_CHANNEL,
        /** The connection ended. */
        CLOSED
    }
}
