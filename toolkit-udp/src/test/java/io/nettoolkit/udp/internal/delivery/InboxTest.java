package io.nettoolkit.udp.internal.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.udp.RudpConfig;
import io.nettoolkit.udp.RudpSecurity;
import io.nettoolkit.udp.internal.wire.DataFrame;
import io.nettoolkit.udp.internal.wire.FrameReader;
import io.nettoolkit.udp.internal.wire.FrameVisitor;
import io.nettoolkit.udp.internal.wire.Frames;
import io.nettoolkit.udp.internal.wire.Varint;
import io.nettoolkit.udp.internal.wire.WireException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Messages that come in parts, whole, or as both: the sender cuts again what it has to repeat. */
class InboxTest {

    private static final RudpConfig CONFIG = RudpConfig.wan(RudpSecurity.plaintext());

    private final UnpooledByteBufAllocator allocator = new UnpooledByteBufAllocator(false, true);
    private final Inbox inbox = new Inbox(CONFIG, allocator);

    @AfterEach
    void leavesNothing() {
        inbox.close();
        inbox.discard();
        assertThat(inbox.bufferedBytes()).isZero();
        assertThat(allocator.metric().usedHeapMemory()).as("bytes leaked").isZero();
    }

    private void part(int order, long sequence, String message, int from, int to) {
        ByteBuf frame = Unpooled.buffer().writeByte(Frames.partType(order));
        Varint.write(frame, 0);
        Varint.write(frame, sequence);
        Varint.write(frame, from);
        Varint.write(frame, message.length());
        Varint.write(frame, to - from);
        receive(frame.writeBytes(message.substring(from, to).getBytes(StandardCharsets.US_ASCII)));
    }

    private void whole(int order, long sequence, String message) {
        ByteBuf frame = Unpooled.buffer().writeByte(Frames.wholeType(order));
        Varint.write(frame, 0);
        Varint.write(frame, sequence);
        Varint.write(frame, message.length());
        receive(frame.writeBytes(message.getBytes(StandardCharsets.US_ASCII)));
    }

    private void receive(ByteBuf frame) {
        FrameVisitor visitor = (FrameVisitor) Proxy.newProxyInstance(
                FrameVisitor.class.getClassLoader(),
                new Class<?>[] {FrameVisitor.class},
                (proxy, method, arguments) -> {
                    inbox.onData((DataFrame) arguments[0]);
                    return null;
                });
        try {
            new FrameReader().read(frame, visitor);
        } catch (WireException e) {
            throw new AssertionError(e);
        }
    }

    private List<String> read() {
        List<String> messages = new ArrayList<>();
        while (inbox.poll((channel, mode, content) -> {
            messages.add(content.toString(StandardCharsets.US_ASCII));
            content.release();
        })) {
            // The next.
        }
        return messages;
    }

    @ParameterizedTest
    @ValueSource(
            ints = {Frames.ORDERED, Frames.UNORDERED, Frames.SEQUENCED, Frames.UNRELIABLE, Frames.UNRELIABLE_SEQUENCED})
    void takesAMessageThatComesWholeAfterAPartOfIt(int order) {
        part(order, 0, "abcdef", 2, 4);
        assertThat(inbox.bufferedBytes()).isEqualTo(2);
        whole(order, 0, "abcdef");
        assertThat(inbox.bufferedBytes()).isEqualTo(6);
        assertThat(read()).containsExactly("abcdef");
        assertThat(inbox.bufferedBytes()).as("of nothing").isZero();
        assertThat(allocator.metric().usedHeapMemory()).isZero();
    }

    /** What is dropped counts as little as what is read: else the room of unreliable messages would be gone some day. */
    @Test
    void hasRoomForUnreliableMessagesHoweverOftenPartsAndWholeOnesCame() {
        String half = "x".repeat((int) CONFIG.receiveWindowBytes() / 2);
        for (int i = 0; i < 5; i++) {
            part(Frames.UNRELIABLE, i, half, 0, 1);
            whole(Frames.UNRELIABLE, i, half);
            assertThat(read()).extracting(String::length).containsExactly(half.length());
        }
        assertThat(inbox.dropped()).isZero();
    }

    @Test
    void dropsAWholeMessageOfAnotherLengthThanItsPart() {
        part(Frames.UNRELIABLE, 0, "abcdef", 2, 4);
        whole(Frames.UNRELIABLE, 0, "abc");
        assertThat(read()).isEmpty();
        assertThat(inbox.dropped()).isOne();
        part(Frames.UNRELIABLE, 0, "abcdef", 0, 3);
        part(Frames.UNRELIABLE, 0, "abcdef", 3, 6);
        assertThat(read()).containsExactly("abcdef");
    }

    static LongStream seeds() {
        return LongStream.rangeClosed(1, 200);
    }

    /** Messages cut anew for each repetition, until the last one is there. */
    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void putsMessagesTogetherHoweverTheyAreCutAndRepeated(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        int order = random.nextBoolean() ? Frames.ORDERED : Frames.UNORDERED;
        List<String> expected = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            expected.add(String.valueOf((char) ('a' + i)).repeat(1 + random.nextInt(20)));
        }
        List<String> read = new ArrayList<>();
        while (read.size() < expected.size()) {
            int i = random.nextInt(expected.size());
            String message = expected.get(i);
            if (random.nextInt(4) == 0) {
                whole(order, i, message);
            } else {
                int from = random.nextInt(message.length());
                part(order, i, message, from, from + 1 + random.nextInt(message.length() - from));
            }
            if (random.nextBoolean()) {
                read.addAll(read());
            }
        }
        if (order == Frames.ORDERED) {
            assertThat(read).isEqualTo(expected);
        } else {
            assertThat(read).containsExactlyInAnyOrderElementsOf(expected);
        }
        assertThat(inbox.bufferedBytes()).isZero();
    }
}
