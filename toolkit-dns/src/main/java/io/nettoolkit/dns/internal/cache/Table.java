package io.nettoolkit.dns.internal.cache;

import io.nettoolkit.dns.DnsType;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** The entries of one kind, by the strings callers use. Reads are free of locks; changes belong to the lock of the cache. */
public final class Table {

    private final ConcurrentHashMap<String, CacheEntry> entries = new ConcurrentHashMap<>();
    private final @Nullable DnsType<?> type;

    /**
     * An empty table.
     *
     * @param type of the answers; null where they are not of one type
     */
    Table(@Nullable DnsType<?> type) {
        this.type = type;
    }

    @Nullable
    DnsType<?> type() {
        return type;
    }

    @Nullable
    CacheEntry get(String key) {
        return entries.get(key);
    }

    void put(String key, CacheEntry entry) {
        entries.put(key, entry);
    }

    void remove(String key, CacheEntry entry) {
        entries.remove(key, entry);
    }

    /** All of them, those with several spellings several times. */
    Iterable<CacheEntry> entries() {
        return entries.values();
    }
}
