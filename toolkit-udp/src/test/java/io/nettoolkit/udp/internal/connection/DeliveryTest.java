package io.nettoolkit.udp.internal.connection;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.udp.DeliveryMode;
import io.nettoolkit.udp.RudpConfig;
import io.nettoolkit.udp.RudpSecurity;
import io.nettoolkit.udp.RudpStats;
import io.nettoolkit.udp.internal.delivery.OutMessage;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The modes of delivery, channels, priorities, parts, credit. */
class DeliveryTest {

    private static final long MILLIS = SimClock.MILLIS;
    private static final long SECONDS = SimClock.SECONDS;

    private final RudpConfig config = RudpConfig.wan(RudpSecurity.plaintext());
    private SimNetwork network;
    private SimNode client;
    private SimNode server;
    private final List<String> received = new ArrayList<>();

    @BeforeEach
    void establish() {
        network = new SimNetwork(5, config, config);
        client = network.dial(2);
        network.clock.runUntil(SECONDS);
        server = network.accepted.get(0);
        server.sink = (channel, mode, content) -> {
            received.add(channel + ":" + content.readLong());
            content.release();
        };
    }

    @AfterEach
    void leavesNothing() {
        if (!client.connection().isTerminated()) {
            client.connection().abort(network.clock.now());
            client.pump();
        }
        network.finish(60 * SECONDS);
    }

    private OutMessage message(int channel, long number, int length) {
        return client.connection()
                .message(network.allocator.heapBuffer(length).writeLong(number).writeZero(length - 8))
                .channel(channel)
                .token(channel + ":" + number);
    }

    private void run(long nanos) {
        network.clock.runUntil(network.clock.now() + nanos);
    }

    /** Drops the next datagram to the server. */
    private void loseNext() {
        network.tapToServer = datagram -> {
            network.tapToServer = next -> next;
            return null;
        };
    }

    @Test
    void keepsNoChannelWaitingForAnother() {
        loseNext();
        client.write(message(1, 1, 100));
        client.write(message(1, 2, 100));
        client.write(message(2, 1, 100));
        run(15 * MILLIS);
        assertThat(received).containsExactly("2:1");
        run(SECONDS);
        assertThat(received).containsExactly("2:1", "1:1", "1:2");
        assertThat(client.outcomes.values()).containsOnly("acknowledged").hasSize(3);
    }

    /** After a rest numbers, credit and what was counted go on where they were. */
    @Test
    void goesOnAfterARest() {
        for (int i = 1; i <= 5; i++) {
            if (i == 3) {
                loseNext();
            }
            client.write(message(1, i, 5000));
            client.write(message(2, i, 100).mode(DeliveryMode.RELIABLE_SEQUENCED));
            run(4 * SECONDS);
            assertThat(client.rests).isEqualTo(i);
            assertThat(server.rests).isEqualTo(i);
            assertThat(received).contains("1:" + i, "2:" + i).hasSize(2 * i);
        }
        RudpStats stats = client.connection().stats();
        assertThat(stats.sent().messages()).isEqualTo(10);
        assertThat(stats.sent().acknowledged()).isEqualTo(10);
        assertThat(stats.sent().lost()).isPositive();
        assertThat(server.connection().stats().received().messages()).isEqualTo(10);
        assertThat(server.connection().stats().received().duplicates()).isZero();
    }

    @Test
    void keepsUnorderedMessagesFromWaiting() {
        loseNext();
        client.write(message(0, 1, 100).mode(DeliveryMode.RELIABLE_UNORDERED));
        client.write(message(0, 2, 100).mode(DeliveryMode.RELIABLE_UNORDERED));
        run(SECONDS);
        assertThat(received).containsExactly("0:2", "0:1");
    }

    @Test
    void deliversTheNewestOfASequence() {
        loseNext();
        for (int i = 1; i <= 3; i++) {
            client.write(message(0, i, 100).mode(DeliveryMode.RELIABLE_SEQUENCED));
        }
        run(SECONDS);
        assertThat(received).endsWith("0:3").doesNotContain("0:1");
        assertThat(client.outcomes).containsEntry("0:1", "SUPERSEDED").containsEntry("0:3", "acknowledged");
        assertThat(client.connection().outbox().isSettled()).isTrue();
    }

    @ParameterizedTest
    @EnumSource(names = {"UNRELIABLE", "UNRELIABLE_SEQUENCED"})
    void sendsUnreliableMessagesOnce(DeliveryMode mode) {
        loseNext();
        client.write(message(0, 1, 100).mode(mode));
        client.write(message(0, 2, 100).mode(mode));
        run(SECONDS);
        assertThat(received).containsExactly("0:2");
        assertThat(client.sent).containsExactly("0:1", "0:2");
        assertThat(client.outcomes).isEmpty();
        assertThat(client.connection().stats().sent().retransmittedBytes()).isZero();
    }

