package io.nettoolkit.tcp.internal;

import static io.nettoolkit.tcp.internal.EmbeddedConnection.concat;
import static io.nettoolkit.tcp.internal.EmbeddedConnection.frame;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nettoolkit.core.CloseReason.Initiator;
import io.nettoolkit.core.NetException;
import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.core.RejectedException;
import io.nettoolkit.tcp.Connection;
import io.nettoolkit.tcp.FrameHandler;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class FramedConnectionTest {

    private static final FrameHandler ECHO = (connection, frame) -> connection.trySend(frame.retain());

    private final EmbeddedConnection peer = new EmbeddedConnection();

    @AfterEach
    void releaseEverything() {
        peer.close();
    }

    @Test
    void answersABurstOfFramesInOneWrite() {
        peer.onFrame(ECHO).open();

        peer.receive(concat(frame("a"), frame("bb"), frame("ccc")));

        assertThat(peer.recorder.frames).containsExactly("a", "bb", "ccc");
        assertThat(peer.written()).containsExactly(concat(frame("a"), frame("bb"), frame("ccc")));
    }

    @Test
    void sendsOutsideABurstLeaveTogether() {
        peer.open();

        peer.connection().trySend(text("one"));
        peer.connection().trySend(text("two"));

        assertThat(peer.written()).containsExactly(concat(frame("one"), frame("two")));
    }

    @Test
    void gathersALargeFrameWithoutCopyingIt() {
        peer.open();
        byte[] large = new byte[FrameWriter.COPY_BYTES + 1];
        Arrays.fill(large, (byte) 'x');
        ByteBuf frame = Unpooled.wrappedBuffer(large);

        peer.connection().trySend(frame);

        peer.channel().runPendingTasks();
        ByteBuf header = peer.channel().readOutbound();
        ByteBuf payload = peer.channel().readOutbound();
        assertThat(header.readableBytes()).isEqualTo(4);
        assertThat(payload).isSameAs(frame);
        header.release();
        payload.release();
    }

    @Test
    void aFrameIsGoneAfterTheCallAndARetainedOneIsNot() {
        List<ByteBuf> kept = new ArrayList<>();
        peer.onFrame((connection, frame) -> {
                    if (kept.isEmpty()) {
                        kept.add(frame.retain());
                    }
                })
                .open();

        peer.receive(concat(frame("keep me"), frame("drop me")));
        peer.receive(frame("other bytes"));

        assertThat(kept.get(0).toString(StandardCharsets.UTF_8)).isEqualTo("keep me");
        assertThat(kept.get(0).release()).isTrue();
    }

    @Test
    void aHandlerThatThrowsEndsItsConnectionWithTheExceptionAsReason() {
        IllegalStateException bug = new IllegalStateException("bug");
        peer.onFrame((connection, frame) -> {
                    throw bug;
                })
                .open();

        peer.receive(concat(frame("a"), frame("b")));

        assertThat(peer.recorder.frames).containsExactly("a");
        assertThat(peer.channel().isOpen()).isFalse();
        assertThat(peer.recorder.reason().initiator()).isEqualTo(Initiator.LOCAL);
        assertThat(peer.recorder.reason().failure())
                .isInstanceOf(NetException.class)
                .hasRootCause(bug)
                .hasMessageContaining("FrameHandler.onFrame threw");
    }

    @Test
    void aHandlerThatReleasesAFrameItDoesNotOwnIsTold() {
        peer.onFrame((connection, frame) -> frame.release()).open();

        peer.receive(frame("a"));

        assertThat(peer.recorder.reason().failure()).hasMessageContaining("released a frame it does not own");
    }

    @Test
    void opensOnceAndClosesOnce() {
        peer.open();
        Connection connection = peer.connection();
        CompletableFuture<?> closed = connection.closed();

        connection.close();
        connection.abort();
        peer.channel().runPendingTasks();

        assertThat(peer.recorder.events).containsExactly("open", "close");
        assertThat(peer.recorder.reason().kind()).isEqualTo(Kind.LOCAL_CLOSED);
        assertThat(closed).isCompleted();
        assertThat(connection.closed()).isCompleted();
    }

    @Test
    void anEndOfStreamIsThePeersClose() {
        peer.open();

        peer.channel().pipeline().fireChannelInactive();

        assertThat(peer.recorder.reason().kind()).isEqualTo(Kind.PEER_CLOSED);
        assertThat(peer.recorder.reason().isOrderly()).isTrue();
    }

    @Test
    void anEndOfStreamInsideAFrameIsTruncation() {
        peer.open();
        peer.receive(Arrays.copyOf(frame("hello"), 6));

        peer.channel().pipeline().fireChannelInactive();

        assertThat(peer.recorder.reason().kind()).isEqualTo(Kind.FRAME_TRUNCATED);
        assertThat(peer.recorder.reason().failure()).hasMessageContaining("after 6 bytes");
    }

    @Test
    void aStrangersProtocolIsNamed() {
        peer.open();

        peer.receive("GET / HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(StandardCharsets.US_ASCII));

        assertThat(peer.recorder.reason().kind()).isEqualTo(Kind.FRAME_TOO_LARGE);
        assertThat(peer.recorder.reason().initiator()).isEqualTo(Initiator.PEER);
        assertThat(peer.recorder.reason().failure())
                .hasMessageContaining("1048576")
                .hasMessageContaining("47 45 54 20")
                .hasMessageContaining("HTTP")
                .hasMessageContaining("embedded");
    }

    @Test
    void answersToGoodFramesStillGoOutWhenABadOneFollows() {
        peer.onFrame(ECHO).open();

        peer.receive(concat(frame("good"), new byte[] {-1, -1, -1, -1}));

        assertThat(peer.written()).containsExactly(frame("good"));
        assertThat(peer.recorder.reason().kind().name()).startsWith("FRAME_");
    }

    @Test
    void aPauseTakesEffectBetweenTwoFramesAndResumeBringsTheRest() {
        peer.onFrame((connection, frame) -> connection.pauseReading()).open();

        peer.receive(concat(frame("1"), frame("2"), Arrays.copyOf(frame("3"), 2)));
        assertThat(peer.recorder.frames).containsExactly("1");
        assertThat(peer.channel().config().isAutoRead()).isFalse();

        peer.connection().resumeReading();
        assertThat(peer.recorder.frames).containsExactly("1", "2");

        peer.recorder.onFrame = null;
        peer.connection().resumeReading();
        byte[] third = frame("3");
        peer.receive(Arrays.copyOfRange(third, 2, third.length));
        assertThat(peer.recorder.frames).containsExactly("1", "2", "3");
        assertThat(peer.channel().config().isAutoRead()).isTrue();
    }

    @Test
    void bytesThatComeWhilePausedAreDeliveredInOrderLater() {
        peer.onFrame((connection, frame) -> connection.pauseReading()).open();

        peer.receive(frame("1"));
        peer.receive(concat(frame("2"), frame("3")));
        peer.recorder.onFrame = null;
        peer.connection().resumeReading();

        assertThat(peer.recorder.frames).containsExactly("1", "2", "3");
    }

    @Test
    void pauseAndResumeWithinOneCallChangeNothing() {
        peer.onFrame((connection, frame) -> {
                    connection.pauseReading();
                    connection.resumeReading();
                })
                .open();

        peer.receive(concat(frame("1"), frame("2"), frame("3")));

        assertThat(peer.recorder.frames).containsExactly("1", "2", "3");
    }

    @Test
    void refusesWhatWouldExceedTheCapAndSaysWhenThereIsRoomAgain() throws Exception {
        peer.writeQueueBytes(1 << 20).open();
        ByteBuf big = Unpooled.wrappedBuffer(new byte[(1 << 20) - 4]);
        ByteBuf one = text("x");

        assertThat(peer.connection().trySend(big)).isTrue();
        assertThat(peer.connection().trySend(one)).isFalse();
        assertThat(one.refCnt()).isEqualTo(1);
        assertThat(peer.connection().isWritable()).isFalse();
        CompletableFuture<Void> refused = peer.connection().send(one);
        assertThatThrownBy(refused::get)
                .isInstanceOf(ExecutionException.class)
                .cause()
                .isInstanceOfSatisfying(
                        RejectedException.class,
                        rejected -> assertThat(rejected.reason()).isEqualTo(RejectedException.Reason.WRITE_BUFFER_FULL))
                .hasMessageContaining("1048576");
        assertThat(one.refCnt()).isZero();

        peer.written();
        peer.channel().runPendingTasks();

        assertThat(peer.recorder.events).containsExactly("open", "writable");
        assertThat(peer.connection().pendingBytes()).isZero();
        assertThat(peer.connection().isWritable()).isTrue();
    }

    @Test
    void aFrameThatCanNeverBeSentIsRefusedAtTheCall() {
        peer.open();
        ByteBuf tooLong = Unpooled.wrappedBuffer(new byte[(1 << 20) + 1]);

        assertThatThrownBy(() -> peer.connection().trySend(tooLong))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("1048577")
                .hasMessageContaining("1048576");
        assertThat(tooLong.refCnt()).isEqualTo(1);
        assertThatThrownBy(() -> peer.connection().send(tooLong)).isInstanceOf(IllegalArgumentException.class);
        assertThat(tooLong.refCnt()).isZero();
        assertThat(peer.connection().pendingBytes()).isZero();
    }

    @Test
    void afterCloseFramesAreRefusedAndStayTheCallers() {
        peer.open();
        Connection connection = peer.connection();
        connection.close();
        ByteBuf late = text("late");

        assertThat(connection.trySend(late)).isFalse();
        assertThat(late.refCnt()).isEqualTo(1);
        assertThat(connection.send(late)).isCompletedExceptionally();
        assertThat(late.refCnt()).isZero();
    }

    @Test
    void sendCompletesWhenTheFrameIsWritten() {
        peer.open();

        CompletableFuture<Void> sent = peer.connection().send(text("x"));
        assertThat(sent).isNotDone();
        peer.channel().runPendingTasks();

        assertThat(sent).isCompleted();
    }

    @Test
    void aFrameNotWrittenWhenTheConnectionEndsFails() {
        peer.open();

        CompletableFuture<Void> sent = peer.connection().send(text("x"));
        peer.channel().pipeline().remove(FramedConnection.class);

        assertThatThrownBy(sent::get)
                .cause()
                .isInstanceOf(NetException.class)
                .hasMessageContaining("ended before this was written");
    }

    @Test
    void aWriteThroughThePipelineIsFramedToo() {
        peer.open();

        peer.channel().writeAndFlush(text("raw"));

        assertThat(peer.written()).containsExactly(frame("raw"));
    }

    @Test
    void theTimelineCountsBytesAndLife() {
        peer.onFrame(ECHO).open();
        peer.advance(Duration.ofMillis(3));
        peer.receive(frame("12345"));
        peer.advance(Duration.ofMillis(4));

        assertThat(peer.connection().timeline().bytesIn()).isEqualTo(9);
        assertThat(peer.connection().timeline().bytesOut()).isEqualTo(9);
        assertThat(peer.connection().timeline().firstByte()).isEqualTo(Duration.ofMillis(3));
        assertThat(peer.connection().timeline().lifetime()).isEqualTo(Duration.ofMillis(7));
        assertThat(peer.connection().timeline().tls()).isNull();
    }

    private static ByteBuf text(String text) {
        return Unpooled.copiedBuffer(text, StandardCharsets.UTF_8);
    }
}
