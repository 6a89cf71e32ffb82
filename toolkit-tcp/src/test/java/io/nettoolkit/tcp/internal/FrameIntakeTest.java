package io.nettoolkit.tcp.internal;

import static io.nettoolkit.tcp.internal.EmbeddedConnection.concat;
import static io.nettoolkit.tcp.internal.EmbeddedConnection.frame;
import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.tcp.Connection;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** When frames are delivered and when they wait: pauses by the user and by the queue, within bursts and between them. */
class FrameIntakeTest {

    private final EmbeddedConnection peer = new EmbeddedConnection();

    @AfterEach
    void releaseEverything() {
        peer.close();
    }

    /** io_uring runs tasks between the reads of one burst, so a resume may come there. */
    @Test
    void aResumeBetweenTwoReadsOfABurstKeepsTheOrder() {
        peer.onFrame((connection, frame) -> connection.pauseReading()).open();
        read(concat(frame("1"), frame("2"), frame("3")));
        peer.recorder.onFrame = null;

        peer.connection().resumeReading();
        read(concat(frame("4"), frame("5")));
        peer.channel().pipeline().fireChannelReadComplete();

        assertThat(peer.recorder.frames).containsExactly("1", "2", "3", "4", "5");
        assertThat(peer.channel().isOpen()).isTrue();
    }

    @Test
    void aPauseBetweenTwoReadsOfABurstHoldsBackTheSecond() {
        peer.open();
        read(frame("1"));
        peer.connection().pauseReading();
        read(frame("2"));
        peer.channel().pipeline().fireChannelReadComplete();
        assertThat(peer.recorder.frames).containsExactly("1");

        peer.connection().resumeReading();

        assertThat(peer.recorder.frames).containsExactly("1", "2");
    }

    @Test
    void aServerWhoseQueueIsHalfFullDeliversNothingUntilItHasDrainedToAQuarter() {
        peer.writeQueueBytes(1 << 20)
                .onFrame((connection, frame) -> connection.trySend(Unpooled.wrappedBuffer(new byte[600_000])))
                .open();

        read(concat(frame("1"), frame("2")));
        assertThat(peer.recorder.frames).containsExactly("1");
        assertThat(peer.channel().config().isAutoRead()).isFalse();

        peer.recorder.onFrame = null;
        peer.channel().pipeline().fireChannelReadComplete();
        peer.written();

        assertThat(peer.recorder.frames).containsExactly("1", "2");
        assertThat(peer.channel().config().isAutoRead()).isTrue();
    }

    @Test
    void bothWhoPausedHaveToResume() {
        peer.writeQueueBytes(1 << 20)
                .onFrame((connection, frame) -> {
                    connection.trySend(Unpooled.wrappedBuffer(new byte[600_000]));
                    connection.pauseReading();
                })
                .open();
        peer.receive(concat(frame("1"), frame("2")));
        peer.written();
        assertThat(peer.recorder.frames)
                .as("the queue is empty, the user still pauses")
                .containsExactly("1");

        peer.recorder.onFrame = null;
        peer.connection().resumeReading();

        assertThat(peer.recorder.frames).containsExactly("1", "2");
    }

    @Test
    void framesKeptByAPauseAreDroppedWithTheConnection() {
        peer.onFrame((connection, frame) -> connection.pauseReading()).open();
        peer.receive(concat(frame("1"), frame("2")));

        Connection connection = peer.connection();

        connection.close();
        connection.resumeReading();

        assertThat(peer.recorder.frames).containsExactly("1");
    }

    /** A pause means that what waits is not a torn frame. */
    @Test
    void anEndOfInputWhilePausedIsNotTruncation() {
        peer.onFrame((connection, frame) -> connection.pauseReading()).open();
        peer.receive(concat(frame("1"), frame("2")));

        peer.channel().pipeline().fireUserEventTriggered(ChannelInputShutdownEvent.INSTANCE);
        peer.channel().runPendingTasks();

        assertThat(peer.recorder.reason().kind()).isEqualTo(Kind.PEER_CLOSED);
    }

    @Test
    void aFrameThatClosesTheConnectionIsTheLastOne() {
        peer.onFrame((connection, frame) -> connection.close()).open();

        peer.receive(concat(frame("1"), frame("2"), frame("3")));

        assertThat(peer.recorder.frames).containsExactly("1");
        assertThat(peer.recorder.reason().kind()).isEqualTo(Kind.LOCAL_CLOSED);
    }

    @Test
    void keptFramesAreStillWholeWhenTheyAreRetained() {
        List<ByteBuf> kept = new ArrayList<>();
        peer.onFrame((connection, frame) -> {
                    kept.add(frame.retain());
                    connection.pauseReading();
                })
                .open();
        peer.receive(concat(frame("first"), frame("second"), frame("third")));
        peer.connection().resumeReading();
        peer.connection().resumeReading();

        assertThat(kept).hasSize(3);
        assertThat(kept)
                .extracting(frame -> frame.toString(StandardCharsets.UTF_8))
                .containsExactly("first", "second", "third");
        kept.forEach(frame -> assertThat(frame.release()).isTrue());
    }

    private void read(byte[] bytes) {
        peer.channel().pipeline().fireChannelRead(Unpooled.copiedBuffer(bytes));
    }
}
