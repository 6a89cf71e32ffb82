package io.nettoolkit.dns.internal.query;

/** What an engine counts. */
enum EngineFigure {
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
    MALFORMED,
    /** Of all lookups that are over, but for those given up. */
    LOOKUP_NANOS
}
