package io.nettoolkit.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

class BadLinkTest {

    private static final long START = 5_000_000_000L;
    private static final long MILLIS = 1_000_000;

    private static final class Arrival {
        final long nanos;
        final byte[] datagram;

        Arrival(long nanos, byte[] datagram) {
            this.nanos = nanos;
            this.datagram = datagram;
        }
    }

    private final List<Arrival> arrivals = new ArrayList<>();
    private long now = START;

    private BadLink link(BadNetwork.Builder network) {
        return new BadLink(network.build(), START);
    }

    private static byte[] datagram(int length) {
        byte[] datagram = new byte[length];
        Arrays.fill(datagram, (byte) 0x5A);
        return datagram;
    }

    private int carry(BadLink link, byte[] datagram) {
        int before = arrivals.size();
        link.carry(now, datagram, (nanos, bytes) -> arrivals.add(new Arrival(nanos, bytes)));
        return arrivals.size() - before;
    }

    private BadNetwork.Stats carryMany(BadLink link, int count) {
        for (int i = 0; i < count; i++) {
            carry(link, datagram(100));
            now += MILLIS;
        }
        BadNetwork.Stats stats = link.stats();
        assertThat(stats.sent()).isEqualTo(count);
        assertThat(stats.forwarded()).isEqualTo(arrivals.size());
        assertThat(stats.sent() + stats.duplicated()).isEqualTo(stats.forwarded() + stats.dropped());
        return stats;
    }

    @Test
    void withoutFaultsEverythingArrivesAtOnceInTheSameArray() {
        BadLink link = link(BadNetwork.builder());
        byte[] datagram = datagram(10);
        assertThat(carry(link, datagram)).isEqualTo(1);
        assertThat(arrivals.get(0).datagram).isSameAs(datagram);
        assertThat(arrivals.get(0).nanos).isEqualTo(START);
        assertThat(link.stats()).isEqualTo(new BadNetwork.Stats(1, 10, 1, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0));
    }

    @Test
    void losesTheShareThatWasAskedFor() {
        BadNetwork.Stats stats = carryMany(link(BadNetwork.builder().loss(0.2)), 20_000);
        assertThat(stats.lost() / 20_000.0).isCloseTo(0.2, within(0.01));
        assertThat(stats.dropped()).isEqualTo(stats.lost());
    }

    @Test
    void burstsAreAsLongAndAsFrequentAsTheModelSays() {
        BadLink link = link(BadNetwork.builder().bursts(0.01, 0.25, 1));
        int bursts = 0;
        int lost = 0;
        boolean before = true;
        for (int i = 0; i < 100_000; i++) {
            boolean arrived = carry(link, datagram(1)) == 1;
            bursts += before && !arrived ? 1 : 0;
            lost += arrived ? 0 : 1;
            before = arrived;
        }
        assertThat((double) lost / bursts).isCloseTo(4, within(0.4));
        // The stationary share of the bad state: begin / (begin + end).
        assertThat(lost / 100_000.0).isCloseTo(0.01 / 0.26, within(0.005));
        assertThat(link.stats().lostInBursts()).isEqualTo(lost);
    }

    @Test
    void delaysAndJittersWithinTheirBounds() {
        BadLink link = link(BadNetwork.builder().delay(Duration.ofMillis(20)).jitter(Duration.ofMillis(10)));
        for (int i = 0; i < 1000; i++) {
            carry(link, datagram(1));
        }
        assertThat(arrivals)
                .allSatisfy(arrival -> assertThat(arrival.nanos - START).isBetween(20 * MILLIS, 30 * MILLIS - 1));
        assertThat(arrivals.stream().map(arrival -> arrival.nanos).distinct().count())
                .isGreaterThan(900);
    }

    @Test
    void reorderedDatagramsAreHeldBackAndCounted() {
        BadNetwork.Stats stats = carryMany(link(BadNetwork.builder().reorder(0.3, Duration.ofMillis(5))), 10_000);
        long held = 0;
        for (int i = 0; i < arrivals.size(); i++) {
            long late = arrivals.get(i).nanos - (START + i * MILLIS);
            assertThat(late).isBetween(0L, 5 * MILLIS);
            held += late > 0 ? 1 : 0;
        }
        assertThat(stats.reordered()).isEqualTo(held);
        assertThat(held / 10_000.0).isCloseTo(0.3, within(0.02));
    }

    @Test
    void duplicatesArriveTwice() {
        BadLink link = link(BadNetwork.builder().duplicate(1));
        byte[] datagram = datagram(7);
        assertThat(carry(link, datagram)).isEqualTo(2);
        assertThat(arrivals).allSatisfy(arrival -> assertThat(arrival.datagram).isEqualTo(datagram));
        assertThat(link.stats().duplicated()).isEqualTo(1);
        assertThat(link.stats().forwardedBytes()).isEqualTo(14);
    }

    @Test
    void corruptsOneToThreeBitsOfACopy() {
        BadLink link = link(BadNetwork.builder().corrupt(1));
        byte[] datagram = datagram(20);
        for (int i = 0; i < 1000; i++) {
            carry(link, datagram);
            byte[] arrived = arrivals.get(i).datagram;
            BitSet difference = BitSet.valueOf(datagram);
            difference.xor(BitSet.valueOf(arrived));
            assertThat(arrived).hasSize(20);
            assertThat(difference.cardinality()).isBetween(1, 3);
        }
        assertThat(datagram).isEqualTo(datagram(20));
        assertThat(link.stats().corrupted()).isEqualTo(1000);
    }

