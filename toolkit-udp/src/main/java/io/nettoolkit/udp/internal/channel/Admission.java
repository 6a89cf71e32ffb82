package io.nettoolkit.udp.internal.channel;

import java.net.SocketAddress;

/**
 * How many connections a server takes, over all its sockets, and who hears of those it does not.
 *
 * <p>Threading: any loop of the server's.
 */
public interface Admission {

    /** No limit, and nobody hears. */
    Admission UNLIMITED = new Admission() {
        @Override
        public boolean tryEnter() {
            return true;
        }

        @Override
        public void leave() {}

        @Override
        public void onRefused(SocketAddress from, Exception why) {}
    };

    /** Whether there is room for one more, which is taken then. */
    boolean tryEnter();

    /** One of those that entered is gone. */
    void leave();

    /** A client was told no. */
    void onRefused(SocketAddress from, Exception why);
}
