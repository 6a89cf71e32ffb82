package io.nettoolkit.udp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nettoolkit.core.CloseReason;
import io.nettoolkit.core.ConnectionTimeline;
import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.Endpoint;
import io.nettoolkit.core.EventLoops;
import io.nettoolkit.core.NetException;
import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.core.Transport;
import io.nettoolkit.testkit.LeakCheck;
import io.nettoolkit.udp.internal.connection.ConnectionSetup;
import io.nettoolkit.udp.internal.connection.Nobody;
import io.nettoolkit.udp.internal.connection.RudpConnection;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.Channel;
import java.io.IOException;
import java.net.BindException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedTransferQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Clients that brought back their cookie and then said nothing, where others need their places; over real sockets. */
class RudpDisplacedIT {

    @RegisterExtension
    static final LeakCheck LEAKS = new LeakCheck();

    private static final TimeSource TIME = TimeSource.system();
    private static final int STEP_MILLIS = 20;
    /** Connections that may wait for their clients at once. */
    private static final int HALF_OPEN = 1024;

    /** On a busy machine none may be given up for its silence alone. */
    private static final RudpConfig CONFIG =
            Rig.config(RudpSecurity.plaintext(), options -> options.handshakeTimeout(Duration.ofMinutes(5)));

    static List<Transport> transports() {
        return TransportMatrix.available();
    }

    /** A socket in another /24 than the clients that behave. */
    private static DatagramSocket elsewhere() throws IOException {
        try {
            DatagramSocket socket = new DatagramSocket(new InetSocketAddress("127.0.1.1", 0));
            socket.setSoTimeout(STEP_MILLIS);
            return socket;
        } catch (BindException e) {
            return Assumptions.abort("one loopback address is all there is: " + e);
        }
    }

    /** A client that takes a place and is silent until it is told to go on. */
    private static final class Silent extends Nobody {
        private final DatagramSocket socket;
        private final SocketAddress server;
        private final RudpConnection core;
        private @Nullable CloseReason closed;

        Silent(DatagramSocket socket, InetSocketAddress server) {
            this.socket = socket;
            this.server = server;
            ConnectionSetup setup = ConnectionSetup.of(CONFIG, UnpooledByteBufAllocator.DEFAULT, new Random(), 0);
            core = RudpConnection.dial(setup, this, server, TIME.nanoTime());
            while (core.state() == RudpConnection.State.CONNECTING) {
                step();
            }
            assertThat(core.state()).as("%s", closed).isEqualTo(RudpConnection.State.ESTABLISHED);
        }

        /** Sends what is due and takes the next datagram, if one comes soon. */
        void step() {
            try {
                speak();
                DatagramPacket packet = new DatagramPacket(new byte[2048], 2048);
                socket.receive(packet);
                core.onDatagram(
                        TIME.nanoTime(), server, Unpooled.wrappedBuffer(packet.getData(), 0, packet.getLength()));
            } catch (SocketTimeoutException none) {
                // Nothing came.
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        }

        void speak() throws IOException {
            long now = TIME.nanoTime();
            if (core.nextTimeoutNanos(now) == 0) {
                core.onTimeout(now);
            }
            ByteBuf out = Unpooled.buffer(2048);
            while (core.poll(now, out.clear()) > 0) {
                byte[] datagram = ByteBufUtil.getBytes(out);
                socket.send(new DatagramPacket(datagram, datagram.length, server));
            }
        }

        void expectToBeToldThatItIsUnknown() {
            Rig.until("told", () -> {
                step();
                return closed != null;
            });
            assertThat(closed.kind()).as("%s", closed).isEqualTo(Kind.RESET);
        }

        void close() throws IOException {
            core.abort(TIME.nanoTime());
            speak();
        }

        @Override
        public void onClosed(CloseReason reason) {
            closed = reason;
        }
    }

    private static final class Ear implements RudpServer.Listener {
        final BlockingQueue<Channel> opens = new LinkedTransferQueue<>();
        final BlockingQueue<CloseReason> closes = new LinkedTransferQueue<>();
        final BlockingQueue<Exception> rejects = new LinkedTransferQueue<>();

        @Override
        public void onOpen(Channel channel, ConnectionTimeline timeline) {
            opens.add(channel);
        }

