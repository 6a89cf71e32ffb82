package io.nettoolkit.udp;

/**
 * What is promised about one message: whether it arrives, and in which order with others of its channel.
 *
 * <p>Order is kept among messages of one channel that have the same order: {@link #RELIABLE_ORDERED} and
 * {@link #PARTIAL} share one, each other mode has its own. Whatever the mode, a message arrives whole or not at all, and
 * never twice.
 */
public enum DeliveryMode {
    /** Arrives, after every earlier one of its channel. What TCP does, message by message. */
    RELIABLE_ORDERED,
    /** Arrives as soon as its last byte does, whatever came before it. */
    RELIABLE_UNORDERED,
    /**
     * The newest arrives; writing a newer one gives up what is left of the older, and one that comes late is dropped. For
     * states of which only the last matters.
     */
    RELIABLE_SEQUENCED,
    /** Is sent once. Its future completes when it was sent. */
    UNRELIABLE,
    /** Is sent once, and dropped by the receiver when a newer one was delivered. */
    UNRELIABLE_SEQUENCED,
    /**
     * As {@link #RELIABLE_ORDERED} until the message's deadline; then it is given up and those behind it move on. Its
     * future then fails with the kind CANCELLED.
     */
    PARTIAL;

    /** Whether lost parts are sent again. */
    public boolean isReliable() {
        return this != UNRELIABLE && this != UNRELIABLE_SEQUENCED;
    }
}
