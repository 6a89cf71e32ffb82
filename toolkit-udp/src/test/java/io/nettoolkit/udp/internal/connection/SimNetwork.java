package io.nettoolkit.udp.internal.connection;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.udp.RudpConfig;
import io.nettoolkit.udp.internal.wire.Wire;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Clients, a server behind its gate, and a link in each direction that all of them share. */
final class SimNetwork {

    static final InetSocketAddress SERVER = address(1, 4000);

    final SimClock clock = new SimClock();
    final SimLink toServer;
    final SimLink toClient;
    /** Its own count of bytes is exact, so that Netty's records of every access, which cost most of the time, can go. */
    final UnpooledByteBufAllocator allocator = new UnpooledByteBufAllocator(false, true);

    private final ByteBuf answers = new UnpooledByteBufAllocator(false, true).heapBuffer(2048);
    final List<SimNode> clients = new ArrayList<>();
    final List<SimNode> accepted = new ArrayList<>();
    /** Set to see every datagram before it travels; null drops it. */
    Function<byte[], byte[]> tapToServer = Function.identity();

    Function<byte[], byte[]> tapToClient = Function.identity();
    long timers;
    /** Connections the server takes; those that end in order are not given back. */
    int mostAdmitted = Integer.MAX_VALUE;

    int displaced;
    /** Whether connections of the server may throw. */
    boolean acceptedMayBreak;

    private int admitted;

    private final Map<SocketAddress, SimNode> byAddress = new HashMap<>();
    private final Map<Long, SimNode> byId = new HashMap<>();
    private final ConnectionSetup clientSetup;
    private ConnectionSetup serverSetup;
    private final long seed;
    ServerGate gate;

    SimNetwork(long seed, RudpConfig client, RudpConfig server) {
        this.seed = seed;
        toServer = new SimLink(clock, seed * 31 + 1);
        toClient = new SimLink(clock, seed * 31 + 2);
        clientSetup = ConnectionSetup.of(client, allocator, new Random(seed * 31 + 3), 0);
        serverSetup = ConnectionSetup.of(server, allocator, new Random(seed * 31 + 4), 3);
        gate = newGate();
    }

    private ServerGate newGate() {
        return new ServerGate(
                serverSetup,
                new ServerGate.Acceptor() {
                    @Override
                    public @Nullable ConnectionEvents accept(SocketAddress from) {
                        return admit();
                    }

                    @Override
                    public void onDisplaced(RudpConnection connection) {
                        displaced++;
                        admitted--;
                    }
                },
                clock.now());
    }

    private @Nullable SimNode admit() {
        if (admitted == mostAdmitted) {
            return null;
        }
        admitted++;
        SimNode node = new SimNode(this, SERVER);
        node.mayBreak = acceptedMayBreak;
        accepted.add(node);
        return node;
    }

    /** The server is started anew and knows nobody. */
    void restartServer() {
        byId.clear();
        serverSetup = ConnectionSetup.of(serverSetup.config(), allocator, new Random(seed * 31 + 5), 3);
        gate = newGate();
    }

    static InetSocketAddress address(int host, int port) {
        try {
            return new InetSocketAddress(InetAddress.getByAddress(new byte[] {10, 0, 0, (byte) host}), port);
        } catch (UnknownHostException e) {
            throw new AssertionError(e);
        }
    }

    SimNode dial(int host) {
        return dial(host, 5000);
    }

    SimNode dial(int host, int port) {
        return dial(address(host, port));
    }

    SimNode dial(SocketAddress from) {
        return dial(new SimNode(this, from));
    }

    SimNode dial(SimNode node) {
        node.connection = RudpConnection.dial(clientSetup, node, SERVER, clock.now());
        byAddress.put(node.local(), node);
        clients.add(node);
        node.pump();
        return node;
    }

    void rebind(SimNode node, SocketAddress from, SocketAddress to) {
        byAddress.remove(from);
        byAddress.put(to, node);
    }

    /** Nothing reaches the client any more. */
    void unplug(SimNode node) {
        byAddress.remove(node.local());
    }

    void send(SimNode from, SocketAddress to, byte[] datagram) {
        if (to.equals(SERVER)) {
            sendToServer(from.local(), datagram);
        } else {
            sendToClient(to, datagram);
        }
    }

    void sendToServer(SocketAddress from, byte[] datagram) {
        byte[] tapped = tapToServer.apply(datagram);
        if (tapped != null) {
            toServer.send(tapped, bytes -> atServer(from, bytes));
        }
    }

    void sendToClient(SocketAddress to, byte[] datagram) {
        byte[] tapped = tapToClient.apply(datagram);
        if (tapped != null) {
            toClient.send(tapped, bytes -> {
                SimNode node = byAddress.get(to);
                if (node != null) {
                    node.onDatagram(SERVER, bytes);
                }
            });
        }
    }

    private void atServer(SocketAddress from, byte[] datagram) {
        ByteBuf in = Unpooled.wrappedBuffer(datagram);
        if (Wire.isData(in)) {
            SimNode node = byId.get(Wire.dataConnectionId(in));
            if (node != null && !node.connection().isTerminated()) {
                node.onDatagram(from, datagram);
                return;
            }
        }
        ByteBuf out = answers.clear();
        int before = accepted.size();
        switch (gate.onDatagram(clock.now(), from, in, out)) {
            case ANSWERED -> {
                assertThat(out.readableBytes()).as("an answer is not longer").isLessThanOrEqualTo(datagram.length);
                byte[] answer = new byte[out.readableBytes()];
                out.readBytes(answer);
                sendToClient(from, answer);
            }
            case ACCEPTED -> {
                SimNode node = accepted.get(before);
                node.connection = gate.accepted();
                byId.put(node.connection().localId(), node);
                node.pump();
            }
            case REPEATED -> byId.get(gate.accepted().localId()).pump();
            default -> {}
        }
    }

    void addId(long id, SimNode node) {
        byId.put(id, node);
    }

    void removeId(long id) {
        byId.remove(id);
    }

    void countTimer() {
        timers++;
    }

    /** Runs until every connection is over, at most so long; then nothing may be left. */
    void finish(long nanos) {
        clock.runUntil(clock.now() + nanos);
        for (SimNode node : all()) {
            assertThat(node.closed).as("%s did not close", node.connection()).isNotNull();
            assertThat(node.connection().isTerminated()).as("terminated").isTrue();
            node.connection().discard();
            assertThat(node.connection().inbox().bufferedBytes())
                    .as("bytes counted and not held")
                    .isZero();
        }
        assertThat(allocator.metric().usedHeapMemory()).as("bytes leaked").isZero();
    }

    List<SimNode> all() {
        List<SimNode> all = new ArrayList<>(clients);
        all.addAll(accepted);
        return all;
    }
}
