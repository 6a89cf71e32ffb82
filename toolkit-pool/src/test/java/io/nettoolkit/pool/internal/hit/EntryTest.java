package io.nettoolkit.pool.internal.hit;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.pool.internal.hit.Entry.End;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class EntryTest {

    private static final long ALL_BITS = -1;

    private final FakeEntry entry = new FakeEntry(0);

    private static FakeEntry in(int phase) {
        FakeEntry entry = new FakeEntry(0);
        entry.move(Entry.NEW, Entry.IDLE);
        entry.claim();
        entry.move(Entry.LEASED, phase);
        return entry;
    }

    @Test
    void isTakenByOneAtATimeAndCountsItsLeases() {
        assertThat(entry.claim()).as("not in a pool yet").isFalse();
        entry.move(Entry.NEW, Entry.IDLE);

        assertThat(entry.claim()).isTrue();
        assertThat(entry.claim()).isFalse();
        assertThat(entry.generation()).isEqualTo(1);
        assertThat(entry.release(1, ALL_BITS, 42)).isEqualTo(End.IDLE);
        assertThat(entry.idleSinceNanos()).isEqualTo(42);
        assertThat(entry.claim()).isTrue();
        assertThat(entry.generation()).isEqualTo(2);
    }

    @Test
    void knowsALeaseThatIsOver() {
        entry.move(Entry.NEW, Entry.IDLE);
        entry.claim();
        entry.release(1, ALL_BITS, 1);

        assertThat(entry.release(1, ALL_BITS, 2)).isEqualTo(End.STALE);
        assertThat(entry.discard(1, ALL_BITS)).isEqualTo(End.STALE);
        entry.claim();
        assertThat(entry.release(1, ALL_BITS, 3)).isEqualTo(End.STALE);
        assertThat(entry.discard(1, ALL_BITS)).isEqualTo(End.STALE);
        assertThat(entry.idleSinceNanos()).isEqualTo(1);
        assertThat(entry.phase()).isEqualTo(Entry.LEASED);
    }

    @Test
    void knowsByThreeBitsTheLastSevenLeases() {
        entry.move(Entry.NEW, Entry.IDLE);
        entry.claim();
        for (int later = 1; later <= 7; later++) {
            entry.release(later, 7, 0);
            entry.claim();
            assertThat(entry.release(1, 7, 0)).as("%s leases later", later).isEqualTo(End.STALE);
        }
        entry.release(8, 7, 0);
        entry.claim();
        assertThat(entry.release(1, 7, 0)).as("taken for the ninth").isEqualTo(End.IDLE);
    }

    @ParameterizedTest
    @CsvSource({"2,IDLE,1", "3,CLOSING,5", "6,GONE,7"})
    void endsALease(int phase, End end, int after) {
        FakeEntry leased = in(phase);
        assertThat(leased.release(1, ALL_BITS, 0)).isEqualTo(end);
        assertThat(leased.phase()).isEqualTo(after);
        assertThat(leased.generation()).isEqualTo(1);
    }

    @ParameterizedTest
    @CsvSource({"2,CLOSING,5", "3,CLOSING,5", "6,GONE,7"})
    void endsALeaseAndItsConnection(int phase, End end, int after) {
        FakeEntry leased = in(phase);
        assertThat(leased.discard(1, ALL_BITS)).isEqualTo(end);
        assertThat(leased.phase()).isEqualTo(after);
    }

    @ParameterizedTest
    @ValueSource(ints = {Entry.NEW, Entry.IDLE, Entry.VALIDATING, Entry.CLOSING, Entry.CLOSED})
    void hasNoLeaseToEnd(int phase) {
        FakeEntry other = in(phase);
        assertThat(other.release(1, ALL_BITS, 0)).isEqualTo(End.STALE);
        assertThat(other.discard(1, ALL_BITS)).isEqualTo(End.STALE);
        assertThat(other.phase()).isEqualTo(phase);
    }

    @ParameterizedTest
    @CsvSource({"0,7", "1,7", "2,6", "3,6", "4,7", "5,7", "6,6", "7,7"})
    void isGoneWhenItsChannelIs(int phase, int after) {
        FakeEntry other = in(phase);
        assertThat(other.gone()).isEqualTo(phase);
        assertThat(other.phase()).isEqualTo(after);
        assertThat(other.gone()).isEqualTo(after);
    }

    @Test
    void endsALeaseInOrderUnlessItIsStaleTimedOrNotInOrder() {
        FakeEntry leased = in(Entry.LEASED);
        assertThat(leased.releaseInOrder(2, ALL_BITS, 63, 5)).as("stale").isFalse();
        assertThat(leased.releaseInOrder(9, 7, 63, 5)).as("by its last bits").isTrue();
        assertThat(leased.phase()).isEqualTo(Entry.IDLE);
        assertThat(leased.idleSinceNanos()).isEqualTo(5);
        assertThat(leased.releaseInOrder(1, ALL_BITS, 63, 6))
                .as("a second time")
                .isFalse();
        assertThat(in(Entry.RETIRING).releaseInOrder(1, ALL_BITS, 63, 5)).isFalse();
        leased.claim();
        assertThat(leased.releaseInOrder(2, ALL_BITS, 1, 7)).as("to be timed").isFalse();
        assertThat(leased.phase()).isEqualTo(Entry.LEASED);
        assertThat(leased.idleSinceNanos()).isEqualTo(5);
    }

    @Test
    void movesFromThePhaseItIsInOnly() {
        assertThat(entry.move(Entry.IDLE, Entry.CLOSING)).isFalse();
        assertThat(entry.move(Entry.NEW, Entry.VALIDATING)).isTrue();
        assertThat(entry.phase()).isEqualTo(Entry.VALIDATING);
    }
}
