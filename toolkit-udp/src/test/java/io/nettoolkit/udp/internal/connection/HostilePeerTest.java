package io.nettoolkit.udp.internal.connection;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.core.NetException;
import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.udp.DeliveryMode;
import io.nettoolkit.udp.RudpConfig;
import io.nettoolkit.udp.RudpSecurity;
import io.nettoolkit.udp.internal.wire.AckFrame;
import io.nettoolkit.udp.internal.wire.Frames;
import io.nettoolkit.udp.internal.wire.PacketProtection;
import io.nettoolkit.udp.internal.wire.Varint;
import io.nettoolkit.udp.internal.wire.Wire;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A client that made an honest connection in plaintext and then sends what it likes; another one that is served on. */
class HostilePeerTest {

    private static final long SECONDS = SimClock.SECONDS;

    private final RudpConfig config = RudpConfig.wan(RudpSecurity.plaintext()).toBuilder()
            .idleTimeout(Duration.ofMinutes(10))
            .build();
    private final SimNetwork network = new SimNetwork(11, config, config);
    private SimNode hostile;
    private SimNode honest;
    private SimNode victim;
    private SimWorkload service;
    private long number = 1000;

    @BeforeEach
    void establish() {
        hostile = network.dial(2);
        network.clock.runUntil(SECONDS);
        victim = network.accepted.get(0);
        honest = network.dial(3);
        network.clock.runUntil(2 * SECONDS);
        service = new SimWorkload(network, 1);
        service.receiveAt(network.accepted.get(1));
    }

    /** Whatever happened to the one: the other is served, and nothing leaks. */
    @AfterEach
    void servesOthers() {
        service.write(honest, DeliveryMode.RELIABLE_ORDERED, 0, 50_000);
        network.clock.runUntil(network.clock.now() + 2 * SECONDS);
        assertThat(service.receivedCount()).isEqualTo(1);
        network.all().forEach(node -> {
            node.connection().abort(network.clock.now());
            node.pump();
        });
        network.finish(120 * SECONDS);
    }

    private void inject(Consumer<ByteBuf> frames) {
        ByteBuf packet = Unpooled.buffer();
        Wire.writeHeader(packet, victim.connection().localId(), number);
        frames.accept(packet);
        PacketProtection.NONE.seal(packet, 0, number);
        number++;
        byte[] datagram = new byte[packet.readableBytes()];
        packet.readBytes(datagram);
        victim.onDatagram(hostile.local(), datagram);
    }

    private static void part(ByteBuf out, int order, long sequence, int offset, int total) {
        out.writeByte(Frames.partType(order));
        Varint.write(out, 0);
        Varint.write(out, sequence);
        Varint.write(out, offset);
        Varint.write(out, total);
        Varint.write(out, 1);
        out.writeByte(7);
    }

    private static void whole(ByteBuf out, int order, int channel, long sequence, int length) {
        out.writeByte(Frames.wholeType(order));
        Varint.write(out, channel);
        Varint.write(out, sequence);
        Varint.write(out, length);
        out.writeZero(length);
    }

    private void assertEndedBecause(String reason) {
        assertThat(victim.closed).as("the connection ended").isNotNull();
        assertThat(victim.closed.kind()).isEqualTo(Kind.PROTOCOL);
        assertThat(victim.closed.failure()).hasMessageContaining(reason);
    }

    @Test
    void endsAConnectionThatAcknowledgesWhatWasNotSent() {
        AckFrame ack = new AckFrame();
        ack.reset(0);
        ack.add(0, 1_000_000);
        inject(out -> Frames.writeAck(out, ack, 100));
        assertEndedBecause("is acknowledged and was not sent");
    }

