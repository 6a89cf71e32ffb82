package io.nettoolkit.dns.internal.query;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.dns.DnsResolver;
import io.nettoolkit.dns.DnsType;
import io.nettoolkit.dns.internal.query.EngineBench.Asked;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Random servers, faults and callers in virtual time: whatever happens, these hold. */
class EngineSimulationTest {

    private static final int LOOKUPS = 400;
    private static final int TRIES = 4;
    /** Steps down, TCP, and a last one of each. */
    private static final int MOST_MESSAGES = TRIES * 3 + 4;

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void everyLookupEndsOnceByItsDeadlineWithBoundedMessages(long seed) {
        Random random = new Random(seed);
        try (EngineBench bench = new EngineBench(1 + random.nextInt(3), TRIES, random.nextInt(4) == 0)) {
            double[] loss = random.doubles(3, 0, 0.9).toArray();
            List<Asked> asked = new ArrayList<>();
            List<Long> ends = new ArrayList<>();
            int cancelled = 0;
            int answered = 0;
            for (int i = 0; i < LOOKUPS; i++) {
                Duration timeout = Duration.ofMillis(1 + random.nextInt(6000));
                ends.add(bench.time.nanoTime() + timeout.toNanos());
                Asked one = bench.ask("n" + i + ".example", DnsType.A, timeout);
                asked.add(one);
                if (random.nextInt(10) == 0 && !one.isOver()) {
                    one.lookup.cancel();
                    cancelled++;
                    one.outcomes = 1;
                }
                for (; answered < bench.wire.sent.size(); answered++) {
                    fate(bench, random, bench.wire.sent.get(answered), loss);
                }
                bench.advance(Duration.ofMillis(random.nextInt(200)));
                for (int k = 0; k < asked.size(); k++) {
                    boolean due = ends.get(k) - bench.time.nanoTime() <= 0;
                    assertThat(asked.get(k).outcomes)
                            .as("seed %d, lookup %d at %d", seed, k, i)
                            .isBetween(due ? 1 : 0, 1);
                }
            }
            bench.advance(Duration.ofSeconds(10));
            assertThat(asked).as("seed %d", seed).allMatch(one -> one.outcomes == 1);
            DnsResolver.Stats stats = bench.stats();
            assertThat(stats.pending()).isZero();
            assertThat(stats.cancelled()).isEqualTo(cancelled);
            assertThat(stats.lookups()).isEqualTo(LOOKUPS);
            assertThat(bench.wire.underWay()).as("seed %d", seed).isZero();
            for (Asked one : asked) {
                long messages = bench.wire.sent.stream()
                        .filter(attempt -> attempt.lookup == one.lookup)
                        .count();
                assertThat(messages).as("seed %d", seed).isLessThanOrEqualTo(MOST_MESSAGES);
            }
        }
    }

    /** What becomes of a message: lost, or something is said some time later, once or more often. */
    private static void fate(EngineBench bench, Random random, Attempt attempt, double[] loss) {
        int server = attempt.server.address.getPort() - 1;
        if (random.nextDouble() < loss[server]) {
            return;
        }
        for (int copies = random.nextInt(8) == 0 ? 2 : 1; copies > 0; copies--) {
            int what = random.nextInt(10);
            bench.time
                    .executor()
                    .schedule(
                            () -> say(bench, attempt, what),
                            random.nextInt(1 + 400 * server),
                            java.util.concurrent.TimeUnit.MILLISECONDS);
        }
    }

    private static void say(EngineBench bench, Attempt attempt, int what) {
        Transport.Carrier carrier = attempt.carrier;
        switch (what) {
            case 0 -> bench.wire.rcode(attempt, 2);
            case 1 -> bench.wire.rcode(attempt, 1);
            case 2 -> bench.wire.truncated(attempt);
            case 3 -> bench.wire.rcode(attempt, 3);
            case 4 -> {
                if (carrier != null) {
                    carrier.forget(attempt);
                    bench.engine.unreachable(attempt, io.nettoolkit.core.NetFailure.Kind.CONNECT_REFUSED, null);
                }
            }
            default -> bench.wire.address(attempt, 1);
        }
    }
}
