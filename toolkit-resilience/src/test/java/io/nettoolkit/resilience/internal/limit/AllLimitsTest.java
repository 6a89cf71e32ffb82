package io.nettoolkit.resilience.internal.limit;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.core.TimeSource;
import java.util.List;
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
}
