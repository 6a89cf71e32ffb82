package io.nettoolkit.resilience.internal.adaptive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Queue control, throttle and line as functions. */
class ShedMathTest {

    @Test
    void theShareShrinksWithTheRootOfTheDelayAtMostToHalf() {
        assertThat(QueueControl.OPEN.next(5, 5).share()).isEqualTo(1);
        assertThat(QueueControl.OPEN.next(6, 5).share()).isCloseTo(Math.sqrt(5 / 6.0), within(1e-9));
        assertThat(QueueControl.OPEN.next(1_000, 5).share()).isEqualTo(0.5);
        assertThat(QueueControl.OPEN.next(Long.MAX_VALUE, 5)).isEqualTo(QueueControl.OPEN);
    }

    @Test
    void aQueueThatShrinksByItselfIsLeftTo() {
        QueueControl control = new QueueControl(0.5, 100);

        assertThat(control.next(87, 5).share()).isEqualTo(0.5);
        assertThat(control.next(88, 5).share()).isEqualTo(0.25);
    }

    @Test
    void aQueueAtTheTargetDoesNotStandAndWhatStoodIsForgotten() {
        assertThat(QueueControl.OPEN.next(5, 5)).isEqualTo(QueueControl.OPEN);
        assertThat(new QueueControl(1, 50).next(1, 5)).isEqualTo(QueueControl.OPEN);
        assertThat(new QueueControl(0.5, 50).next(Long.MAX_VALUE, 5)).isEqualTo(new QueueControl(0.55, 0));
        assertThat(new QueueControl(0.5, 80).next(70, 5)).as("an eighth less").isEqualTo(new QueueControl(0.5, 70));
    }

    @Test
    void theLineStandsWhereTheLastClassesMakeUpTheShare() {
        assertThat(AdmissionLine.of(0, new double[] {10, 0})).isEqualTo(2);
        assertThat(AdmissionLine.of(-0.1, new double[] {10, 10, 10})).isEqualTo(3);
        assertThat(AdmissionLine.of(0.5, new double[] {0, 0, 0, 0}))
                .as("nothing is known")
                .isEqualTo(2);
        assertThat(AdmissionLine.of(0.5, new double[] {10, 10})).isEqualTo(1);
        assertThat(AdmissionLine.of(0.25, new double[] {10, 10})).isEqualTo(1.5);
        assertThat(AdmissionLine.of(0.75, new double[] {10, 10})).isEqualTo(0.5);
        assertThat(AdmissionLine.of(1, new double[] {0, 10})).as("rounded up").isEqualTo(1);
        assertThat(AdmissionLine.shedShare(1, 1.25)).isEqualTo(0.75);
    }

    @Test
    void someAreAlwaysLetIn() {
        QueueControl control = QueueControl.OPEN;
        for (int i = 0; i < 100; i++) {
            control = control.next(1_000, 5);
        }
        assertThat(control.share()).isEqualTo(QueueControl.LEAST);
        for (int i = 0; i < 19; i++) {
            control = control.next(1, 5);
        }
        assertThat(control.share()).isCloseTo(1, within(1e-9));
    }

    @Test
    void theThrottleIsTheFormulaOfTheBook() {
        assertThat(new ClientThrottle(100, 50).shed(2, 0.95)).isZero();
        assertThat(new ClientThrottle(100, 10).shed(2, 0.95)).isCloseTo(80 / 101.0, within(1e-9));
        assertThat(new ClientThrottle(1_000_000, 0).shed(2, 0.95)).isEqualTo(0.95);
        assertThat(ClientThrottle.IDLE.shed(2, 0.95)).isZero();
        ClientThrottle later = new ClientThrottle(100, 50).next(7, 3, 1);
        assertThat(later.requests()).isCloseTo(7 + 100 / Math.E, within(1e-9));
        assertThat(later.accepts()).isCloseTo(3 + 50 / Math.E, within(1e-9));
    }

    /** The line sheds the share it was asked for, and only from behind. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void theLineShedsTheShareAskedForFromBehind(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        for (int i = 0; i < 5_000; i++) {
            double[] arrivals = new double[1 + random.nextInt(8)];
            double total = 0;
            for (int c = 0; c < arrivals.length; c++) {
                arrivals[c] = random.nextInt(3) == 0 ? 0 : random.nextInt(1_000);
                total += arrivals[c];
            }
            double shed = random.nextDouble(0.95);

            double line = AdmissionLine.of(shed, arrivals);

            double shedCount = 0;
            for (int c = 0; c < arrivals.length; c++) {
                shedCount += arrivals[c] * Math.max(0, Math.min(1, AdmissionLine.shedShare(c, line)));
            }
            assertThat(line).isBetween(0.05, (double) arrivals.length);
            if (total > 0) {
                assertThat(shedCount / total).as("seed %d, round %d", seed, i).isCloseTo(shed, within(1e-6));
            }
        }
    }
}
