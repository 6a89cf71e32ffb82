package io.nettoolkit.tcp.internal;

import static io.nettoolkit.tcp.internal.EmbeddedConnection.concat;
import static io.nettoolkit.tcp.internal.EmbeddedConnection.frame;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nettoolkit.tcp.Connection;
import io.nettoolkit.tcp.FrameHandler;
import io.nettoolkit.tcp.Limits;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.util.IllegalReferenceCountException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What happens to frames between the call and the socket. */
class SendQueueTest {

    private static final int CAP = 1 << 20;

    private final EmbeddedConnection peer = new EmbeddedConnection().writeQueueBytes(CAP);

    @AfterEach
    void releaseEverything() {
        peer.close();
    }

    @Test
    void framesOfAnotherThreadKeepTheirOrderAndLeaveTogether() throws Exception {
        peer.open();
        Connection connection = peer.connection();

        CompletableFuture.runAsync(() -> {
                    for (String text : List.of("1", "2", "3")) {
                        assertThat(connection.trySend(text(text))).isTrue();
                    }
                    connection.send(text("4"));
                })
                .get();
        assertThat(connection.pendingBytes())
                .as("reserved before the loop has them")
                .isEqualTo(4 * 5);

        assertThat(peer.written()).containsExactly(concat(frame("1"), frame("2"), frame("3"), frame("4")));
        assertThat(connection.pendingBytes()).isZero();
    }

    @Test
    void theCapHoldsForFramesThatHaveNotReachedTheLoop() throws Exception {
        peer.open();
        Connection connection = peer.connection();
        ByteBuf half = Unpooled.wrappedBuffer(new byte[CAP / 2 - 4]);
        ByteBuf rest = Unpooled.wrappedBuffer(new byte[CAP / 2 - 3]);

        CompletableFuture.runAsync(() -> {
                    assertThat(connection.trySend(half)).isTrue();
                    assertThat(connection.trySend(rest)).isFalse();
                })
                .get();

        assertThat(rest.refCnt()).isEqualTo(1);
        assertThat(connection.pendingBytes()).isEqualTo(CAP / 2);
        assertThat(connection.trySend(rest.readSlice(CAP / 2 - 4)))
                .as("exactly what is left")
                .isTrue();
    }

    @Test
    void aRefusalOnAnotherThreadIsFollowedByOnWritable() throws Exception {
        peer.open();
        Connection connection = peer.connection();
        ByteBuf large = Unpooled.wrappedBuffer(new byte[CAP - 4]);
        ByteBuf refused = text("x");
        CompletableFuture.runAsync(() -> {
                    assertThat(connection.trySend(large)).isTrue();
                    assertThat(connection.trySend(refused)).isFalse();
                })
                .get();
        refused.release();

        peer.written();

        assertThat(peer.recorder.events).containsExactly("open", "writable");
    }

    @Test
    void withoutARefusalNobodyIsTold() {
        peer.open();

        peer.connection().trySend(Unpooled.wrappedBuffer(new byte[CAP - 4]));
        peer.written();

        assertThat(peer.recorder.events).containsExactly("open");
    }

    /**
     * A large frame refused while the queue is less than half full has no use for a word at once: it would be refused
     * again, and the loop would spin.
     */
    @Test
    void aRefusedLargeFrameIsToldWhenThereIsRoomForIt() {
        List<Boolean> answers = new ArrayList<>();
        ByteBuf large = Unpooled.wrappedBuffer(new byte[CAP * 3 / 4]);
        FrameHandler eager = new FrameHandler() {
            @Override
            public void onFrame(Connection connection, ByteBuf frame) {}

            @Override
            public void onWritable(Connection connection) {
                answers.add(connection.trySend(large));
            }
        };
        ConnectionOptions options = ConnectionOptions.forServer(EmbeddedConnection.FORMAT, eager);
        options.limits = Limits.builder().writeQueueBytes(CAP).build();
        ConnectionGroup group = new ConnectionGroup(options);
        Gate gate = new Gate();
        EmbeddedChannel channel = new EmbeddedChannel(gate, new ChannelInitializer<>() {
            @Override
            protected void initChannel(Channel opened) {
                group.build(opened, null, null, -1);
            }
        });
        Connection connection = Connection.of(channel);
        connection.trySend(Unpooled.wrappedBuffer(new byte[CAP * 3 / 8]));
        channel.runPendingTasks();
        assertThat(connection.trySend(large)).isFalse();

        channel.runPendingTasks();
        assertThat(answers).as("told before there was room").isEmpty();

        gate.open();
        channel.runPendingTasks();
        assertThat(answers).containsExactly(true);
        channel.finishAndReleaseAll();
    }

