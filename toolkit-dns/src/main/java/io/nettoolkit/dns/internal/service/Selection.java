package io.nettoolkit.dns.internal.service;

import io.nettoolkit.dns.ServiceEndpoint;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/*
 * Weighted choice in constant time: the alias method. Each endpoint has a column of the same height, the mean of all weights.
 * A column that its own weight does not fill is filled up from one endpoint with too much. A choice is a column and a height in
 * it; all numbers are whole, so the shares are exact.
 *
 * What weight 0 means: RFC 2782 draws a number from 0 to the sum of the weights, both included, and puts weight 0 first, so
 * among weights of sum S an endpoint of weight 0 has 1 in S + 1. Several of them share that. Multiplied by their number, that is
 * what the weights below are: w x zeros, and 1 for weight 0.
 *
 * Sources: RFC 2782; Vose, "A Linear Algorithm for Generating Random Numbers with a Given Distribution", 1991.
 */
/** The endpoints of the best priority that are not down, ready to be chosen from. Immutable. */
final class Selection {

    /** Nothing to choose from. */
    static final Selection NONE = new Selection(List.of());

    private final ServiceEndpoint[] endpoints;
    /** Below this height a column is its own endpoint's, above its alias's. */
    private final long[] own;

    private final int[] alias;
    private final long height;

    private Selection(List<ServiceEndpoint> best) {
        endpoints = best.toArray(ServiceEndpoint[]::new);
        own = new long[endpoints.length];
        alias = new int[endpoints.length];
        long zeros = best.stream().filter(each -> each.weight() == 0).count();
        long sum = 0;
        for (int i = 0; i < endpoints.length; i++) {
            own[i] = endpoints[i].weight() == 0 ? 1 : endpoints[i].weight() * Math.max(1, zeros);
            sum += own[i];
        }
        height = sum;
        fill();
    }

    /**
     * Those among which the next one is chosen.
     *
     * @param endpoints all of the service that are not down
     */
    static Selection of(List<ServiceEndpoint> endpoints) {
        int best = endpoints.stream().mapToInt(ServiceEndpoint::priority).min().orElse(0);
        return new Selection(
                endpoints.stream().filter(each -> each.priority() == best).toList());
    }

    /** Scales the weights so that they fill the columns on average, and moves what is above into columns that are not full. */
    private void fill() {
        Deque<Integer> low = new ArrayDeque<>();
        Deque<Integer> high = new ArrayDeque<>();
        for (int i = 0; i < own.length; i++) {
            own[i] *= own.length;
            alias[i] = i;
            (own[i] < height ? low : high).push(i);
        }
        while (!low.isEmpty() && !high.isEmpty()) {
            int poor = low.pop();
            int rich = high.element();
            alias[poor] = rich;
            own[rich] -= height - own[poor];
            if (own[rich] < height) {
                high.pop();
                low.push(rich);
            }
        }
    }

    /** One of them by weight; null where there is none. */
    @Nullable
    ServiceEndpoint next(RandomGenerator random) {
        if (endpoints.length == 0) {
            return null;
        }
        if (endpoints.length == 1) {
            return endpoints[0];
        }
        int column = random.nextInt(endpoints.length);
        return endpoints[random.nextLong(height) < own[column] ? column : alias[column]];
    }
}