    @Test
    void seesThroughOptimisticAcknowledgements() {
        SimWorkload down = new SimWorkload(network, 2);
        hostile.sink = (channel, mode, content) -> content.release();
        for (int i = 0; i < 2000 && victim.closed == null; i++) {
            down.write(victim, DeliveryMode.RELIABLE_UNORDERED, 0, 1000);
            long next = victim.connection().recovery().sent().nextPacketNumber();
            AckFrame ack = new AckFrame();
            ack.reset(0);
            ack.add(0, next - 1);
            inject(out -> Frames.writeAck(out, ack, 100));
            network.clock.runUntil(network.clock.now() + SimClock.MILLIS);
        }
        assertEndedBecause("which was left out");
        assertThat(victim.connection().recovery().sent().nextPacketNumber())
                .as("packets until it fell in")
                .isLessThan(600);
    }

    @Test
    void keepsAFewRangesHoweverManyGapsAreOpened() {
        for (int i = 0; i < 20_000; i++) {
            number++;
            inject(out -> Frames.writePing(out));
        }
        assertThat(victim.closed).isNull();
        AckFrame ack = new AckFrame();
        victim.connection().acks().describe(ack, 0);
        assertThat(ack.count()).isLessThanOrEqualTo(32);
    }

    /** Acknowledgements pile up above a packet that is never acknowledged: what they cost has to end. */
    @Test
    void endsAConnectionThatSendsForEverAndAcknowledgesNothing() {
        network.unplug(hostile);
        SimWorkload down = new SimWorkload(network, 2);
        down.write(victim, DeliveryMode.RELIABLE_ORDERED, 0, 1000);
        long most = 0;
        for (int i = 0; i < 200_000 && victim.closed == null; i++) {
            inject(out -> Frames.writePing(out));
            most = Math.max(most, victim.connection().recovery().packetsRemembered());
        }
        assertEndedBecause("nothing is acknowledged");
        assertThat(most).isBetween(60_000L, 70_000L);
        assertThat(victim.connection().recovery().packetsRemembered())
                .as("the CLOSE")
                .isLessThanOrEqualTo(1);
    }

    @Test
    void endsAConnectionThatOpensGapsBetweenMessages() {
        network.unplug(hostile);
        AckFrame all = new AckFrame();
        for (int i = 0; i < 100_000 && victim.closed == null; i++) {
            long sequence = 2L * i;
            inject(out -> whole(out, Frames.UNORDERED, 0, sequence, 1));
            if (i % 20 == 0) {
                // As an honest peer would, so that credit is renewed for ever.
                all.reset(0);
                long newest = victim.connection().recovery().sent().nextPacketNumber() - 1;
                all.add(newest, newest);
                inject(out -> Frames.writeAck(out, all, 100));
                network.clock.runUntil(network.clock.now() + 10 * SimClock.MILLIS);
            }
        }
        assertEndedBecause("is not done");
    }

    @Test
    void buffersNoMoreThanItGrantedWhateverPartsCome() {
        for (int i = 0; i < 100 && victim.closed == null; i++) {
            long sequence = i;
            inject(out -> part(out, Frames.ORDERED, sequence, 0, 100_000));
        }
        assertEndedBecause("goes beyond the credit");
        assertThat(victim.mostBuffered).isLessThan(100);
    }

    @Test
    void boundsTheNumberOfMessagesThatWait() {
        // Number 0 never comes, so that none of them can be handed over.
        for (int i = 1; i < 20_000 && victim.closed == null; i++) {
            long sequence = i;
            inject(out -> whole(out, Frames.ORDERED, 0, sequence, 0));
        }
        assertEndedBecause("goes beyond the credit");
    }

    @Test
    void boundsPartsOfUnreliableMessages() {
        for (int i = 0; i < 5000; i++) {
            long sequence = i;
            inject(out -> part(out, Frames.UNRELIABLE, sequence, 0, 100_000));
            inject(out -> part(out, Frames.UNRELIABLE_SEQUENCED, sequence, 0, 100_000));
        }
        assertThat(victim.closed).isNull();
        assertThat(network.allocator.metric().usedHeapMemory()).isLessThanOrEqualTo(config.receiveWindowBytes());
    }