    /** The bytes of a header without its frame would break the stream for good. */
    @Test
    void aFrameThatWasReleasedAlreadyIsRefusedAndLeavesTheStreamWhole() {
        peer.open();
        ByteBuf gone = text("gone");
        gone.release();

        assertThatThrownBy(() -> peer.connection().trySend(gone)).isInstanceOf(IllegalReferenceCountException.class);
        assertThatThrownBy(() -> peer.connection().send(gone)).isInstanceOf(IllegalReferenceCountException.class);
        peer.connection().trySend(text("next"));

        assertThat(peer.written()).containsExactly(frame("next"));
        assertThat(peer.connection().pendingBytes()).isZero();
    }

    /** The cap is in bytes of messages; the length field in front does not make the largest one unsendable. */
    @Test
    void theLargestFrameFitsACapOfItsSizeWhenTheQueueIsEmpty() {
        peer.open();

        assertThat(peer.connection().trySend(Unpooled.wrappedBuffer(new byte[CAP])))
                .isTrue();
        assertThat(peer.connection().trySend(Unpooled.EMPTY_BUFFER)).isFalse();

        peer.written();
        assertThat(peer.connection().pendingBytes()).isZero();
    }

    @Test
    void aPipelineWriteOfSomethingElseFails() {
        peer.open();

        assertThat(peer.channel().writeAndFlush("text").cause())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("java.lang.String")
                .hasMessageContaining("ByteBuf");
        assertThat(peer.channel().isOpen()).isTrue();
    }

    @Test
    void sendsFromWithinOnFrameAndOnOpenLeaveWithTheBurst() {
        peer.onFrame((connection, frame) -> {
                    connection.send(text("answer"));
                    connection.trySend(text("and more"));
                })
                .open();

        peer.receive(frame("1"), frame("2"));

        assertThat(peer.written())
                .containsExactly(concat(frame("answer"), frame("and more"), frame("answer"), frame("and more")));
    }

    @Test
    void moreThanABatchLeavesInSeveralWritesInOrder() {
        peer.open();
        StringBuilder expected = new StringBuilder();
        for (int i = 0; i < 100; i++) {
            String text = "x".repeat(2_000) + i;
            peer.connection().trySend(text(text));
            expected.append(new String(frame(text), StandardCharsets.ISO_8859_1));
        }

        byte[] all = Frames.concat(peer.written());

        assertThat(new String(all, StandardCharsets.ISO_8859_1)).isEqualTo(expected.toString());
        assertThat(peer.connection().pendingBytes()).isZero();
    }

    private static ByteBuf text(String text) {
        return Unpooled.copiedBuffer(text, StandardCharsets.UTF_8);
    }

    /** A socket that takes nothing until it is told to. */
    private static final class Gate extends ChannelOutboundHandlerAdapter {

        private final List<Runnable> held = new ArrayList<>();
        private boolean open;

        @Override
        public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
            if (open) {
                ctx.write(message, promise);
            } else {
                held.add(() -> ctx.writeAndFlush(message, promise));
            }
        }

        void open() {
            open = true;
            held.forEach(Runnable::run);
        }
    }
}
