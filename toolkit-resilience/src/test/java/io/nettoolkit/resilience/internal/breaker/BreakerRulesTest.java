package io.nettoolkit.resilience.internal.breaker;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.resilience.CircuitBreaker.State;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The decisions as a pure function: every schedule of a few steps, not a sample of them. */
class BreakerRulesTest {

    private static final long LEASE = 1_000_000_000;
    private static final long OPEN = 4L << BreakerWord.TICK_SHIFT;
    private static final int PROBES = 2;
    private static final int DEPTH = 8;

    private final BreakerRules rules = new BreakerRules(PROBES, LEASE, OPEN, new Thresholds(1, 0.6, Thresholds.OFF));
    private long schedules;

    /** A probe under way, and when its lease is over at the latest. */
    private record Probe(long permit, long expiresAt) {}

    /** Where a schedule has come to, and what the reference knows of it. */
    private record Node(long word, long now, List<Probe> issued, int ended, int failed, int depth) {

        long running() {
            return issued.stream().filter(probe -> probe.expiresAt > now).count();
        }

        Node at(long later) {
            return new Node(word, later, issued, ended, failed, depth - 1);
        }
    }

    @Test
    void everyScheduleOfAHalfOpenBreakerKeepsTheLeasesExactly() {
        long open = rules.onTrip(0, 0, OPEN);
        long halfOpen = rules.onAcquire(open, OPEN);
        Probe first = new Probe(rules.probePermit(halfOpen, OPEN), 2 * LEASE);

        explore(new Node(halfOpen, OPEN, List.of(first), 0, 0, DEPTH));

        assertThat(schedules).isGreaterThan(20_000);
    }

    private void explore(Node node) {
        schedules++;
        assertThat(rules.running(node.word, node.now)).isEqualTo((int) node.running());
        assertThat(BreakerWord.ended(node.word)).isEqualTo(node.ended);
        if (node.depth == 0) {
            return;
        }
        acquire(node);
        for (Probe probe : node.issued) {
            finish(node, probe, Ending.OK);
            finish(node, probe, Ending.FAILED);
            finish(node, probe, Ending.IGNORED);
        }
        explore(node.at(node.now + LEASE / 2));
        if (node.depth == DEPTH) {
            explore(node.at(node.now + 200 * LEASE));
        }
    }

    private void acquire(Node node) {
        long next = rules.onAcquire(node.word, node.now);
        if (node.running() >= PROBES) {
            assertThat(next).isEqualTo(BreakerRules.REFUSED);
            return;
        }
        List<Probe> issued = new ArrayList<>(node.issued);
        issued.add(new Probe(rules.probePermit(next, node.now), (node.now / LEASE + 2) * LEASE));
        explore(new Node(next, node.now, issued, node.ended, node.failed, node.depth - 1));
    }

    private void finish(Node node, Probe probe, int ending) {
        long next = rules.onProbeResult(node.word, probe.permit, ending, node.now, OPEN);
        if (probe.expiresAt <= node.now) {
            assertThat(next).isEqualTo(BreakerRules.LATE);
            return;
        }
        int ended = node.ended + (ending == Ending.IGNORED ? 0 : 1);
        int failed = node.failed + Ending.failures(ending);
        if (failed >= 2) {
            assertThat(BreakerWord.state(next)).isEqualTo(State.OPEN);
            assertThat(BreakerWord.attempt(next)).isEqualTo(2);
        } else if (ended >= PROBES) {
            assertThat(BreakerWord.state(next)).isEqualTo(State.CLOSED);
            assertThat(BreakerWord.attempt(next)).isZero();
        } else {
            List<Probe> issued = new ArrayList<>(node.issued);
            issued.remove(probe);
            explore(new Node(next, node.now, issued, ended, failed, node.depth - 1));
        }
    }

    @Test
    void staysOpenForTheOpenTimeAndAtMostATickLonger() {
        long tick = 1L << BreakerWord.TICK_SHIFT;
        for (long now = 0; now < 3 * tick; now += tick / 7) {
            long open = rules.onTrip(0, now, OPEN);
            assertThat(rules.openNanosLeft(open, now)).isBetween(OPEN, OPEN + tick);
            assertThat(rules.onAcquire(open, now + OPEN - 1)).isEqualTo(BreakerRules.REFUSED);
            assertThat(rules.openNanosLeft(open, now + OPEN + tick)).isZero();
        }
    }

    /** 32 bits of ticks go round in 52 days. */
    @Test
    void doesNotTakeALongPastForTheFuture() {
        long open = rules.onTrip(0, 0, OPEN);
        for (long days = 1; days < 400; days++) {
            assertThat(rules.openNanosLeft(open, days * 86_400_000_000_000L)).isZero();
        }
    }

    @Test
    void bothSharesCountInExactQuotients() {
        Thresholds tenth = new Thresholds(10, 0.1, 0.3);

        assertThat(tenth.trips(30, 3, 0)).isTrue();
        assertThat(tenth.trips(30, 2, 8)).isFalse();
        assertThat(tenth.trips(30, 0, 9)).isTrue();
        assertThat(tenth.trips(9, 9, 9)).isFalse();
    }

    @Test
    void wordsAreNeverNegative() {
        long word = 0;
        for (int i = 0; i < 3_000; i++) {
            for (State state : State.values()) {
                word = BreakerWord.next(word, state);
                assertThat(word).isNotNegative();
                assertThat(BreakerWord.state(word)).isEqualTo(state);
                assertThat(word < BreakerWord.NOT_CLOSED).isEqualTo(state == State.CLOSED);
            }
        }
        long last = BreakerWord.PHASE_MASK & ~(15L << BreakerWord.STATE_SHIFT);
        assertThat(BreakerWord.generation(last)).isEqualTo(BreakerWord.GENERATION_MASK);
        assertThat(BreakerWord.next(last, State.CLOSED)).isZero();
    }

    @Test
    void attemptsStopGrowingWithoutRunningIntoTheGeneration() {
        long word = 0;
        for (int i = 0; i < 100; i++) {
            word = BreakerWord.nextHalfOpen(BreakerWord.nextOpen(word, -1), -1);
        }
        assertThat(BreakerWord.attempt(word)).isEqualTo(31);
        assertThat(BreakerWord.generation(word)).isEqualTo(200);
        assertThat(BreakerWord.current(word)).isEqualTo(1);
        assertThat(BreakerWord.earlier(word)).isZero();
    }
}