    @Test
    void boundsUnreliableMessagesThatAreNotRead() {
        victim.reading = false;
        for (int i = 0; i < 5000; i++) {
            long sequence = i;
            inject(out -> whole(out, Frames.UNRELIABLE, 0, sequence, 1000));
        }
        assertThat(victim.connection().stats().received().bufferedBytes())
                .isLessThanOrEqualTo(config.receiveWindowBytes());
        assertThat(victim.connection().stats().received().dropped()).isGreaterThan(3000);
        victim.reading = true;
        victim.pump();
    }

    @Test
    void endsAConnectionThatExceedsItsLimits() {
        inject(out -> part(out, Frames.ORDERED, 0, 0, config.maxMessageBytes() + 1));
        assertEndedBecause("a message of 1048577 bytes (at most 1048576)");
    }

    @Test
    void endsAConnectionThatUsesAChannelItDoesNotHave() {
        inject(out -> whole(out, Frames.UNORDERED, 64, 0, 1));
        assertEndedBecause("channel 64 (at most 63)");
    }

    @Test
    void endsAConnectionThatChangesTheLengthOfAMessage() {
        inject(out -> part(out, Frames.ORDERED, 0, 0, 100));
        inject(out -> part(out, Frames.ORDERED, 0, 1, 101));
        assertEndedBecause("has 100 bytes and 101");
    }

    @Test
    void endsAConnectionThatCancelsWithAnotherLength() {
        inject(out -> part(out, Frames.SEQUENCED, 0, 0, 100));
        inject(out -> Frames.writeCancel(out, Frames.SEQUENCED, 0, 0, 5));
        assertEndedBecause("has 100 bytes and 5");
    }

    @Test
    void endsAConnectionWithFramesItDoesNotKnow() {
        inject(out -> out.writeByte(0x7E));
        assertEndedBecause("unknown type 126");
    }

    @Test
    void endsAConnectionThatRetiresItsLastId() {
        inject(out -> Frames.writeRetireId(out, 0));
        assertThat(victim.closed).isNull();
        inject(out -> Frames.writeRetireId(out, 0));
        assertThat(victim.closed).as("told again").isNull();
        inject(out -> Frames.writeRetireId(out, 2));
        assertEndedBecause("connection id 2 is retired");
    }

    @Test
    void endsAConnectionThatIssuesIdsOutOfTurn() {
        inject(out -> Frames.writeNewId(out, 2, 77, new byte[16]));
        assertEndedBecause("connection id 2 while 0 is not retired");
    }

    @Test
    void endsAConnectionThatIssuesTwoIdsOfOneNumber() {
        inject(out -> Frames.writeNewId(out, 0, 77, new byte[16]));
        assertThat(victim.closed).as("of a number that is over").isNull();
        inject(out -> Frames.writeNewId(out, 1, 77, new byte[16]));
        assertEndedBecause("two connection ids of number 1");
    }

    @Test
    void dropsReplaysAndForeignDatagrams() {
        List<byte[]> datagrams = new ArrayList<>();
        network.tapToServer = datagram -> {
            datagrams.add(datagram);
            return datagram;
        };
        SimWorkload up = new SimWorkload(network, 5);
        up.receiveAt(victim);
        for (int i = 0; i < 50; i++) {
            up.write(hostile, DeliveryMode.UNRELIABLE, 0, 200);
        }
        network.clock.runUntil(4 * SECONDS);
        assertThat(up.receivedCount()).isEqualTo(50);
        network.tapToServer = datagram -> datagram;
        datagrams.forEach(datagram -> network.sendToServer(hostile.local(), datagram));
        network.clock.runUntil(5 * SECONDS);
        assertThat(up.receivedCount()).isEqualTo(50);
        assertThat(victim.connection().stats().received().duplicates()).isGreaterThanOrEqualTo(50);
    }

