package io.nettoolkit.dns.internal.query;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.dns.DnsType;
import io.nettoolkit.dns.internal.wire.DnsName;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The two small data structures of the engine, against the JDK's. */
class TablesTest {

    private static final class Alarm extends TimerHeap.Node {
        @Override
        void onDue(long nowNanos) {}
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void timersComeInTheOrderOfTheirTimes(long seed) {
        Random random = new Random(seed);
        TimerHeap heap = new TimerHeap();
        List<Alarm> in = new ArrayList<>();
        // Times run over the end of their range, as nanoTime may.
        long base = Long.MAX_VALUE - 500;
        for (int round = 0; round < 20_000; round++) {
            int what = random.nextInt(10);
            if (what < 5 || in.isEmpty()) {
                Alarm alarm = new Alarm();
                heap.set(alarm, base + random.nextInt(1000));
                in.add(alarm);
            } else if (what < 7) {
                heap.set(in.get(random.nextInt(in.size())), base + random.nextInt(1000));
            } else if (what < 9) {
                heap.remove(in.remove(random.nextInt(in.size())));
                heap.remove(new Alarm());
            } else {
                TimerHeap.Node first = heap.first();
                for (Alarm alarm : in) {
                    assertThat(first.dueNanos - alarm.dueNanos)
                            .as("seed %d", seed)
                            .isLessThanOrEqualTo(0);
                }
                heap.remove(first);
                in.remove(first);
            }
        }
        long last = base - 1;
        while (!heap.isEmpty()) {
            TimerHeap.Node first = heap.first();
            assertThat(first.dueNanos - last).isGreaterThanOrEqualTo(0);
            last = first.dueNanos;
            heap.remove(first);
            in.remove(first);
        }
        assertThat(in).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void attemptsAreFoundByTheirIds(long seed) {
        Random random = new Random(seed);
        IdTable table = new IdTable();
        Map<Integer, Attempt> model = new HashMap<>();
        try (EngineBench bench = new EngineBench(1)) {
            Server server = bench.engine.servers().get(0);
            Resolution lookup = Resolution.of(bench.engine, DnsName.ROOT, DnsType.A, 0, new EngineBench.Asked());
            for (int round = 0; round < 30_000; round++) {
                // Few ids, and close together, so that they collide.
                int id = random.nextInt(4) * 16_384 + random.nextInt(200);
                Attempt known = model.get(id);
                if (known == null) {
                    Attempt attempt = new Attempt(lookup, server, Attempt.Shape.FULL, 0, 0);
                    attempt.id = id;
                    table.add(attempt);
                    model.put(id, attempt);
                } else if (random.nextBoolean()) {
                    table.remove(known);
                    table.remove(known);
                    model.remove(id);
                }
                int other = random.nextInt(65_536);
                assertThat(table.get(other)).as("seed %d", seed).isSameAs(model.get(other));
                assertThat(table.get(id)).as("seed %d", seed).isSameAs(model.get(id));
                assertThat(table.size()).isEqualTo(model.size());
            }
            for (Attempt any = table.any(); any != null; any = table.any()) {
                table.remove(any);
                assertThat(model.remove(any.id)).isSameAs(any);
            }
            assertThat(model).isEmpty();
        }
    }
}
