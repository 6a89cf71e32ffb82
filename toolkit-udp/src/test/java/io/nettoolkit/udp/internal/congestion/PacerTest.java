package io.nettoolkit.udp.internal.congestion;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** RFC 9002 §7.7. */
class PacerTest {

    private static final long MS = 1_000_000;

    private final Pacer pacer = new Pacer(1000, MS, 0);

    private int burst(long now, long rate) {
        int packets = 0;
        while (pacer.readyNanos(now, rate) <= now) {
            pacer.onSent(1000);
            packets++;
        }
        return packets;
    }

    @Test
    void beginsWithABurstOfTen() {
        assertThat(burst(0, 1_000_000)).isEqualTo(10);
        assertThat(pacer.readyNanos(0, 1_000_000)).isEqualTo(MS);
    }

    @Test
    void keepsTheRate() {
        burst(0, 500_000);
        int packets = 0;
        for (long now = 0; now <= 1000 * MS; now += MS / 4) {
            packets += burst(now, 500_000);
        }
        assertThat(packets).isBetween(499, 501);
    }

    @Test
    void letsAQuantumsWorthGoTogetherHoweverFast() {
        long rate = 1_000_000_000;
        burst(0, rate);
        int packets = 0;
        long now = 0;
        int wakeUps = 0;
        while (now < 1000 * MS) {
            now = pacer.readyNanos(now, rate);
            packets += burst(now, rate);
            wakeUps++;
        }
        assertThat(packets).as("a million packets a second").isBetween(990_000, 1_001_100);
        assertThat(wakeUps).isBetween(990, 1010);
    }

    @Test
    void savesNoMoreThanABurst() {
        burst(0, 1_000_000);
        assertThat(burst(60_000 * MS, 1_000_000)).isEqualTo(10);
    }
}
