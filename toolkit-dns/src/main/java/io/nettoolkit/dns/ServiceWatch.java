package io.nettoolkit.dns;

import java.util.List;

/**
 * A listener's subscription to the endpoints of a service; {@link #close()} ends it.
 *
 * <p><b>Threading.</b> Any thread may close it; a call that is under way then still ends.
 */
public interface ServiceWatch extends AutoCloseable {

    /** Ends the subscription. More calls do nothing. */
    @Override
    void close();

    /**
     * Hears of changes.
     *
     * <p><b>Threading.</b> Called on one of the resolver's loops, one call after the other; must not block.
     *
     * <p><b>Failure.</b> What it throws is logged and changes nothing else.
     */
    interface Listener {

        /**
         * The endpoints have changed; the first call tells of those that are known when the watch begins.
         *
         * @param change what is different from the call before
         */
        void onChange(Change change);

        /**
         * The endpoints could not be looked up; those known so far stay.
         *
         * @param failures how often in a row
         */
        default void onFailure(Throwable cause, int failures) {}
    }

    /**
     * What is different.
     *
     * @param added endpoints that were not there before
     * @param removed endpoints that are no more
     * @param changed endpoints with another priority, weight or other addresses, as they are now
     * @param endpoints all there are now
     */
    record Change(
            List<ServiceEndpoint> added,
            List<ServiceEndpoint> removed,
            List<ServiceEndpoint> changed,
            List<ServiceEndpoint> endpoints) {

        /** Copies the lists. */
        public Change {
            added = List.copyOf(added);
            removed = List.copyOf(removed);
            changed = List.copyOf(changed);
            endpoints = List.copyOf(endpoints);
        }

        /** Whether nothing is different. */
        public boolean isEmpty() {
            return added.isEmpty() && removed.isEmpty() && changed.isEmpty();
        }
    }
}
