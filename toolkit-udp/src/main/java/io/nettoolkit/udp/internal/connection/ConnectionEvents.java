package io.nettoolkit.udp.internal.connection;

import io.nettoolkit.core.CloseReason;
import io.nettoolkit.udp.internal.delivery.Outcomes;

/** What a connection tells its shell. As for {@link Outcomes}, none of these may call the connection back. */
public interface ConnectionEvents extends Outcomes {

    /** Both sides know each other; messages flow. */
    void onEstablished();

    /**
     * The connection ended: nothing is sent or acknowledged any more. What was received before can still be read. It
     * has to be kept and asked for datagrams until {@link RudpConnection#isTerminated}.
     */
    void onClosed(CloseReason reason);

    /**
     * Datagrams may bear this id too from now on, and then belong to this connection. Answers whether they would reach
     * it: if not, which is the default, the peer is told of no further id, and uses one for as long as it lives.
     */
    default boolean onIdIssued(long id) {
        return false;
    }

    /** No datagram bears this id any more. */
    default void onIdRetired(long id) {}

    /** Nothing has been under way for a while: what is only needed then can go. */
    default void onQuiet() {}

    /** Datagrams go to another address from now on: {@link RudpConnection#remote}. */
    void onPathChanged();
}
