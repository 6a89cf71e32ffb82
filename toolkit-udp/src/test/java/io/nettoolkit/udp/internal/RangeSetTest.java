package io.nettoolkit.udp.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.BitSet;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class RangeSetTest {

    private static final int SPAN = 200;

    @Test
    void agreesWithABitSetWhateverIsAddedAndRemoved() {
        for (long seed = 1; seed <= 200; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            RangeSet set = new RangeSet();
            BitSet model = new BitSet();
            for (int step = 0; step < 100; step++) {
                int from = random.nextInt(SPAN);
                int to = from + random.nextInt(random.nextBoolean() ? 4 : 60);
                if (random.nextInt(3) > 0) {
                    BitSet range = new BitSet();
                    range.set(from, to);
                    range.andNot(model);
                    assertThat(set.add(from, to)).as("seed %s, added", seed).isEqualTo(range.cardinality());
                    model.set(from, to);
                } else {
                    set.remove(from, to);
                    model.clear(from, to);
                }
                compare(seed, set, model, random.nextInt(SPAN));
            }
            set.clear();
            assertThat(set.isEmpty()).isTrue();
        }
    }

    private static void compare(long seed, RangeSet set, BitSet model, int at) {
        int i = 0;
        for (int from = model.nextSetBit(0); from >= 0; from = model.nextSetBit(model.nextClearBit(from))) {
            assertThat(set.from(i)).as("seed %s, %s", seed, set).isEqualTo(from);
            assertThat(set.to(i)).as("seed %s, %s", seed, set).isEqualTo(model.nextClearBit(from));
            i++;
        }
        assertThat(set.size()).as("seed %s, %s", seed, set).isEqualTo(i);
        assertThat(set.contains(at))
                .as("seed %s, %s contains %s", seed, set, at)
                .isEqualTo(model.get(at));
        assertThat(set.nextMissing(at)).as("seed %s, %s from %s", seed, set, at).isEqualTo(model.nextClearBit(at));
        int end = model.nextClearBit(at);
        assertThat(set.containsAll(at, end)).as("seed %s, %s", seed, set).isTrue();
        assertThat(set.containsAll(at, end + 1)).as("seed %s, %s", seed, set).isFalse();
    }

    @Test
    void saysWhatIsInIt() {
        RangeSet set = new RangeSet();
        assertThat(set.isEmpty()).isTrue();
        assertThat(set).hasToString("{}");
        set.add(1, 4);
        set.add(7, 8);
        assertThat(set).hasToString("{1..3, 7..7}");
        assertThat(set.isEmpty()).isFalse();
    }

    @Test
    void goesOnAfterItsRoomWasGivenBack() {
        RangeSet set = new RangeSet();
        set.trim();
        set.add(1, 4);
        set.add(7, 8);
        set.trim();
        assertThat(set).hasToString("{1..3, 7..7}");
        set.add(10, 11);
        set.remove(2, 3);
        assertThat(set).hasToString("{1..1, 3..3, 7..7, 10..10}");
        set.clear();
        set.trim();
        assertThat(set).hasToString("{}");
        set.add(5, 6);
        assertThat(set).hasToString("{5..5}");
    }
}
