package io.nettoolkit.dns.internal.query;

/** What an engine counts. One thread writes, any thread reads. */
final class EngineStats {

    /** Each thing counted. */
    enum Figure {
        LOOKUPS,
        QUERIES,
        ANSWERS,
        FAILURES,
        CANCELLED,
        RETRIES,
        TIMEOUTS,
        HEDGES,
        TCP_FALLBACKS,
        MISMATCHES,
        MALFORMED
    }

    private final Counters counters = new Counters(Figure.values().length);

    void add(Figure figure) {
        counters.add(figure.ordinal(), 1);
    }

    long get(Figure figure) {
        return counters.get(figure.ordinal());
    }
}
