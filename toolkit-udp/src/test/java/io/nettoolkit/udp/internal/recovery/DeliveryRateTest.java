package io.nettoolkit.udp.internal.recovery;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class DeliveryRateTest {

    private static final long MS = 1_000_000;

    private final DeliveryRate rate = new DeliveryRate(0);

    @Test
    void isWhatWasAcknowledgedOverARoundTrip() {
        rate.onAcknowledged(50 * MS, 5000, 100 * MS);
        for (int i = 1; i <= 9; i++) {
            rate.onAcknowledged((50 + 10 * i) * MS, 1000, 100 * MS);
            assertThat(rate.bytesPerSecond()).isZero();
        }
        rate.onAcknowledged(150 * MS, 1000, 100 * MS);
        assertThat(rate.bytesPerSecond()).isEqualTo(100_000);
        rate.onAcknowledged(250 * MS, 3000, 100 * MS);
        assertThat(rate.bytesPerSecond()).isEqualTo(30_000);
    }

    @Test
    void doesNotCountAPauseIn() {
        rate.onAcknowledged(0, 1000, 100 * MS);
        rate.onAcknowledged(100 * MS, 1000, 100 * MS);
        assertThat(rate.bytesPerSecond()).isEqualTo(10_000);
        rate.onAcknowledged(501 * MS, 1000, 100 * MS);
        assertThat(rate.bytesPerSecond()).isEqualTo(10_000);
        rate.onAcknowledged(701 * MS, 4000, 100 * MS);
        assertThat(rate.bytesPerSecond()).isEqualTo(20_000);
    }

    @Test
    void countsUpToFourRoundTripsIn() {
        rate.onAcknowledged(0, 1000, 100 * MS);
        rate.onAcknowledged(400 * MS, 4000, 100 * MS);
        assertThat(rate.bytesPerSecond()).isEqualTo(10_000);
    }
}
