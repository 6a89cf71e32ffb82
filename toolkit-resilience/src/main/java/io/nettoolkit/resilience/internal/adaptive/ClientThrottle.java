package io.nettoolkit.resilience.internal.adaptive;

/*
 * A client that is refused most of the time does better not to ask: a refusal costs the server too. Of all requests, those
 * shed here included, it lets about K times as many through as are accepted, so that the server still refuses a few, by which
 * the client notices when it accepts more.
 *
 * Requests that have not been answered yet are not counted: before the first answers of a slow server come in, they would
 * look like refusals.
 *
 * Source: Beyer et al., "Site Reliability Engineering", chapter 21, "Client-Side Throttling".
 */

/**
 * Requests and accepts of the recent past; older ones fade.
 *
 * @param requests answered ones and those shed here
 * @param accepts those that were accepted
 */
public record ClientThrottle(double requests, double accepts) {

    /** Nothing happened yet. */
    public static final ClientThrottle IDLE = new ClientThrottle(0, 0);

    /**
     * After some time.
     *
     * @param elapsed the time since the step before, in windows
     */
    public ClientThrottle next(long newRequests, long newAccepts, double elapsed) {
        double rest = Math.exp(-elapsed);
        return new ClientThrottle(requests * rest + newRequests, accepts * rest + newAccepts);
    }

    /** The share to shed, at most {@code most}. */
    public double shed(double k, double most) {
        return Math.max(0, Math.min(most, (requests - k * accepts) / (requests + 1)));
    }
}
