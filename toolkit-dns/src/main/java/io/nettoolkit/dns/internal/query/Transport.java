package io.nettoolkit.dns.internal.query;

import org.jspecify.annotations.Nullable;

/** How queries leave and answers come: sockets, or a test's script. All of it is confined to the engine's loop. */
interface Transport {

    /** The way to a server, which may open sockets when it is first used. */
    Link open(Server server);

    /** Gives back what all links share, after they have been closed. */
    void close();

    /** The way to one server. */
    interface Link {
        /**
         * Sends what the attempt says, once {@link Attempt#carrier} has it and its id is set. Whatever goes wrong is told to
         * the engine later, never before this returns.
         */
        void send(Attempt attempt);

        /** Closes what is open. Attempts that are under way are the caller's business. */
        void close();
    }

    /** A socket or connection that attempts are under way on. */
    interface Carrier {
        /** The attempt with this id; null when there is none. */
        @Nullable
        Attempt find(int id);

        /** Whether this id was used here, so that an answer to nobody is late rather than forged. */
        boolean wasUsed(int id);

        /** A message came over it that is no answer to anything. */
        void onNoAnswer();

        /** Whether this is a connection. */
        boolean isStream();

        /** An attempt is over. */
        void forget(Attempt attempt);
    }
}
