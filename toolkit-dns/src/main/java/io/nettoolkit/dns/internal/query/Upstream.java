package io.nettoolkit.dns.internal.query;

import io.nettoolkit.core.Deadline;
import io.nettoolkit.dns.DnsException;
import io.nettoolkit.dns.DnsType;
import io.nettoolkit.dns.internal.wire.DnsName;
import io.netty.channel.EventLoop;

/**
 * What is behind the cache: asks the name servers until one has answered or the deadline has passed. Does what one lookup
 * needs (servers, tries, TCP, following aliases) and remembers nothing about names.
 *
 * <p>Threading: each is confined to its loop, and so is the outcome.
 */
public interface Upstream {

    /** The loop it is confined to. */
    EventLoop loop();

    /**
     * Begins a lookup.
     *
     * @param deadline when it has to be over, over all tries; measured on the resolver's clock
     * @param outcome called once, on the loop, unless the lookup is cancelled before; possibly before this returns
     * @return to give it up
     */
    Lookup query(DnsName name, DnsType<?> type, Deadline deadline, Outcome outcome);

    /** A lookup that is going on. */
    interface Lookup {
        /** Ends it: its outcome is not called any more. Does nothing when it is over. */
        void cancel();
    }

    /** Takes the result of one lookup. */
    interface Outcome {
        /** A server has answered: with records, or that there are none. */
        void onResponse(Response response);

        /** No server has: none could be reached, or they failed, or what they said is of no use. */
        void onFailure(DnsException failure);
    }
}
