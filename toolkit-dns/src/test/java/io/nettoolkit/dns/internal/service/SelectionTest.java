package io.nettoolkit.dns.internal.service;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.nettoolkit.dns.ServiceEndpoint;
import io.nettoolkit.dns.internal.cache.Responses;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The shares of RFC 2782, exactly as its algorithm has them. */
class SelectionTest {

    private static final int DRAWS = 200_000;

    private static ServiceEndpoint endpoint(String host, int priority, int weight) {
        return new ServiceEndpoint(host, 80, priority, weight, List.of(Responses.address("192.0.2.1")));
    }

    private static Map<String, Double> shares(List<ServiceEndpoint> endpoints) {
        Selection selection = Selection.of(endpoints);
        Random random = new Random(2782);
        Map<String, Double> shares = new HashMap<>();
        for (int i = 0; i < DRAWS; i++) {
            shares.merge(selection.next(random).host(), 1.0 / DRAWS, Double::sum);
        }
        return shares;
    }

    @Test
    void choosesByWeight() {
        Map<String, Double> shares = shares(List.of(endpoint("a", 0, 10), endpoint("b", 0, 30), endpoint("c", 0, 60)));
        assertThat(shares.get("a")).isCloseTo(0.1, within(0.005));
        assertThat(shares.get("b")).isCloseTo(0.3, within(0.005));
        assertThat(shares.get("c")).isCloseTo(0.6, within(0.005));
    }

    @Test
    void choosesOfTheBestPriorityAlone() {
        assertThat(shares(List.of(endpoint("later", 20, 65535), endpoint("a", 10, 1), endpoint("b", 10, 1))))
                .containsOnlyKeys("a", "b");
    }

    @Test
    void givesWeightZeroTheSmallChanceOfTheRfc() {
        // 9 + 1: a weight of 9 has nine of ten, weight 0 has one of ten; two of them share it.
        Map<String, Double> one = shares(List.of(endpoint("zero", 0, 0), endpoint("nine", 0, 9)));
        assertThat(one.get("zero")).isCloseTo(0.1, within(0.005));
        Map<String, Double> two =
                shares(List.of(endpoint("zero", 0, 0), endpoint("nine", 0, 9), endpoint("other", 0, 0)));
        assertThat(two.get("zero")).isCloseTo(0.05, within(0.004));
        assertThat(two.get("other")).isCloseTo(0.05, within(0.004));
    }

    @Test
    void choosesEvenlyWhereAllWeightsAreZero() {
        Map<String, Double> shares = shares(List.of(endpoint("a", 0, 0), endpoint("b", 0, 0), endpoint("c", 0, 0)));
        assertThat(shares.values()).allSatisfy(share -> assertThat(share).isCloseTo(1 / 3.0, within(0.005)));
    }

    @Test
    void hasTheRightSharesWhateverTheWeights() {
        for (long seed = 0; seed < 20; seed++) {
            Random random = new Random(seed);
            List<ServiceEndpoint> endpoints = new ArrayList<>();
            double sum = 0;
            for (int i = 0; i < 1 + random.nextInt(40); i++) {
                int weight = 1 + random.nextInt(random.nextBoolean() ? 10 : 65535);
                endpoints.add(endpoint("h" + i, 3, weight));
                sum += weight;
            }
            Map<String, Double> shares = shares(endpoints);
            for (ServiceEndpoint each : endpoints) {
                assertThat(shares.getOrDefault(each.host(), 0.0))
                        .as("seed %d, %s", seed, each)
                        .isCloseTo(each.weight() / sum, within(0.008));
            }
        }
    }

    @Test
    void choosesNothingOfNothingAndTheOnlyOneOfOne() {
        assertThat(Selection.of(List.of()).next(new Random(1))).isNull();
        ServiceEndpoint only = endpoint("only", 7, 0);
        assertThat(Selection.of(List.of(only)).next(new Random(1))).isSameAs(only);
    }
}
