package io.nettoolkit.pool.internal.hit;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.core.TimeSource;
import io.nettoolkit.pool.internal.SetTicker;
import io.nettoolkit.pool.internal.hit.Entry.End;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

class ShelfTest {

    private static final long ME = 7;
    private static final long LOOP_A = 21;
    private static final long LOOP_B = 22;
    private static final long ALL_BITS = -1;

    private final List<Entry> toCheck = new ArrayList<>();
    private int signals;
    private final SetTicker ticker = new SetTicker();
    private final TimeSource clock = TimeSource.of(ticker);

    private final Shelf.Keeper keeper = new Shelf.Keeper() {
        @Override
        public void needsCheck(Entry entry) {
            toCheck.add(entry);
        }

        @Override
        public void signal() {
            signals++;
        }
    };

    private Shelf shelf = new Shelf(keeper, true, -1, new Shelf.Sizes(4, 2, 16));

    private Entry claim(long thread, long nowNanos) {
        ticker.nowNanos = nowNanos;
        return shelf.tryClaim(thread, clock);
    }

    private boolean release(Entry entry, long thread) {
        assertThat(entry.release(entry.generation(), ALL_BITS, 0)).isEqualTo(End.IDLE);
        return shelf.released(entry, thread);
    }

    @Test
    void givesAThreadWhatItGaveBackLast() {
        Entry first = FakeEntry.idleOn(shelf, 0);
        Entry second = FakeEntry.idleOn(shelf, 0);
        assertThat(claim(ME, 0)).isSameAs(first);
        assertThat(claim(ME, 0)).isSameAs(second);
        assertThat(claim(ME, 0)).isNull();

        release(first, ME);
        release(second, ME);

        assertThat(claim(ME, 0)).isSameAs(second);
        assertThat(claim(ME, 0)).isSameAs(first);
    }

    @Test
    void givesAnybodyWhatIsIdle() {
        Entry only = FakeEntry.idleOn(shelf, 0);
        claim(ME, 0);
        release(only, ME);
        assertThat(claim(ME + 1, 0)).isSameAs(only);
    }

