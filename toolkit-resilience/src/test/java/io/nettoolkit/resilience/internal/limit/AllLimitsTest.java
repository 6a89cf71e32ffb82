package io.nettoolkit.resilience.internal.limit;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.core.TimeSource;
import io.nettoolkit.resilience.RateLimiter;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class AllLimitsTest {

    private static final long SECOND = 1_000_000_000;

    private final FixedWindow wide = new FixedWindow(10, SECOND, 0);
    private final FixedWindow narrow = new FixedWindow(3, SECOND / 10, 0);

    private static Limiter member(Limit limit, boolean shadow) {
        return new Limiter(limit, new LimiterOptions("member", "limit", TimeSource.system(), null, 0, shadow));
    }

    private AllLimits of(boolean wideIsShadow, boolean narrowIsShadow) {
        return new AllLimits(List.of(member(wide, wideIsShadow), member(narrow, narrowIsShadow)));
    }

    @Test
    void whatTheFirstGaveComesBackWhenTheSecondRefuses() {
        AllLimits all = of(false, false);
        assertThat(all.tryTake(3, 0)).isTrue();

        assertThat(all.tryTake(1, 0)).isFalse();

        assertThat(wide.take(7, 0, -1)).as("three were taken").isZero();
        assertThat(wide.take(8, 0, -1)).isPositive();
    }

    @Test
    void whatAShadowRefusedDoesNotComeBackToIt() {
        AllLimits all = of(true, false);
        assertThat(wide.tryTake(10, 0)).isTrue();
        assertThat(all.tryTake(3, 0)).as("the shadow refuses, and nobody minds").isTrue();

        assertThat(all.tryTake(1, 0)).isFalse();

        assertThat(wide.take(1, 0, -1)).as("it gave nothing").isPositive();
    }

    @Test
    void aShadowAtTheEndStopsNothing() {
        AllLimits all = of(false, true);

        assertThat(all.tryTake(3, 0)).isTrue();
        assertThat(all.tryTake(3, 0)).isTrue();
        assertThat(all.take(5, 0, -1)).as("what the shadow says does not count").isEqualTo(SECOND);
    }

    @Test
    void promisesNoLaterMomentThoughItTellsTheLongestWait() {
        AllLimits all = of(false, false);
        assertThat(all.promises()).isFalse();
        assertThat(all.capacity()).isEqualTo(3);
        assertThat(all.take(3, 0, 5 * SECOND)).isZero();

        assertThat(all.take(1, 0, 5 * SECOND))
                .as("more than it was willing to wait")
                .isEqualTo(5 * SECOND + 1);
        assertThat(all.take(1, 0, -1)).isEqualTo(SECOND / 10);
        assertThat(all.take(1, 0, 0)).isEqualTo(SECOND / 10);
        wide.tryTake(7, 0);
        assertThat(all.take(1, 0, -1)).as("the longest").isEqualTo(SECOND);
    }

    @Test
    void allOfThemTakeBackOrItSaysNo() {
        AllLimits all = of(false, false);
        all.tryTake(2, 0);

        assertThat(all.cancel(2, 0, 0)).isTrue();
        assertThat(all.tryTake(3, 0)).isTrue();
        wide.tryTake(7, 0);
        assertThat(all.cancel(5, 0, 0)).as("the second has only three").isFalse();
        assertThat(wide.take(5, 0, -1)).as("the first took them back").isZero();
    }

    /** Writes down what is done to it, and may change its mind between the look and the attempt. */
    private static final class Watched extends Limit {

        private final boolean looksFree;
        private final boolean isFree;
        private final List<String> done = new ArrayList<>();

        Watched(boolean looksFree, boolean isFree) {
            this.looksFree = looksFree;
            this.isFree = isFree;
        }

        @Override
        public long take(long permits, long nowNanos, long maxWaitNanos) {
            if (maxWaitNanos < 0) {
                return looksFree ? 0 : SECOND;
            }
            done.add("take " + permits);
            return isFree ? 0 : SECOND;
        }

        @Override
        public boolean cancel(long permits, long dueNanos, long nowNanos) {
            done.add("cancel " + permits);
            return true;
        }

        @Override
        public long capacity() {
            return 10;
        }
    }

    private static AllLimits of(Limit... limits) {
        return new AllLimits(
                Stream.of(limits).map(limit -> member(limit, false)).toList());
    }

    @Test
    void aRefusalWritesToNone() {
        Watched first = new Watched(true, true);
        Watched second = new Watched(false, false);
        AllLimits all = of(first, second);

        assertThat(all.tryTake(2, 0)).isFalse();
        assertThat(all.take(2, 0, 0)).isEqualTo(SECOND);

        assertThat(first.done).isEmpty();
        assertThat(second.done).isEmpty();
    }

    @Test
    void theOneThatRefusesCountsIt() {
        Limiter first = member(new Watched(true, true), false);
        Limiter second = member(new Watched(false, false), false);

        assertThat(new AllLimits(List.of(first, second)).tryTake(2, 0)).isFalse();

        assertThat(first.stats()).isEqualTo(new RateLimiter.Stats(0, 0, 0, 0));
        assertThat(second.stats()).isEqualTo(new RateLimiter.Stats(0, 1, 0, 0));
    }

    @Test
    void whatTheFirstGaveComesBackWhereAnotherCallWasQuickerAtTheSecond() {
        Watched first = new Watched(true, true);
        Watched second = new Watched(true, false);
        Limiter one = member(first, false);
        Limiter two = member(second, false);

        assertThat(new AllLimits(List.of(one, two)).tryTake(2, 0)).isFalse();

        assertThat(first.done).containsExactly("take 2", "cancel 2");
        assertThat(second.done).containsExactly("take 2");
        assertThat(one.stats()).isEqualTo(new RateLimiter.Stats(0, 0, 0, 0));
        assertThat(two.stats()).isEqualTo(new RateLimiter.Stats(0, 1, 0, 0));
    }
}
