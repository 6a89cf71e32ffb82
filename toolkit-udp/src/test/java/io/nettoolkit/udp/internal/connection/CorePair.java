package io.nettoolkit.udp.internal.connection;

import io.nettoolkit.core.CloseReason;
import io.nettoolkit.udp.RudpConfig;
import io.nettoolkit.udp.internal.delivery.MessageSink;
import io.nettoolkit.udp.internal.delivery.OutMessage;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import java.net.InetSocketAddress;
import java.util.Random;

/** Two connections whose datagrams are handed over at once, but for every {@code lossEvery}th; makes no object itself. */
final class CorePair {

    private static final long STEP_NANOS = 20_000;
    private static final int MOST_MESSAGES = 500;

    private final InetSocketAddress clientAddress = new InetSocketAddress("127.0.0.1", 1);
    private final InetSocketAddress serverAddress = new InetSocketAddress("127.0.0.1", 2);
    private final ByteBuf datagram = PooledByteBufAllocator.DEFAULT.directBuffer(65_536);
    private final ByteBuf content;
    private final MessageSink sink = (channel, mode, received) -> count(received);
    private final RudpConnection client;
    private RudpConnection server;
    private final int lossEvery;
    private long nowNanos = 1;
    long packets;
    long messages;

    static final class Silent implements ConnectionEvents {
        @Override
        public void onEstablished() {}

        @Override
        public void onClosed(CloseReason reason) {
            throw new IllegalStateException(String.valueOf(reason));
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

    CorePair(RudpConfig config, int messageBytes, int lossEvery) {
        this.lossEvery = lossEvery;
        content = PooledByteBufAllocator.DEFAULT.directBuffer(messageBytes).writeZero(messageBytes);
        ConnectionSetup setup = ConnectionSetup.of(config, PooledByteBufAllocator.DEFAULT, new Random(1), 0);
        ServerGate gate = new ServerGate(setup, from -> new Silent(), nowNanos);
        client = RudpConnection.dial(setup, new Silent(), serverAddress, nowNanos);
        server = client;
        ByteBuf answer = PooledByteBufAllocator.DEFAULT.directBuffer(2048);
        while (server == client) {
            client.poll(nowNanos, datagram.clear());
            if (gate.onDatagram(nowNanos, clientAddress, datagram, answer) == ServerGate.Outcome.ACCEPTED) {
                server = gate.accepted();
            } else {
                client.onDatagram(nowNanos, serverAddress, answer);
            }
        }
        answer.release();
        exchange();
    }

    /** Keeps some hundred messages under way until so many datagrams have travelled. */
    void run(long datagrams) {
        long end = packets + datagrams;
        while (packets < end) {
            while (client.outbox().unsettledBytes() < Math.min(200_000, MOST_MESSAGES * content.readableBytes())) {
                OutMessage message = client.message(content.retain());
                client.write(nowNanos, message.channel((int) (packets & 3)));
            }
            exchange();
            nowNanos += STEP_NANOS;
            if (client.nextTimeoutNanos(nowNanos) == 0) {
                client.onTimeout(nowNanos);
            }
            if (server.nextTimeoutNanos(nowNanos) == 0) {
                server.onTimeout(nowNanos);
            }
        }
    }

    private void exchange() {
        pass(client, server, clientAddress);
        pass(server, client, serverAddress);
    }

    private void pass(RudpConnection from, RudpConnection to, InetSocketAddress address) {
        while (from.poll(nowNanos, datagram.clear()) > 0) {
            packets++;
            if (lossEvery == 0 || packets % lossEvery != 0) {
                to.onDatagram(nowNanos, address, datagram);
                boolean more = true;
                while (more) {
                    more = to.receive(sink);
                }
            }
        }
    }

    private void count(ByteBuf received) {
        messages++;
        received.release();
    }

    RudpConnection client() {
        return client;
    }
}
