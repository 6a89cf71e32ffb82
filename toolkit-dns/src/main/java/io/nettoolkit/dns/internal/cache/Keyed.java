package io.nettoolkit.dns.internal.cache;

/** What is found in a table: an entry by its own key, or by another spelling of it. */
abstract class Keyed {

    final String key;
    /** That of the key, here, because a table looks at those of neighbours, whose strings are elsewhere in memory. */
    final int hash;

    Keyed(String key) {
        this.key = key;
        hash = key.hashCode();
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