    @Test
    void startsWithTheLowestPlaceSoThatOthersAgeIdle() {
        List<Entry> all = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            all.add(FakeEntry.idleOn(shelf, 0));
        }
        List<Entry> taken = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            taken.add(claim(ME, 0));
        }
        assertThat(taken).containsExactlyElementsOf(all);
        for (int i = 3; i >= 0; i--) {
            release(all.get(i), 100 + i);
        }
        assertThat(claim(ME + 1, 0)).isSameAs(all.get(0));
    }

    @Test
    void prefersConnectionsOfTheCallersEventLoop() {
        Entry ofA = FakeEntry.idleOn(shelf, LOOP_A);
        Entry ofB = FakeEntry.idleOn(shelf, LOOP_B);

        assertThat(claim(LOOP_B, 0)).isSameAs(ofB);
        assertThat(claim(LOOP_B, 0)).as("where there is no other").isSameAs(ofA);
        release(ofB, LOOP_B);
        release(ofA, LOOP_B);
        assertThat(claim(LOOP_B, 0)).as("no hint for another loop's").isSameAs(ofB);
    }

    @Test
    void findsConnectionsBeyondTheFirst64() {
        List<Entry> all = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            all.add(FakeEntry.idleOn(shelf, i % 2 == 0 ? LOOP_A : LOOP_B));
        }
        assertThat(all).extracting(Entry::index).doesNotHaveDuplicates().contains(0, 63, 64, 199);
        for (int i = 0; i < 100; i++) {
            assertThat(claim(LOOP_A, 0).loopThread()).isEqualTo(LOOP_A);
        }
        for (int i = 0; i < 100; i++) {
            assertThat(claim(LOOP_A, 0)).isNotNull();
        }
        assertThat(claim(LOOP_A, 0)).isNull();
    }

    @Test
    void usesPlacesAgain() {
        Entry first = FakeEntry.idleOn(shelf, LOOP_A);
        Entry second = FakeEntry.idleOn(shelf, LOOP_A);
        claim(ME, 0);
        release(first, ME);
        shelf.remove(first);

        assertThat(claim(ME + 1, 0)).as("the removed one is found no more").isSameAs(second);
        Entry third = FakeEntry.idleOn(shelf, LOOP_B);
        assertThat(third.index()).isZero();
        assertThat(claim(LOOP_A, 0)).isSameAs(third);
    }

    @Test
    void tellsReleasersWhetherSomebodyWaits() {
        Entry only = FakeEntry.idleOn(shelf, 0);
        claim(ME, 0);
        assertThat(release(only, ME)).isFalse();
        claim(ME, 0);
        shelf.open(1, 0);
        assertThat(release(only, ME)).isTrue();
        assertThat(shelf.waiting()).isEqualTo(1);
        assertThat(claim(ME, 0)).isNull();
        shelf.open(0, 0);
        claim(ME, 0);
        shelf.open(0, Shelf.WATCHED);
        assertThat(release(only, ME)).isTrue();
    }

    @Test
    void keepsEverybodyOutWhenBarredEvenWithBarging() {
        shelf = new Shelf(keeper, false, -1, new Shelf.Sizes(4, 2, 16));
        FakeEntry.idleOn(shelf, 0);
        shelf.open(3, Shelf.BARRED);
        assertThat(claim(ME, 0)).isNull();
        shelf.open(3, 0);
        assertThat(claim(ME, 0)).isNotNull();
    }

    @Test
    void passesOverWhatWasIdleForTooLongAndHasOneOfThemChecked() {
        shelf = new Shelf(keeper, true, 500, new Shelf.Sizes(4, 2, 16));
        Entry first = FakeEntry.idleOn(shelf, 0);
        Entry second = FakeEntry.idleOn(shelf, 0);

        assertThat(claim(ME, 501)).isNull();
        assertThat(toCheck).containsExactly(first);
        assertThat(first.phase()).isEqualTo(Entry.VALIDATING);
        assertThat(second.phase()).isEqualTo(Entry.IDLE);
        second.checked(400);
        assertThat(claim(ME, 501)).isSameAs(second);
    }

    @Test
    void doesNotTakeAStaleEntryByItsHint() {
        shelf = new Shelf(keeper, true, 500, new Shelf.Sizes(4, 2, 16));
        Entry only = FakeEntry.idleOn(shelf, 0);
        claim(ME, 0);
        release(only, ME);
        assertThat(claim(ME, 501)).isNull();
        assertThat(toCheck).containsExactly(only);
    }

    @Test
    void showsTheStateMachineAFreshEntryFirst() {
        shelf = new Shelf(keeper, true, 500, new Shelf.Sizes(4, 2, 16));
        Entry stale = FakeEntry.idleOn(shelf, 0);
        Entry fresh = FakeEntry.idleOn(shelf, 0);
        fresh.checked(1_000);

        assertThat(shelf.anyIdle(1_000)).isSameAs(fresh);
        fresh.claim();
        assertThat(shelf.anyIdle(1_000)).isSameAs(stale);
        assertThat(stale.phase()).as("only shown").isEqualTo(Entry.IDLE);
        stale.claim();
        assertThat(shelf.anyIdle(1_000)).isNull();
        assertThat(signals).isZero();
    }

    @Test
    void keepsAConnectionOfItsOwnForALoopWhoseHintAnotherThreadShares() {
        // A hint for every 8 thread ids.
        long other = LOOP_A + 8;
        Entry anybodys = FakeEntry.idleOn(shelf, 0);
        Entry own = FakeEntry.idleOn(shelf, LOOP_A);
        assertThat(claim(other, 0)).isSameAs(anybodys);
        assertThat(claim(LOOP_A, 0)).isSameAs(own);

        release(own, LOOP_A);
        release(anybodys, other);

        assertThat(claim(LOOP_A, 0))
                .as("its own, although the hint is the other's")
                .isSameAs(own);
        assertThat(claim(other, 0)).isSameAs(anybodys);
        release(anybodys, LOOP_A);
        release(own, other);
        assertThat(claim(other, 0)).as("no hint of a loop to another's").isSameAs(own);
    }

    @Test
    void letsNobodyInAnyMoreOnceItIsBarredForGood() {
        FakeEntry.idleOn(shelf, 0);
        shelf.bar();
        assertThat(claim(ME, 0)).isNull();
        shelf.open(0, 0);
        assertThat(claim(ME, 0))
                .as("whatever the machine says that has not heard of it")
                .isNull();
        shelf.open(2, Shelf.WATCHED);
        assertThat(shelf.waiting()).isEqualTo(2);
    }

    /** A scanner that finds a bit wrong looks at its entry once more, and finds it idle again. */
    @Test
    void takesNothingUncheckedWhereEverythingIsChecked() throws Exception {
        shelf = new Shelf(
                new Shelf.Keeper() {
                    @Override
                    public void needsCheck(Entry entry) {
                        entry.move(Entry.VALIDATING, Entry.IDLE);
                        shelf.offer(entry);
                    }

                    @Override
                    public void signal() {}
                },
                true,
                0,
                new Shelf.Sizes(4, 2, 16));
        Entry only = FakeEntry.idleOn(shelf, 0);
        only.claim();
        only.release(1, ALL_BITS, 0);
        AtomicBoolean over = new AtomicBoolean();
        Thread user = new Thread(() -> {
            for (int i = 0; i < 200_000; i++) {
                if (only.claim()) {
                    only.release(only.generation(), ALL_BITS, 0);
                    shelf.offer(only);
                }
            }
            over.set(true);
        });
        user.start();
        Entry unchecked = null;
        while (!over.get() && unchecked == null) {
            unchecked = claim(ME, 1);
        }
        if (unchecked != null) {
            user.interrupt();
        }
        user.join();

        assertThat(unchecked).isNull();
    }
}
