package io.nettoolkit.resilience.internal.call;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** Where in a pipeline a policy belongs, outermost first, and why. */
public enum Place {
    /** An answer in place of any failure. */
    FALLBACK(
            "fallback",
            0,
            "a fallback answers for whatever fails; what stands outside of it would take its answer for a success"),
    /** A limit on the whole call. */
    TIME_LIMIT("timeLimit", 1, "a limit on the whole call has to hold for its waits and all its attempts"),
    /** Sheds by load. */
    LOAD_SHEDDER("loadShedder", 2, "a call that is shed should cost nothing further: no rate permit and no retry"),
    /** Sheds by concurrency. */
    ADAPTIVE_LIMIT("adaptiveLimit", 2, "a call that is shed should cost nothing further: no rate permit and no retry"),
    /** So many calls a second. */
    RATE_LIMITER("rateLimiter", 3, "a limit on calls should count a call once, and refuse it before its first attempt"),
    /** Attempts one after another. */
    RETRY("retry", 4, "each attempt has to ask breaker and bulkhead anew, and must hold no permit while it waits"),
    /** Attempts side by side. */
    HEDGE("hedge", 5, "both attempts need a permit and a verdict of their own"),
    /** Stops calls to a peer that fails. */
    CIRCUIT_BREAKER("circuitBreaker", 6, "an open breaker has to refuse a call before it waits for a permit"),
    /** So many calls at once. */
    BULKHEAD("bulkhead", 7, "a permit is to cover one attempt with its time limit, and come back when that is stopped"),
    /** A limit on one attempt. */
    ATTEMPT_TIME_LIMIT("timeLimit", 8, "a limit on one attempt has nothing inside of it but the attempt");

    private final String option;
    private final int rank;
    private final String reason;

    Place(String option, int rank, String reason) {
        this.option = option;
        this.rank = rank;
        this.reason = reason;
    }

    /** The name of the option that puts a policy here. */
    public String option() {
        return option;
    }

    /**
     * What is wrong with an order, and what would be right; null for nothing. A time limit after anything that belongs
     * further in is one of an attempt.
     *
     * @param places outermost first
     */
    public static @Nullable String complaint(List<Place> places) {
        Place outer = FALLBACK;
        for (Place given : places) {
            Place place = given == TIME_LIMIT && outer.rank > TIME_LIMIT.rank ? ATTEMPT_TIME_LIMIT : given;
            if (place.rank < outer.rank) {
                return place.option + " has to stand outside of " + outer.option + ", because " + place.reason
                        + ". The right order, outermost first: " + rightOrder() + ". Given: " + text(places)
                        + ". anyOrder() builds it as given";
            }
            outer = place;
        }
        return null;
    }

    private static String rightOrder() {
        return "fallback > timeLimit (of the call) > loadShedder, adaptiveLimit > rateLimiter > retry > hedge"
                + " > circuitBreaker > bulkhead > timeLimit (of an attempt)";
    }

    private static String text(List<Place> places) {
        return String.join(" > ", places.stream().map(Place::option).toList());
    }
}