    @Test
    void dropsAnUnreliableMessageThatANewerOneOvertook() {
        network.toServer.delayNanos = 200 * MILLIS;
        client.write(message(0, 1, 100).mode(DeliveryMode.UNRELIABLE_SEQUENCED));
        network.toServer.delayNanos = 10 * MILLIS;
        client.write(message(0, 2, 100).mode(DeliveryMode.UNRELIABLE_SEQUENCED));
        run(SECONDS);
        assertThat(received).containsExactly("0:2");
        assertThat(server.connection().stats().received().dropped()).isEqualTo(1);
    }

    @Test
    void carriesUnreliableMessagesOfManyParts() {
        client.write(message(0, 1, 50_000).mode(DeliveryMode.UNRELIABLE));
        run(SECONDS);
        assertThat(received).containsExactly("0:1");
    }

    @Test
    void movesPastAMessageWhoseDeadlinePassed() {
        network.toServer.loss = 1;
        client.write(message(0, 1, 3000).mode(DeliveryMode.PARTIAL).deadlineNanos(network.clock.now() + 100 * MILLIS));
        client.write(message(0, 2, 100));
        run(99 * MILLIS);
        assertThat(client.outcomes).isEmpty();
        run(2 * MILLIS);
        assertThat(client.outcomes).containsEntry("0:1", "EXPIRED");
        network.toServer.loss = 0;
        run(2 * SECONDS);
        assertThat(received).containsExactly("0:2");
        assertThat(server.connection().stats().received().bufferedBytes()).isZero();
    }

    /** Else what comes after it was acknowledged, and is never handed out. */
    @Test
    void doesNotCloseBeforeThePeerKnowsWhatWasGivenUp() {
        network.toServer.loss = 1;
        client.write(message(0, 1, 3000).mode(DeliveryMode.PARTIAL).deadlineNanos(network.clock.now() + 100 * MILLIS));
        run(101 * MILLIS);
        assertThat(client.outcomes).containsEntry("0:1", "EXPIRED");
        network.toServer.loss = 0;
        client.write(message(0, 2, 100));
        client.close();
        loseNext();
        run(5 * SECONDS);
        assertThat(client.outcomes).containsEntry("0:2", "acknowledged");
        assertThat(received).containsExactly("0:2");
        assertThat(client.closed.isOrderly()).isTrue();
    }

    @Test
    void deliversAPartialMessageInTime() {
        client.write(message(0, 1, 3000).mode(DeliveryMode.PARTIAL).deadlineNanos(network.clock.now() + SECONDS));
        run(2 * SECONDS);
        assertThat(received).containsExactly("0:1");
        assertThat(client.outcomes).containsEntry("0:1", "acknowledged").hasSize(1);
    }

    @Test
    void sendsWhatIsUrgentFirst() {
        for (int i = 0; i < 100; i++) {
            client.connection().write(network.clock.now(), message(0, i, 1000).priority(1));
        }
        client.connection().write(network.clock.now(), message(1, 0, 1000).priority(7));
        client.pump();
        run(SECONDS);
        assertThat(received).hasSize(101);
        assertThat(received.get(0)).isEqualTo("1:0");
    }

    @Test
    void servesQueuesOfOnePriorityInTurn() {
        for (int i = 0; i < 200; i++) {
            client.connection().write(network.clock.now(), message(i / 100, i % 100, 1000));
        }
        client.pump();
        run(2 * SECONDS);
        assertThat(received).hasSize(200);
        long first = received.subList(0, 20).stream()
                .filter(id -> id.startsWith("0"))
                .count();
        assertThat(first).as("of the first twenty").isEqualTo(10);
    }

    @Test
    void putsSmallMessagesTogether() {
        long before = network.toServer.sent;
        for (int i = 0; i < 100; i++) {
            client.connection().write(network.clock.now(), message(0, i, 20));
        }
        client.pump();
        run(5 * MILLIS);
        assertThat(network.toServer.sent - before)
                .as("datagrams for 100 messages of 20 bytes")
                .isEqualTo(3);
        run(SECONDS);
        assertThat(received).hasSize(100);
    }

    @Test
    void doesNotCutWhatFitsInADatagram() {
        for (int i = 0; i < 20; i++) {
            client.connection().write(network.clock.now(), message(0, i, 700));
        }
        long before = network.toServer.sent;
        client.pump();
        run(SECONDS);
        assertThat(network.toServer.sent - before).isBetween(20L, 22L);
    }

    @Test
    void carriesAnEmptyMessage() {
        server.sink = (channel, mode, content) -> {
            received.add("empty " + content.readableBytes());
            content.release();
        };
        loseNext();
        client.write(
                client.connection().message(network.allocator.heapBuffer(0)).token("e"));
        run(2 * SECONDS);
        assertThat(received).containsExactly("empty 0");
        assertThat(client.outcomes).containsEntry("e", "acknowledged");
    }