    @Test
    void truncatesToAnyShorterLengthButNeverAnEmptyDatagram() {
        BadLink link = link(BadNetwork.builder().truncate(1).corrupt(1));
        for (int i = 0; i < 200; i++) {
            carry(link, datagram(4));
        }
        assertThat(arrivals.stream().map(arrival -> arrival.datagram.length))
                .containsOnly(0, 1, 2, 3)
                .hasSize(200);
        assertThat(carry(link, new byte[0])).isEqualTo(1);
        assertThat(link.stats().truncated()).isEqualTo(200);
        assertThat(link.stats().corrupted()).isZero();
    }

    @Test
    void aBottleneckSpacesDatagramsAndDropsWhatItsQueueCannotHold() {
        BadLink link = link(BadNetwork.builder().rate(100_000, 300));
        assertThat(carry(link, datagram(100))).isEqualTo(1);
        assertThat(carry(link, datagram(100))).isEqualTo(1);
        assertThat(carry(link, datagram(100))).isEqualTo(1);
        assertThat(carry(link, datagram(100))).as("the queue is full").isZero();
        now += MILLIS;
        assertThat(carry(link, datagram(100))).as("one has left").isEqualTo(1);
        assertThat(arrivals.stream().map(arrival -> (arrival.nanos - START) / MILLIS))
                .containsExactly(1L, 2L, 3L, 4L);
        assertThat(link.stats().queueFull()).isEqualTo(1);
        now += 100 * MILLIS;
        carry(link, datagram(100));
        assertThat(arrivals.get(4).nanos)
                .as("an idle bottleneck saves nothing up")
                .isEqualTo(now + MILLIS);
    }

    @Test
    void largeDatagramsVanishInTheHole() {
        BadLink link = link(BadNetwork.builder().maxDatagramBytes(1200));
        assertThat(carry(link, datagram(1200))).isEqualTo(1);
        assertThat(carry(link, datagram(1201))).isZero();
        assertThat(link.stats().tooLarge()).isEqualTo(1);
    }

    @Test
    void aBlackoutLastsFromItsFirstToItsLastInstant() {
        BadLink link = link(BadNetwork.builder().blackout(Duration.ofMillis(10), Duration.ofMillis(5)));
        long[] times = {0, 10 * MILLIS - 1, 10 * MILLIS, 15 * MILLIS - 1, 15 * MILLIS};
        int[] arrive = {1, 1, 0, 0, 1};
        for (int i = 0; i < times.length; i++) {
            now = START + times[i];
            assertThat(carry(link, datagram(1))).as("at %s", times[i]).isEqualTo(arrive[i]);
        }
        assertThat(link.stats().blackedOut()).isEqualTo(2);
    }

    @Test
    void isInterruptedAtWillAndChangedWhileItRuns() {
        BadLink link = link(BadNetwork.builder());
        link.interrupt();
        assertThat(carry(link, datagram(1))).isZero();
        link.restore();
        assertThat(carry(link, datagram(1))).isEqualTo(1);
        link.change(faults -> faults.loss(1));
        assertThat(carry(link, datagram(1))).isZero();
        assertThat(link.network()).hasToString("BadNetwork(loss 1.0, seed 1)");
        assertThat(link.toString()).contains("loss 1.0").contains("blackedOut=1");
    }

    @Test
    void theSameSeedRepeatsAllChanceAndAnotherOneDoesNot() {
        BadNetwork network = BadNetwork.builder()
                .loss(0.1)
                .bursts(0.05, 0.3, 0.7)
                .jitter(Duration.ofMillis(30))
                .reorder(0.1, Duration.ofMillis(50))
                .duplicate(0.1)
                .corrupt(0.1)
                .truncate(0.1)
                .seed(99)
                .build();
        List<String> first = outcome(network);
        assertThat(outcome(network.toBuilder().build())).isEqualTo(first);
        assertThat(outcome(network.toBuilder().seed(98).build())).isNotEqualTo(first);
        assertThat(outcome(network.otherDirection())).isNotEqualTo(first);
    }

    private static List<String> outcome(BadNetwork network) {
        List<String> outcome = new ArrayList<>();
        BadLink link = new BadLink(network, START);
        for (int i = 0; i < 500; i++) {
            link.carry(START + i, datagram(30), (nanos, bytes) -> outcome.add(nanos + " " + Arrays.toString(bytes)));
        }
        return outcome;
    }

    @Test
    void namesTheFaultsThatAreOn() {
        assertThat(BadNetwork.builder()
                        .loss(0.5)
                        .rate(1000, 2000)
                        .maxDatagramBytes(1200)
                        .blackout(Duration.ofSeconds(1), Duration.ofSeconds(2))
                        .delay(Duration.ofMillis(3))
                        .seed(7)
                        .build())
                .hasToString("BadNetwork(loss 0.5, delay PT0.003S, rate 1000 B/s, queue 2000 B, at most 1200 B, "
                        + "blackout of PT2S at PT1S, seed 7)");
    }

    @Test
    void refusesOptionsOutOfTheirRange() {
        List<Consumer<BadNetwork.Builder>> wrong = List.of(
                b -> b.loss(1.01),
                b -> b.loss(-0.1),
                b -> b.loss(Double.NaN),
                b -> b.bursts(0.1, 0, 1),
                b -> b.bursts(0.1, 0.1, 2),
                b -> b.delay(Duration.ofNanos(-1)),
                b -> b.jitter(Duration.ofDays(366)),
                b -> b.reorder(0.1, Duration.ZERO),
                b -> b.duplicate(2),
                b -> b.corrupt(2),
                b -> b.truncate(2),
                b -> b.rate(-1, 10),
                b -> b.rate(1, 0),
                b -> b.maxDatagramBytes(0),
                b -> b.blackout(Duration.ZERO, Duration.ofSeconds(-1)));
        for (Consumer<BadNetwork.Builder> option : wrong) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> option.accept(BadNetwork.builder()))
                    .withMessageContaining("must be");
        }
    }
}