    @Test
    void sendsAnUnprovenAddressThreeTimesWhatCameAtMost() {
        SimWorkload down = new SimWorkload(network, 6);
        for (int i = 0; i < 500; i++) {
            down.write(victim, DeliveryMode.RELIABLE_UNORDERED, 0, 1000);
        }
        long[] toVictim = {0};
        network.tapToClient = datagram -> {
            toVictim[0] += datagram.length;
            return null;
        };
        byte[][] caught = new byte[1][];
        network.tapToServer = datagram -> {
            caught[0] = datagram;
            return null;
        };
        hostile.write(hostile.connection()
                .message(network.allocator.heapBuffer(200).writeZero(180))
                .mode(DeliveryMode.UNRELIABLE));
        byte[] spoofed = caught[0];
        assertThat(spoofed.length).isLessThanOrEqualTo(210);
        victim.onDatagram(SimNetwork.address(66, 666), spoofed);
        assertThat(victim.connection().remote()).isEqualTo(SimNetwork.address(66, 666));
        network.clock.runUntil(network.clock.now() + 40 * SimClock.MILLIS);
        assertThat(toVictim[0]).isBetween(1L, 3L * spoofed.length);
        network.tapToServer = datagram -> datagram;
        network.tapToClient = datagram -> datagram;
        network.clock.runUntil(network.clock.now() + 10 * SECONDS);
        assertThat(victim.connection().remote()).as("the old address again").isEqualTo(hostile.local());
        assertThat(victim.closed).isNull();
    }

    @Test
    void survivesRandomDatagrams() {
        SplittableRandom random = new SplittableRandom(99);
        for (int i = 0; i < 20_000; i++) {
            byte[] bytes = new byte[random.nextInt(1500)];
            random.nextBytes(bytes);
            if (random.nextBoolean() && bytes.length > 24) {
                ByteBuf head = Unpooled.wrappedBuffer(bytes).setIndex(0, 0);
                if (random.nextBoolean()) {
                    Wire.writeHeader(
                            head, random.nextBoolean() ? 5 : victim.connection().localId() + 1, i);
                    head.setShort(2, bytes.length);
                } else {
                    head.writeByte(Wire.HANDSHAKE_FORM)
                            .writeByte(random.nextInt(8))
                            .writeShort(bytes.length);
                }
            }
            network.sendToServer(SimNetwork.address(random.nextInt(250), 99), bytes);
            hostile.onDatagram(SimNetwork.SERVER, bytes);
        }
        network.clock.runUntil(network.clock.now() + SECONDS);
        assertThat(victim.closed).isNull();
        assertThat(hostile.closed).isNull();
        assertThat(hostile.connection().stats().received().invalid()).isGreaterThan(19_000);
    }

    @Test
    void dropsMutatedPacketsOrEndsWithATypedError() {
        List<byte[]> datagrams = new ArrayList<>();
        network.tapToServer = datagram -> {
            datagrams.add(datagram);
            return datagram;
        };
        SimWorkload up = new SimWorkload(network, 5);
        for (int i = 0; i < 40; i++) {
            up.writeOne(hostile);
        }
        network.clock.runUntil(4 * SECONDS);
        network.tapToServer = datagram -> datagram;
        for (long seed = 1; seed <= 60; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            SimNode client = network.dial(10 + (int) seed);
            int index = network.accepted.size();
            network.clock.runUntil(network.clock.now() + SECONDS);
            SimNode target = network.accepted.get(index);
            for (int i = 0; i < 200; i++) {
                byte[] copy = datagrams.get(random.nextInt(datagrams.size())).clone();
                ByteBuf packet = Unpooled.wrappedBuffer(copy);
                packet.setLong(4, target.connection().localId());
                packet.setInt(12, 100 + i);
                for (int flips = random.nextInt(4); flips > 0; flips--) {
                    copy[16 + random.nextInt(copy.length - 16)] = (byte) random.nextInt();
                }
                target.onDatagram(client.local(), copy);
            }
            if (target.closed != null && !target.closed.isOrderly()) {
                assertThat(target.closed.failure())
                        .as("seed %s: %s", seed, target.closed)
                        .isInstanceOfAny(NetException.class);
            }
        }
    }
}
