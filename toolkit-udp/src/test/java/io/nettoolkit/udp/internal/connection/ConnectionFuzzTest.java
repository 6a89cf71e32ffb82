package io.nettoolkit.udp.internal.connection;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.nettoolkit.core.CloseReason;
import io.nettoolkit.core.NetException;
import io.nettoolkit.udp.RudpConfig;
import io.nettoolkit.udp.RudpSecurity;
import io.nettoolkit.udp.internal.wire.Crc32cProtection;
import io.nettoolkit.udp.internal.wire.KeySchedule;
import io.nettoolkit.udp.internal.wire.PacketProtection;
import io.nettoolkit.udp.internal.wire.Wire;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.Objects;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * Any bytes to a server: as packets of an established connection, as a datagram at its door, as a cookie. Without {@code
 * JAZZER_FUZZ=1} in the environment the committed inputs are replayed; with it, and for instance {@code
 * -Dtest='ConnectionFuzzTest#takesAnyPacketInPlaintext'}, new ones are looked for.
 */
class ConnectionFuzzTest {

    private static final InetSocketAddress CLIENT = new InetSocketAddress("127.0.0.1", 1);
    private static final InetSocketAddress SERVER = new InetSocketAddress("127.0.0.1", 2);
    private static final int MOST_PACKETS = 8;
    private static final long MILLIS = 1_000_000;

    private final UnpooledByteBufAllocator allocator = new UnpooledByteBufAllocator(false, true);

    /** What a connection is told, of which the end matters. */
    private static final class Told implements ConnectionEvents {
        @Nullable
        CloseReason closed;

        @Override
        public void onEstablished() {}

        @Override
        public void onClosed(CloseReason reason) {
            assertThat(closed).as("closed twice").isNull();
            closed = reason;
        }

        @Override
        public void onPathChanged() {}

        @Override
        public void onSent(Object token) {}

        @Override
        public void onAcknowledged(Object token) {}

        @Override
        public void onDropped(Object token, Drop reason) {}
    }

    /** The bytes are the frames of up to eight packets; the first byte says how many. */
    @FuzzTest(maxDuration = "11m")
    void takesAnyPacketInPlaintext(byte[] bytes) {
        takesAnyPacket(RudpConfig.wan(RudpSecurity.plaintext()), bytes);
    }

    /** As {@link #takesAnyPacketInPlaintext}, from one who has the key; then the bytes as they are from one who has not. */
    @FuzzTest(maxDuration = "11m")
    void takesAnyPacketWithAKey(byte[] bytes) {
        takesAnyPacket(RudpConfig.wan(RudpSecurity.psk(new byte[16])), bytes);
    }

    private void takesAnyPacket(RudpConfig config, byte[] bytes) {
        ConnectionSetup setup = ConnectionSetup.of(config, allocator, new Random(1), 0);
        Told told = new Told();
        ServerGate gate = new ServerGate(setup, from -> told, 0);
        RudpConnection client = RudpConnection.dial(setup, new Told(), SERVER, 0);
        RudpConnection server = connect(client, gate);
        server.write(0, server.message(allocator.heapBuffer(3000).writeZero(3000)));
        sendAll(server, 0);
        PacketProtection protection = Objects.requireNonNull(client.protection());
        int packets = bytes.length == 0 ? 0 : 1 + (bytes[0] & 0xFF) % MOST_PACKETS;
        for (int i = 0; i < packets; i++) {
            int from = 1 + (bytes.length - 1) * i / packets;
            int to = 1 + (bytes.length - 1) * (i + 1) / packets;
            long number = 100L + i;
            ByteBuf packet = Unpooled.buffer();
            Wire.writeHeader(packet, server.localId(), number);
            packet.writeBytes(bytes, from, to - from);
            protection.seal(packet, 0, number);
            server.onDatagram(i * MILLIS, CLIENT, packet);
            sendAll(server, i * MILLIS);
            assertThat(server.inbox().bufferedBytes()).isLessThanOrEqualTo(2 * config.receiveWindowBytes());
        }
        boolean wasOpen = told.closed == null;
        takesForgery(server, bytes, setup.keys().isKeyed());
        assertThat(told.closed == null).as("ended by a forgery").isEqualTo(wasOpen);
        if (told.closed != null && !told.closed.isOrderly()) {
            assertThat(told.closed.failure()).isInstanceOf(NetException.class);
        }
        end(server);
        end(client);
        assertThat(allocator.metric().usedHeapMemory()).as("bytes leaked").isZero();
    }

    private static void takesForgery(RudpConnection server, byte[] bytes, boolean keyed) {
        if (keyed) {
            ByteBuf forged = Unpooled.buffer();
            Wire.writeHeader(forged, server.localId(), 200);
            forged.writeBytes(bytes);
            PacketProtection.NONE.seal(forged, 0, 200);
            server.onDatagram(MOST_PACKETS * MILLIS, CLIENT, forged);
        }
    }

