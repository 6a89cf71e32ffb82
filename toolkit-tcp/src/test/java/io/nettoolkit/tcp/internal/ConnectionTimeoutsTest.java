package io.nettoolkit.tcp.internal;

import static io.nettoolkit.tcp.internal.EmbeddedConnection.frame;
import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.core.NetException;
import io.nettoolkit.core.NetFailure.Kind;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Every deadline of an established connection, on virtual time and to the tick of the wheel. */
class ConnectionTimeoutsTest {

    private static final Duration TICK = Duration.ofNanos(DeadlineWheel.TICK_NANOS);

    private final EmbeddedConnection peer = new EmbeddedConnection();

    @AfterEach
    void releaseEverything() {
        peer.close();
    }

    @Test
    void aPeerThatSendsNoFrameMeetsTheFirstFrameDeadline() {
        peer.timeouts(t -> t.firstFrame(Duration.ofSeconds(10))).open();

        peer.advance(Duration.ofSeconds(10).minusNanos(1));
        assertThat(peer.channel().isOpen()).isTrue();
        peer.advance(TICK);

        expect(Kind.FRAME_TIMEOUT, "firstFrame");
    }

    @Test
    void theFirstFrameDeadlineIsOverWithTheFirstFrame() {
        peer.timeouts(t -> t.firstFrame(Duration.ofSeconds(10))).open();

        peer.advance(Duration.ofSeconds(9));
        peer.receive(frame("in time"));
        peer.advance(Duration.ofMinutes(10));

        assertThat(peer.channel().isOpen()).isTrue();
    }

    @Test
    void aByteASecondDoesNotKeepAFrameAlive() {
        peer.timeouts(t -> t.wholeFrame(Duration.ofSeconds(30)).readIdle(Duration.ofMinutes(5)))
                .open();
        byte[] frame = frame("a frame of more than thirty bytes in all, sent byte by byte");

        int sent = 0;
        while (peer.channel().isOpen() && sent < frame.length) {
            peer.receive(new byte[] {frame[sent++]});
            peer.advance(Duration.ofSeconds(1));
        }

        assertThat(sent).isBetween(30, 31);
        expect(Kind.FRAME_TIMEOUT, "wholeFrame");
    }

    @Test
    void theFrameDeadlineBeginsAnewWithEachFrame() {
        peer.timeouts(t -> t.wholeFrame(Duration.ofSeconds(30))).open();
        byte[] frame = frame("x");

        for (int i = 0; i < 10; i++) {
            peer.receive(new byte[] {frame[0]});
            peer.advance(Duration.ofSeconds(29));
            peer.receive(new byte[] {frame[1], frame[2], frame[3], frame[4]});
        }
        peer.advance(Duration.ofMinutes(10));

        assertThat(peer.recorder.frames).hasSize(10);
        assertThat(peer.channel().isOpen()).isTrue();
    }

    @Test
    void aSilentPeerMeetsTheIdleDeadlineAndATalkingOneDoesNot() {
        peer.timeouts(t -> t.readIdle(Duration.ofMinutes(5))).open();

        for (int i = 0; i < 10; i++) {
            peer.advance(Duration.ofMinutes(4));
            peer.receive(frame("still here"));
        }
        assertThat(peer.channel().isOpen()).isTrue();

        peer.advance(Duration.ofMinutes(5).minusNanos(1));
        assertThat(peer.channel().isOpen()).isTrue();
        peer.advance(TICK);
        expect(Kind.IDLE_TIMEOUT, "readIdle");
    }

    @Test
    void whileReadingIsPausedNothingIsHeldAgainstThePeer() {
        peer.timeouts(t -> t.readIdle(Duration.ofMinutes(5)).wholeFrame(Duration.ofSeconds(30)))
                .open();
        peer.receive(new byte[] {0});

        peer.connection().pauseReading();
        peer.advance(Duration.ofHours(1));
        assertThat(peer.channel().isOpen()).isTrue();

        peer.connection().resumeReading();
        peer.advance(Duration.ofSeconds(29));
        assertThat(peer.channel().isOpen()).isTrue();
        peer.advance(Duration.ofSeconds(1).plus(TICK));
        expect(Kind.FRAME_TIMEOUT, "wholeFrame");
    }

    @Test
    void zeroMeansNoDeadline() {
        peer.timeouts(t -> t.firstFrame(Duration.ZERO)
                        .wholeFrame(Duration.ZERO)
                        .readIdle(Duration.ZERO)
                        .writeStall(Duration.ZERO))
                .open();

        peer.receive(new byte[] {0});
        peer.advance(Duration.ofDays(300));

        assertThat(peer.channel().isOpen()).isTrue();
    }

    private void expect(Kind kind, String option) {
        assertThat(peer.channel().isOpen()).isFalse();
        assertThat(peer.recorder.reason().kind()).isEqualTo(kind);
        assertThat(peer.recorder.reason().failure())
                .isInstanceOfSatisfying(
                        NetException.class,
                        failure -> assertThat(failure.isTimeout()).isTrue())
                .hasMessageContaining(option);
    }
}