    @Test
    void refusesWhatThePeerDoesNotTake() {
        client.write(message(64, 1, 8));
        client.write(message(0, 2, config.maxMessageBytes() + 1));
        client.write(message(0, 3, 8));
        run(SECONDS);
        assertThat(received).containsExactly("0:3");
        assertThat(client.outcomes).containsEntry("64:1", "NO_SUCH_CHANNEL").containsEntry("0:2", "TOO_LONG");
    }

    @Test
    void stopsWhenNothingIsRead() {
        server.reading = false;
        for (int i = 0; i < 40; i++) {
            client.write(message(0, i, 50_000));
        }
        run(20 * SECONDS);
        assertThat(server.connection().stats().received().bufferedBytes())
                .isBetween(config.receiveWindowBytes() - 50_000, config.receiveWindowBytes());
        assertThat(client.connection().isWritable()).isTrue();
        assertThat(client.connection().stats().sent().queuedBytes()).isPositive();
        server.reading = true;
        server.pump();
        run(5 * SECONDS);
        assertThat(received).hasSize(40);
        assertThat(server.connection().stats().received().bufferedBytes()).isZero();
    }

    @Test
    void stopsAfterTooManyMessagesHoweverSmall() {
        server.reading = false;
        for (int i = 0; i < 10_000; i++) {
            client.connection().write(network.clock.now(), message(i % 3, i, 8));
        }
        client.pump();
        run(10 * SECONDS);
        assertThat(server.connection().stats().received().bufferedBytes()).isEqualTo(8L * config.maxUnreadMessages());
        server.reading = true;
        server.pump();
        run(5 * SECONDS);
        assertThat(received).hasSize(10_000);
    }

    @Test
    void widensTheWindowOfAFastReader() {
        network.toServer.delayNanos = 100 * MILLIS;
        network.toClient.delayNanos = 100 * MILLIS;
        network.toServer.bytesPerSecond = 12_500_000;
        int[] written = {0};
        for (int tick = 0; tick < 1000; tick++) {
            network.clock.in(tick * (10 * MILLIS), () -> {
                while (client.connection().outbox().queuedBytes() < 4 << 20) {
                    client.connection().write(network.clock.now(), message(0, written[0]++, 100_000));
                }
                client.pump();
            });
        }
        run(4 * SECONDS);
        int before = received.size();
        run(5 * SECONDS);
        long perSecond = (received.size() - before) * 100_000L / 5;
        assertThat(perSecond).as("bytes a second; a window of 1 MiB gives 5 MB").isGreaterThan(8_000_000L);
        assertThat(server.mostBuffered).isLessThanOrEqualTo(config.maxReceiveWindowBytes());
        run(5 * SECONDS);
    }

    @Test
    void isNotWritableWhileTooMuchWaits() {
        network.toServer.loss = 1;
        for (int i = 0; i < 3; i++) {
            assertThat(client.connection().isWritable()).isTrue();
            client.write(message(0, i, 500_000));
        }
        assertThat(client.connection().isWritable()).isFalse();
        network.toServer.loss = 0;
        run(10 * SECONDS);
        assertThat(client.connection().isWritable()).isTrue();
    }

    /** After two seconds memory is given back; nothing of what matters may go with it. */
    @Test
    void goesOnAfterALongPause() {
        for (int i = 1; i <= 5; i++) {
            client.write(message(0, i, 8));
            client.write(message(1, i, 8).mode(DeliveryMode.RELIABLE_UNORDERED));
            loseNext();
            client.write(message(0, 10 + i, 3000));
            run(12 * SECONDS);
        }
        assertThat(received)
                .containsExactly(
                        "0:1", "1:1", "0:11", "0:2", "1:2", "0:12", "0:3", "1:3", "0:13", "0:4", "1:4", "0:14", "0:5",
                        "1:5", "0:15");
    }

    @Test
    void goesOnWhereTheClientsAddressChanges() {
        client.write(message(0, 1, 8));
        run(SECONDS);
        client.rebind(SimNetwork.address(2, 7777));
        client.write(message(0, 2, 8));
        run(SECONDS);
        SimWorkload down = new SimWorkload(network, 1);
        down.receiveAt(client);
        down.write(server, DeliveryMode.RELIABLE_ORDERED, 0, 100_000);
        run(3 * SECONDS);
        assertThat(received).containsExactly("0:1", "0:2");
        assertThat(down.receivedCount()).isEqualTo(1);
        assertThat(server.connection().remote()).isEqualTo(SimNetwork.address(2, 7777));
        assertThat(server.pathChanges).isEqualTo(1);
    }
}