    private static RudpConnection connect(RudpConnection client, ServerGate gate) {
        ByteBuf datagram = Unpooled.buffer(2048);
        ByteBuf answer = Unpooled.buffer(2048);
        client.poll(0, datagram);
        assertThat(gate.onDatagram(0, CLIENT, datagram, answer)).isEqualTo(ServerGate.Outcome.ANSWERED);
        client.onDatagram(0, SERVER, answer);
        client.poll(0, datagram.clear());
        assertThat(gate.onDatagram(0, CLIENT, datagram, answer)).isEqualTo(ServerGate.Outcome.ACCEPTED);
        RudpConnection server = gate.accepted();
        server.poll(0, answer.clear());
        client.onDatagram(0, SERVER, answer);
        client.poll(0, datagram.clear());
        server.onDatagram(0, CLIENT, datagram);
        assertThat(server.state()).isEqualTo(RudpConnection.State.ESTABLISHED);
        return server;
    }

    private static void sendAll(RudpConnection connection, long nowNanos) {
        ByteBuf out = Unpooled.buffer(2048);
        while (connection.poll(nowNanos, out.clear()) > 0) {
            assertThat(connection.recovery().bytesInFlight()).isNotNegative();
        }
        if (connection.nextTimeoutNanos(nowNanos) == 0) {
            connection.onTimeout(nowNanos);
        }
    }

    private static void end(RudpConnection connection) {
        connection.abort(MOST_PACKETS * MILLIS);
        connection.kill();
        connection.discard();
    }

    /** The bytes as a datagram, as they are and as a handshake packet whose length and checksum are right. */
    @FuzzTest(maxDuration = "11m")
    void answersAnyDatagramAtTheDoor(byte[] bytes) {
        ConnectionSetup setup =
                ConnectionSetup.of(RudpConfig.wan(RudpSecurity.plaintext()), allocator, new Random(1), 0);
        Told told = new Told();
        ServerGate gate = new ServerGate(setup, from -> told, 0);
        atTheDoor(gate, Unpooled.copiedBuffer(bytes));
        ByteBuf sealed = Unpooled.buffer().writeByte(Wire.HANDSHAKE_FORM).writeBytes(bytes);
        if (sealed.readableBytes() < RudpConfig.MIN_DATAGRAM_BYTES - 4) {
            sealed.writeZero(RudpConfig.MIN_DATAGRAM_BYTES - 4 - sealed.readableBytes());
        }
        new Crc32cProtection().seal(sealed, 0, 0);
        atTheDoor(gate, sealed);
        assertThat(gate.halfOpen()).isLessThanOrEqualTo(1);
        assertThat(told.closed).isNull();
        assertThat(allocator.metric().usedHeapMemory()).isZero();
    }

    private static void atTheDoor(ServerGate gate, ByteBuf datagram) {
        int bytes = datagram.readableBytes();
        ByteBuf out = Unpooled.buffer();
        switch (gate.onDatagram(MILLIS, CLIENT, datagram, out)) {
            case ANSWERED -> assertThat(out.readableBytes()).isBetween(1, bytes);
            case ACCEPTED, REPEATED ->
                assertThat(gate.accepted().poll(MILLIS, out)).isBetween(1, bytes);
            case IGNORED -> assertThat(out.readableBytes()).isZero();
        }
        assertThat(datagram.readableBytes()).as("left as it was").isEqualTo(bytes);
    }

    /** The bytes as a cookie, and what they change in a genuine one. */
    @FuzzTest(maxDuration = "11m")
    void takesNoCookieButItsOwn(byte[] bytes) {
        byte[] random = new byte[32];
        // The fuzzer watches comparisons: under a key that stays it would read the right MAC off the refusal of a wrong
        // one.
        Cookies cookies = new Cookies(KeySchedule.hmac(random, bytes));
        assertThat(cookies.isValid(bytes, 5 * MILLIS, CLIENT, 7, random)).isFalse();
        byte[] genuine = cookies.issue(MILLIS, CLIENT, 7, random);
        assertThat(cookies.isValid(genuine, 5 * MILLIS, CLIENT, 7, random)).isTrue();
        byte[] changed = genuine.clone();
        for (int i = 0; i < bytes.length; i++) {
            changed[i % changed.length] ^= bytes[i];
        }
        assertThat(cookies.isValid(changed, 5 * MILLIS, CLIENT, 7, random)).isEqualTo(Arrays.equals(changed, genuine));
        byte[] cut = Arrays.copyOf(genuine, bytes.length % Cookies.BYTES);
        assertThat(cookies.isValid(cut, 5 * MILLIS, CLIENT, 7, random)).isFalse();
        assertThat(cookies.isValid(genuine, 0, CLIENT, 7, random))
                .as("before it was issued")
                .isFalse();
    }
}
