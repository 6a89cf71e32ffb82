package io.nettoolkit.udp.internal.connection;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.udp.DeliveryMode;
import io.nettoolkit.udp.internal.delivery.OutMessage;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;

/**
 * One direction of random messages, and what has to be true of them: each arrives whole, at most once, in the order its
 * mode promises; and reliably where it was not given up.
 *
 * <p>A message is its number in its channel and order, then bytes that follow from that number.
 */
final class SimWorkload {

    static final int CHANNELS = 4;

    private static final List<DeliveryMode> MODES = List.of(DeliveryMode.values());

    /** What a token stands for. */
    record Sent(DeliveryMode mode, int channel, long number, int length) {}

    private final SimNetwork network;
    private final SplittableRandom random;
    private final UnpooledByteBufAllocator allocator;
    private final Map<String, Long> nextNumber = new HashMap<>();
    private final Map<String, List<Long>> received = new HashMap<>();
    final List<Sent> sent = new ArrayList<>();
    int largest = 60_000;

    SimWorkload(SimNetwork network, long seed) {
        this.network = network;
        random = new SplittableRandom(seed);
        allocator = network.allocator;
    }

    private static String key(DeliveryMode mode, int channel) {
        return (mode == DeliveryMode.PARTIAL ? DeliveryMode.RELIABLE_ORDERED : mode) + "/" + channel;
    }

    /** Writes so many messages at random times in the given span, but none in the lull in the middle of it. */
    void schedule(SimNode from, int count, long spanNanos, long lullNanos) {
        for (int i = 0; i < count; i++) {
            long at = random.nextLong(spanNanos - lullNanos);
            network.clock.in(at < (spanNanos - lullNanos) / 2 ? at : at + lullNanos, () -> writeOne(from));
        }
    }

    void writeOne(SimNode from) {
        if (from.connection == null || from.connection.isTerminated()) {
            return;
        }
        DeliveryMode mode = MODES.get(random.nextInt(MODES.size()));
        int channel = random.nextInt(CHANNELS);
        int length = switch (random.nextInt(20)) {
            case 0 -> random.nextInt(largest);
            case 1, 2, 3 -> random.nextInt(Math.min(largest, 5000));
            default -> random.nextInt(300);
        };
        write(from, mode, channel, Math.max(8, length));
    }

    void write(SimNode from, DeliveryMode mode, int channel, int length) {
        long number = nextNumber.merge(key(mode, channel), 1L, Long::sum) - 1;
        Sent token = new Sent(mode, channel, number, length);
        ByteBuf content = allocator.heapBuffer(length).writeBytes(bytes(number, length));
        OutMessage message = from.connection()
                .message(content)
                .channel(channel)
                .mode(mode)
                .priority(random.nextInt(8))
                .token(token);
        if (mode == DeliveryMode.PARTIAL) {
            message.deadlineNanos(network.clock.now() + random.nextLong(2 * SimClock.SECONDS));
        }
        sent.add(token);
        from.write(token, message);
    }

    private static byte[] bytes(long number, int length) {
        byte[] bytes = new byte[length];
        for (int i = 8; i < length; i++) {
            bytes[i] = (byte) (number * 31 + i * 7L + (i >> 8));
        }
        ByteBuffer.wrap(bytes).putLong(number);
        return bytes;
    }

    void receiveAt(SimNode node) {
        node.sink = this::onMessage;
    }

    private void onMessage(int channel, DeliveryMode mode, ByteBuf content) {
        try {
            byte[] bytes = ByteBufUtil.getBytes(content);
            long number = content.readLong();
            if (!Arrays.equals(bytes, bytes(number, bytes.length))) {
                throw new AssertionError(mode + " " + number + " on channel " + channel + " was altered");
            }
            List<Long> before = received.computeIfAbsent(key(mode, channel), k -> new ArrayList<>());
            if (mode != DeliveryMode.RELIABLE_UNORDERED && mode != DeliveryMode.UNRELIABLE && !before.isEmpty()) {
                assertThat(number)
                        .as("%s on channel %s, in order", mode, channel)
                        .isGreaterThan(before.get(before.size() - 1));
            }
            before.add(number);
        } finally {
            content.release();
        }
    }

    /** Everything is over: what has to have arrived has. */
    void check(SimNode sender) {
        Map<String, Set<Long>> sets = new HashMap<>();
        received.forEach((key, numbers) -> {
            sets.put(key, new HashSet<>(numbers));
            assertThat(sets.get(key)).as("%s, each once", key).hasSameSizeAs(numbers);
        });
        for (Sent message : sent) {
            String outcome = sender.outcomes.get(message);
            boolean arrived = sets.getOrDefault(key(message.mode(), message.channel()), Set.of())
                    .contains(message.number());
            if (message.mode().isReliable() && outcome == null) {
                throw new AssertionError(message + " has no outcome");
            }
            if ("acknowledged".equals(outcome) && message.mode() != DeliveryMode.RELIABLE_SEQUENCED) {
                assertThat(arrived)
                        .as("%s was acknowledged and arrived", message)
                        .isTrue();
            }
            boolean certain = message.mode() == DeliveryMode.RELIABLE_ORDERED
                    || message.mode() == DeliveryMode.RELIABLE_UNORDERED;
            if (certain && !"acknowledged".equals(outcome)) {
                throw new AssertionError(message + " ended as " + outcome);
            }
        }
    }

    int receivedCount() {
        return received.values().stream().mapToInt(List::size).sum();
    }
}
