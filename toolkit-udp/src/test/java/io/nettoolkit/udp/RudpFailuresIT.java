package io.nettoolkit.udp;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.core.CloseReason;
import io.nettoolkit.core.NetException;
import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.core.Transport;
import io.nettoolkit.testkit.LeakCheck;
import io.nettoolkit.udp.internal.connection.ConnectionSetup;
import io.nettoolkit.udp.internal.connection.Nobody;
import io.nettoolkit.udp.internal.connection.RudpConnection;
import io.nettoolkit.udp.internal.wire.Handshake;
import io.nettoolkit.udp.internal.wire.Wire;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelOption;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What goes wrong over real sockets, and how it is told. */
class RudpFailuresIT {

    @RegisterExtension
    static final LeakCheck LEAKS = new LeakCheck();

    static List<Transport> transports() {
        return TransportMatrix.available();
    }

    private static Kind kindOf(Throwable failure) {
        return failure instanceof NetException known ? known.kind() : Kind.OTHER;
    }

    @ParameterizedTest
    @MethodSource("transports")
    void isToldAtOnceThatNobodyListens(Transport transport) throws Exception {
        int unused;
        try (DatagramSocket socket = new DatagramSocket(0, InetAddress.getByName("127.0.0.1"))) {
            unused = socket.getLocalPort();
        }
        RudpConfig config =
                Rig.config(RudpSecurity.plaintext(), options -> options.handshakeTimeout(Duration.ofMinutes(5)));
        RudpConfig keyed =
                Rig.config(RudpSecurity.psk(new byte[16]), options -> options.handshakeTimeout(Duration.ofMinutes(5)));
        try (Rig rig = new Rig(transport, config)) {
            for (RudpConfig each : List.of(config, keyed)) {
                Throwable failure =
                        Rig.failure(rig.bootstrap(each, new Rig.Collector()).connect("127.0.0.1", unused));
                assertThat(kindOf(failure)).as("%s", failure).isEqualTo(Kind.CONNECT_REFUSED);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("transports")
    void givesUpOnSilence(Transport transport) throws Exception {
        RudpConfig config =
                Rig.config(RudpSecurity.plaintext(), options -> options.handshakeTimeout(Duration.ofMillis(50)));
        try (Rig rig = new Rig(transport, config);
                DatagramSocket silent = new DatagramSocket(0, InetAddress.getByName("127.0.0.1"))) {
            Throwable failure =
                    Rig.failure(rig.bootstrap(new Rig.Collector()).connect("127.0.0.1", silent.getLocalPort()));
            assertThat(kindOf(failure)).as("%s", failure).isEqualTo(Kind.CONNECT_TIMEOUT);
            RudpConfig patient = Rig.config(RudpSecurity.plaintext(), options -> options);
            failure = Rig.failure(rig.bootstrap(patient, new Rig.Collector())
                    .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, 50)
                    .connect("127.0.0.1", silent.getLocalPort()));
            assertThat(kindOf(failure)).as("%s", failure).isEqualTo(Kind.CONNECT_TIMEOUT);
        }
    }

    @ParameterizedTest
    @MethodSource("transports")
    void tellsAClientWithOtherSecurityWhy(Transport transport) throws Exception {
        byte[] otherKey = new byte[16];
        otherKey[0] = 1;
        try (Rig rig = new Rig(transport, Rig.config(RudpSecurity.psk(new byte[16]), options -> options))) {
            RudpServerChannel server = rig.serve(Rig.each(Rig.Echo::new));
            for (RudpSecurity wrong : List.of(RudpSecurity.plaintext(), RudpSecurity.psk(otherKey))) {
                RudpConfig config = Rig.config(wrong, options -> options.handshakeTimeout(Duration.ofMillis(300)));
                Throwable failure =
                        Rig.failure(rig.bootstrap(config, new Rig.Collector()).connect(server.localAddress()));
                assertThat(kindOf(failure)).as("%s: %s", wrong, failure).isEqualTo(Kind.AUTHENTICATION);
            }
            assertThat(server.stats().refused()).isPositive();
            assertThat(server.stats().opened()).isZero();
            expectService(rig, server);
            Rig.await(server.close());
        }
    }

    @ParameterizedTest
    @MethodSource("transports")
    void answersAnotherVersionWithItsOwn(Transport transport) throws Exception {
        try (Rig rig = new Rig(transport, Rig.plain());
                DatagramSocket socket = new DatagramSocket(0, InetAddress.getByName("127.0.0.1"))) {
            Channel server = rig.serve(Rig.each(Rig.Echo::new));
            byte[] hello = hello(rig.config, (InetSocketAddress) server.localAddress());
            hello[7] = 9;
            CRC32C checksum = new CRC32C();
            checksum.update(hello, 0, hello.length - 4);
            ByteBuffer.wrap(hello).putInt(hello.length - 4, (int) checksum.getValue());
            socket.setSoTimeout(Rig.PATIENCE_SECONDS * 1000);
            socket.send(new DatagramPacket(hello, hello.length, server.localAddress()));
            DatagramPacket answer = new DatagramPacket(new byte[2048], 2048);
            socket.receive(answer);
            assertThat(answer.getData()[0]).isEqualTo((byte) Wire.HANDSHAKE_FORM);
            assertThat(answer.getData()[1]).isEqualTo((byte) Handshake.VERSIONS);
            Rig.await(server.close());
        }
    }

    /** The first datagram of a client. */
    private static byte[] hello(RudpConfig config, InetSocketAddress server) {
        ConnectionSetup setup = ConnectionSetup.of(config, UnpooledByteBufAllocator.DEFAULT, new Random(), 0);
        ByteBuf out = Unpooled.buffer();
        RudpConnection.dial(setup, new Nobody(), server, 0).poll(0, out);
        return ByteBufUtil.getBytes(out);
    }

    @ParameterizedTest
    @MethodSource("transports")
    void remembersNothingOfAFloodOfHellosAndServesOthers(Transport transport) throws Exception {
        try (Rig rig = new Rig(transport, Rig.plain());
                DatagramSocket socket = new DatagramSocket(0, InetAddress.getByName("127.0.0.1"))) {
            RudpServerChannel server = rig.serve(Rig.each(Rig.Echo::new));
            InetSocketAddress address = (InetSocketAddress) server.localAddress();
            Random random = new Random(1);
            for (int i = 0; i < 20_000; i++) {
                byte[] datagram = i % 2 == 0 ? hello(rig.config, address) : new byte[random.nextInt(1400)];
                if (i % 2 == 1) {
                    random.nextBytes(datagram);
                }
                socket.send(new DatagramPacket(datagram, datagram.length, address));
            }
            expectService(rig, server);
            RudpServerChannel.Stats stats = server.stats();
            assertThat(stats.opened()).isOne();
            assertThat(stats.bytesOut()).as("no amplification").isLessThan(stats.bytesIn());
            Rig.await(server.close());
        }
    }

    @ParameterizedTest
    @MethodSource("transports")
    void aCongestionControlThatThrowsEndsItsConnectionAlone(Transport transport) throws Exception {
        AtomicInteger made = new AtomicInteger();
        CongestionControl works = CongestionControl.newReno();
        CongestionControl firstFails = path -> {
            if (made.getAndIncrement() == 0) {
                throw new UnsupportedOperationException("no controller");
            }
            return works.newController(path);
        };
        RudpConfig config = Rig.config(RudpSecurity.plaintext(), options -> options.congestionControl(firstFails));
        try (Rig plain = new Rig(transport, Rig.plain());
                Rig failing = new Rig(transport, config)) {
            RudpServerChannel server = plain.serve(Rig.each(Rig.Echo::new));
            Throwable failure =
                    Rig.failure(plain.bootstrap(config, new Rig.Collector()).connect(server.localAddress()));
            assertThat(failure).hasStackTraceContaining("no controller");
            expectService(plain, server);
            Rig.await(server.close());

            made.set(0);
            RudpServerChannel failingServer = failing.serve(Rig.each(Rig.Echo::new));
            RudpChannel ended = plain.connect(failingServer, new Rig.Collector());
            CloseReason reason = ended.closed().get(Rig.PATIENCE_SECONDS, TimeUnit.SECONDS);
            assertThat(reason.kind()).as("%s", reason).isEqualTo(Kind.PEER_CLOSED);
            expectService(plain, failingServer);
            Rig.await(failingServer.close());
        }
    }

    private static void expectService(Rig rig, Channel server) throws Exception {
        Rig.Collector collector = new Rig.Collector();
        RudpChannel client = rig.connect(server, collector);
        client.writeAndFlush(Rig.text("are you there"));
        assertThat(collector.text()).isEqualTo("are you there");
        Rig.await(client.close());
    }

    @ParameterizedTest
    @MethodSource("transports")
    void noticesAPeerThatVanished(Transport transport) throws Exception {
        RudpConfig config =
                Rig.config(RudpSecurity.plaintext(), options -> options.idleTimeout(Duration.ofMillis(200)));
        try (Rig rig = new Rig(transport, config)) {
            Rig.Collector reader = new Rig.Collector();
            Channel server = rig.serve(reader);
            Rig vanishing = new Rig(transport, config);
            Rig.Collector collector = new Rig.Collector();
            RudpChannel client = vanishing.connect(server, collector);
            Rig.await(client.writeAndFlush(Rig.text("here I am")));
            RudpChannel accepted = (RudpChannel) Rig.Collector.next(reader.active);
            assertThat(reader.text()).isEqualTo("here I am");
            // The loops go without a word to the peer.
            vanishing.loops.close();
            Rig.until("the client's channel is closed", () -> !client.isOpen());
            assertThat(kindOf(Rig.Collector.next(reader.failures))).isEqualTo(Kind.IDLE_TIMEOUT);
            assertThat(accepted.closed()
                            .get(Rig.PATIENCE_SECONDS, TimeUnit.SECONDS)
                            .kind())
                    .isEqualTo(Kind.IDLE_TIMEOUT);
            Rig.await(server.close());
        }
    }

    @ParameterizedTest
    @MethodSource("transports")
    void isToldByARestartedServerThatItsConnectionIsGone(Transport transport) throws Exception {
        RudpConfig config = Rig.config(RudpSecurity.psk(new byte[16]), options -> options);
        try (Rig clients = new Rig(transport, config)) {
            Rig first = new Rig(transport, config);
            Channel server = first.serve(Rig.each(Rig.Echo::new));
            InetSocketAddress address = (InetSocketAddress) server.localAddress();
            Rig.Collector collector = new Rig.Collector();
            RudpChannel client = clients.connect(server, collector);
            client.writeAndFlush(Rig.text("x"));
            assertThat(collector.text()).isEqualTo("x");
            first.loops.close();

            try (Rig second = new Rig(transport, config)) {
                Channel restarted = Rig.await(
                                second.serverBootstrap(Rig.each(Rig.Echo::new)).bind(address))
                        .channel();
                ChannelFuture write = client.writeAndFlush(Rig.text("still there?"));
                assertThat(kindOf(Rig.failure(write))).isEqualTo(Kind.RESET);
                assertThat(client.closed()
                                .get(Rig.PATIENCE_SECONDS, TimeUnit.SECONDS)
                                .kind())
                        .isEqualTo(Kind.RESET);
                expectService(clients, restarted);
                Rig.await(restarted.close());
            }
        }
    }
}