        @Override
        public void onClose(Channel channel, CloseReason reason, ConnectionTimeline timeline) {
            closes.add(reason);
        }

        @Override
        public void onReject(@Nullable SocketAddress remote, Exception cause) {
            rejects.add(cause);
        }
    }

    private static RudpChannel connect(RudpClient client, InetSocketAddress server) throws Exception {
        return client.connect(
                        Endpoint.of("127.0.0.1", server.getPort()),
                        Deadline.after(Duration.ofSeconds(Rig.PATIENCE_SECONDS)))
                .get(Rig.PATIENCE_SECONDS, TimeUnit.SECONDS);
    }

    /** Both places of a server are taken by silent clients of one network. */
    @ParameterizedTest
    @MethodSource("transports")
    void makesRoomAmongTheConnectionsAServerAdmits(Transport transport) throws Exception {
        Ear ear = new Ear();
        try (EventLoops loops = TransportMatrix.loops(transport, 1);
                DatagramSocket socket = elsewhere();
                RudpServer server = RudpServer.builder(CONFIG, (channel, message) -> channel.send(message.retain()))
                        .eventLoops(loops)
                        .sockets(1)
                        .listener(ear)
                        .maxConnections(2)
                        .build();
                RudpClient client = RudpClient.builder(CONFIG, (channel, message) -> {})
                        .eventLoops(loops)
                        .build()) {
            InetSocketAddress address =
                    server.bind(Endpoint.of("127.0.0.1", 0)).get(Rig.PATIENCE_SECONDS, TimeUnit.SECONDS);
            Silent oldest = new Silent(socket, address);
            Silent other = new Silent(socket, address);

            RudpChannel newcomer = connect(client, address);
            newcomer.send(RudpMessage.of(Rig.text("hello"))).get(Rig.PATIENCE_SECONDS, TimeUnit.SECONDS);
            assertThat(Rig.Collector.next(ear.opens).remoteAddress()).isEqualTo(newcomer.localAddress());
            oldest.expectToBeToldThatItIsUnknown();
            other.speak();
            assertThat(Rig.Collector.next(ear.opens).remoteAddress()).isEqualTo(socket.getLocalSocketAddress());

            assertThat(ear.rejects).as("told no").isEmpty();
            assertThat(ear.closes).as("of one that was never opened").isEmpty();
            assertThat(server.stats().opened()).isEqualTo(2);
            assertThat(server.stats().refused()).isZero();
            // Its place was given back once: both are taken, and no third one was won.
            assertThatThrownBy(() -> connect(client, address))
                    .isInstanceOf(ExecutionException.class)
                    .cause()
                    .isInstanceOfSatisfying(
                            NetException.class,
                            failure -> assertThat(failure.kind()).isEqualTo(Kind.RESOURCE_EXHAUSTED));
            other.close();
            assertThat(Rig.Collector.next(ear.closes).isOrderly()).isTrue();
        }
    }

    /** One network holds all places of those that a socket waits for. */
    @ParameterizedTest
    @MethodSource("transports")
    void makesRoomAmongTheConnectionsThatWaitForTheirClients(Transport transport) throws Exception {
        Rig.Collector accepted = new Rig.Collector();
        try (Rig rig = new Rig(transport, CONFIG);
                DatagramSocket socket = elsewhere()) {
            RudpServerChannel server = rig.serve(accepted);
            InetSocketAddress address = (InetSocketAddress) server.localAddress();
            List<Silent> silent = new ArrayList<>();
            while (silent.size() < HALF_OPEN) {
                silent.add(new Silent(socket, address));
            }

            RudpChannel newcomer = rig.connect(server, new Rig.Collector());
            assertThat(Rig.Collector.next(accepted.active).remoteAddress()).isEqualTo(newcomer.localAddress());
            silent.get(0).expectToBeToldThatItIsUnknown();
            silent.get(1).speak();
            assertThat(Rig.Collector.next(accepted.active).remoteAddress()).isEqualTo(socket.getLocalSocketAddress());
            assertThat(server.stats().opened()).isEqualTo(2);
            assertThat(server.stats().refused()).isZero();

            silent.get(1).close();
            Rig.await(newcomer.close());
            Rig.await(server.close());
        }
    }
}
