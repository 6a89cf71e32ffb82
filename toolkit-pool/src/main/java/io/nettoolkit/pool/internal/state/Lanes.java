package io.nettoolkit.pool.internal.state;

import org.jspecify.annotations.Nullable;

/** Who waits on which event loop, in the order of coming. A lane is an event loop's index on the shelf. */
final class Lanes {

    private final @Nullable Waiter[] first;
    private final @Nullable Waiter[] last;

    Lanes(int count) {
        first = new Waiter[count];
        last = new Waiter[count];
    }

    /** The one of this event loop that has waited longest. */
    @Nullable
    Waiter first(int lane) {
        return lane == Waiter.NO_LANE ? null : first[lane];
    }

    void add(Waiter waiter) {
        int lane = waiter.lane;
        if (lane == Waiter.NO_LANE) {
            return;
        }
        Waiter before = last[lane];
        waiter.laneBefore = before;
        if (before == null) {
            first[lane] = waiter;
        } else {
            before.laneAfter = waiter;
        }
        last[lane] = waiter;
    }

    void remove(Waiter waiter) {
        int lane = waiter.lane;
        if (lane == Waiter.NO_LANE) {
            return;
        }
        if (waiter.laneBefore == null) {
            first[lane] = waiter.laneAfter;
        } else {
            waiter.laneBefore.laneAfter = waiter.laneAfter;
        }
        if (waiter.laneAfter == null) {
            last[lane] = waiter.laneBefore;
        } else {
            waiter.laneAfter.laneBefore = waiter.laneBefore;
        }
        waiter.laneBefore = null;
        waiter.laneAfter = null;
        waiter.lane = Waiter.NO_LANE;
    }
}
