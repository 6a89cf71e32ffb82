package io.nettoolkit.dns.internal.cache;

/** What is found in a table: an entry by its own key, or by another spelling of it. */
abstract class Keyed {

    final String key;

    Keyed(String key) {
        this.key = key;
    }

    abstract CacheEntry entry();

    /** One more string that finds an entry. */
    static final class Spelling extends Keyed {
        private final CacheEntry entry;

        Spelling(String key, CacheEntry entry) {
            super(key);
            this.entry = entry;
        }

        @Override
        CacheEntry entry() {
            return entry;
        }
    }
}
