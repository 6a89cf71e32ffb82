package io.nettoolkit.udp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nettoolkit.core.CloseReason;
import io.nettoolkit.core.ConnectionTimeline;
import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.DrainReport;
import io.nettoolkit.core.Endpoint;
import io.nettoolkit.core.EventLoops;
import io.nettoolkit.core.NetException;
import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.core.RejectedException;
import io.nettoolkit.core.Transport;
import io.nettoolkit.testkit.LeakCheck;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedTransferQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The facades, over real sockets. */
class RudpServerIT {

    @RegisterExtension
    static final LeakCheck LEAKS = new LeakCheck();

    private static final RudpHandler ECHO = (channel, message) -> channel.send(message.retain());

    static List<Transport> transports() {
        return TransportMatrix.available();
    }

    /** A handler and listener that keep what they hear. */
    private static final class Ear implements RudpHandler, RudpServer.Listener {
        final BlockingQueue<String> texts = new LinkedTransferQueue<>();
        final BlockingQueue<CloseReason> closes = new LinkedTransferQueue<>();
        final BlockingQueue<Exception> rejects = new LinkedTransferQueue<>();
        final BlockingQueue<SocketAddress> moves = new LinkedTransferQueue<>();
        final BlockingQueue<DrainReport> drains = new LinkedTransferQueue<>();
        final BlockingQueue<RudpChannel> opens = new LinkedTransferQueue<>();

        @Override
        public void onMessage(RudpChannel channel, RudpMessage message) {
            texts.add(message.content().toString(java.nio.charset.StandardCharsets.UTF_8));
        }

        @Override
        public void onOpen(Channel channel, ConnectionTimeline timeline) {
            opens.add((RudpChannel) channel);
        }

        @Override
        public void onClose(Channel channel, CloseReason reason, ConnectionTimeline timeline) {
            closes.add(reason);
        }

        @Override
        public void onReject(@Nullable SocketAddress remote, Exception cause) {
            rejects.add(cause);
        }

        @Override
        public void onPathChanged(RudpChannel channel) {
            moves.add(channel.remoteAddress());
        }

        @Override
        public void onDrain(DrainReport report) {
            drains.add(report);
        }
    }

    private static RudpServer.Builder server(EventLoops loops, RudpConfig config, RudpHandler handler) {
        return RudpServer.builder(config, handler).eventLoops(loops);
    }

    private static Endpoint bind(RudpServer server) throws Exception {
        InetSocketAddress address =
                server.bind(Endpoint.of("127.0.0.1", 0)).get(Rig.PATIENCE_SECONDS, TimeUnit.SECONDS);
        return Endpoint.of("127.0.0.1", address.getPort());
    }

    private static RudpChannel connect(RudpClient client, Endpoint endpoint) throws Exception {
        return client.connect(endpoint, Deadline.after(Duration.ofSeconds(Rig.PATIENCE_SECONDS)))
                .get(Rig.PATIENCE_SECONDS, TimeUnit.SECONDS);
    }

    private static RudpMessage text(String text) {
        return RudpMessage.of(Rig.text(text));
    }

    @ParameterizedTest
    @MethodSource("transports")
    void servesOnAllItsLoopsAndDrains(Transport transport) throws Exception {
        Ear serverEar = new Ear();
        Ear clientEar = new Ear();
        try (EventLoops loops = TransportMatrix.loops(transport, 3);
                RudpServer server =
                        server(loops, Rig.plain(), ECHO).listener(serverEar).build();
                RudpClient client = RudpClient.builder(Rig.plain(), clientEar)
                        .eventLoops(loops)
                        .listener(clientEar)
                        .build()) {
            Endpoint endpoint = bind(server);
            List<RudpChannel> channels = new ArrayList<>();
            for (int i = 0; i < 24; i++) {
                RudpChannel channel = connect(client, endpoint);
                channels.add(channel);
                channel.send(text("message " + i)).get(Rig.PATIENCE_SECONDS, TimeUnit.SECONDS);
                assertThat(Rig.Collector.next(clientEar.texts)).isEqualTo("message " + i);
            }
            assertThat(serverEar.opens.stream()
                            .map(Channel::eventLoop)
                            .distinct()
                            .count())
                    .as("loops that serve")
                    .isGreaterThan(1);
            RudpServerChannel.Stats stats = server.stats();
            assertThat(stats.connections()).isEqualTo(24);
            assertThat(stats.opened()).isEqualTo(24);
            assertThat(stats.received().messages()).isEqualTo(24);
            assertThat(client.stats().connections()).isEqualTo(24);

            DrainReport report = server.drain(Duration.ofSeconds(10)).get(Rig.PATIENCE_SECONDS, TimeUnit.SECONDS);
            assertThat(report.drained()).isEqualTo(24);
            assertThat(report.forced()).isZero();
            assertThat(Rig.Collector.next(serverEar.drains)).isEqualTo(report);
            for (RudpChannel channel : channels) {
                assertThat(channel.closed().get(Rig.PATIENCE_SECONDS, TimeUnit.SECONDS))
                        .isEqualTo(CloseReason.peer());
            }
            assertThat(server.stats().received().messages())
                    .as("counted still, with no connection left")
                    .isEqualTo(24);
            assertThat(server.stats().connections()).isZero();
            assertThat(client.drain(Duration.ZERO)
                            .get(Rig.PATIENCE_SECONDS, TimeUnit.SECONDS)
                            .forced())
                    .isZero();
            assertThatThrownBy(() -> connect(client, endpoint)).hasCauseInstanceOf(RejectedException.class);
        }
    }

    @ParameterizedTest
    @MethodSource("transports")
    void cutsWhatIsLeftWhenTheGraceIsOver(Transport transport) throws Exception {
        RudpConfig narrow = Rig.config(
                RudpSecurity.plaintext(),
                options ->
                        options.maxMessageBytes(1000).receiveWindowBytes(1000).maxReceiveWindowBytes(1000));
        try (EventLoops loops = TransportMatrix.loops(transport, 2);
                RudpServer server = server(loops, narrow, new RudpHandler() {
                            @Override
                            public void onMessage(RudpChannel channel, RudpMessage message) {}

                            @Override
                            public void onOpen(RudpChannel channel) {
                                channel.config().setAutoRead(false);
                            }
                        })
                        .build();
                RudpClient client =
                        RudpClient.builder(narrow, ECHO).eventLoops(loops).build()) {
            RudpChannel channel = connect(client, bind(server));
            for (int i = 0; i < 5; i++) {
                channel.writeAndFlush(Unpooled.wrappedBuffer(new byte[1000]));
            }
            DrainReport report = client.drain(Duration.ofMillis(100)).get(Rig.PATIENCE_SECONDS, TimeUnit.SECONDS);
            assertThat(report.forced()).isOne();
            Rig.await(channel.closeFuture());
        }
    }

    @ParameterizedTest
    @MethodSource("transports")
    void refusesBeyondItsLimitAndSaysSo(Transport transport) throws Exception {
        Ear ear = new Ear();
        try (EventLoops loops = TransportMatrix.loops(transport, 2);
                RudpServer server = server(loops, Rig.plain(), ECHO)
                        .listener(ear)
                        .maxConnections(1)
                        .build();
                RudpClient client =
                        RudpClient.builder(Rig.plain(), ear).eventLoops(loops).build()) {
            Endpoint endpoint = bind(server);
            connect(client, endpoint);
            assertThatThrownBy(() -> connect(client, endpoint))
                    .isInstanceOf(ExecutionException.class)
                    .cause()
                    .isInstanceOfSatisfying(
                            NetException.class,
                            failure -> assertThat(failure.kind()).isEqualTo(Kind.RESOURCE_EXHAUSTED));
            assertThat(Rig.Collector.next(ear.rejects)).isInstanceOf(RejectedException.class);
        }
    }

    @ParameterizedTest
    @MethodSource("transports")
    void endsTheConnectionAHandlerFailsOnAndNoOther(Transport transport) throws Exception {
        Ear ear = new Ear();
        try (EventLoops loops = TransportMatrix.loops(transport, 2);
                RudpServer server = server(loops, Rig.plain(), (channel, message) -> {
                            if (message.content().readableBytes() == 3) {
                                throw new IllegalStateException("no threes");
                            }
                            channel.send(message.retain());
                        })
                        .listener(ear)
                        .build();
                RudpClient client =
                        RudpClient.builder(Rig.plain(), ear).eventLoops(loops).build()) {
            Endpoint endpoint = bind(server);
            RudpChannel bad = connect(client, endpoint);
            RudpChannel good = connect(client, endpoint);
            bad.send(text("bad"));
            assertThat(Rig.Collector.next(ear.closes).failure()).hasMessage("no threes");
            assertThat(bad.closed().get(Rig.PATIENCE_SECONDS, TimeUnit.SECONDS).isOrderly())
                    .isTrue();
            good.send(text("good"));
            assertThat(Rig.Collector.next(ear.texts)).isEqualTo("good");
            assertThat(server.callbackFailures()).isOne();
        }
    }

    @ParameterizedTest
    @MethodSource("transports")
    void failsABindAndConnectsThatCannotBe(Transport transport) throws Exception {
        try (EventLoops loops = TransportMatrix.loops(transport, 1);
                RudpServer server = server(loops, Rig.plain(), ECHO).sockets(1).build();
                RudpServer other = server(loops, Rig.plain(), ECHO).sockets(1).build();
                RudpClient client =
                        RudpClient.builder(Rig.plain(), ECHO).eventLoops(loops).build()) {
            Endpoint endpoint = bind(server);
            assertThatThrownBy(() -> other.bind(endpoint).get(Rig.PATIENCE_SECONDS, TimeUnit.SECONDS))
                    .cause()
                    .isInstanceOfSatisfying(
                            NetException.class,
                            failure -> assertThat(failure.kind()).isEqualTo(Kind.ADDRESS_IN_USE));
            CompletableFuture<RudpChannel> late = client.connect(endpoint, Deadline.after(Duration.ofMillis(-1)));
            assertThatThrownBy(() -> late.get(Rig.PATIENCE_SECONDS, TimeUnit.SECONDS))
                    .cause()
                    .isInstanceOfSatisfying(
                            NetException.class,
                            failure -> assertThat(failure.kind()).isEqualTo(Kind.CONNECT_TIMEOUT));
            client.connect(endpoint, Deadline.after(Duration.ofSeconds(5))).cancel(false);
            RudpChannel pooled = (RudpChannel) client.connectChannel(
                            endpoint, loops.next(), Deadline.after(Duration.ofSeconds(Rig.PATIENCE_SECONDS)))
                    .get(Rig.PATIENCE_SECONDS, TimeUnit.SECONDS);
            assertThat(pooled.isActive()).isTrue();
        }
    }

    @ParameterizedTest
    @MethodSource("transports")
    void followsAClientWhoseAddressChangesToWhicheverSocketItComes(Transport transport) throws Exception {
        Ear serverEar = new Ear();
        Ear clientEar = new Ear();
        BlockingQueue<RecordedEvent> recorded = new LinkedTransferQueue<>();
        UnaryOperator<RudpServer.Builder> options = builder -> builder.listener(serverEar);
        try (RecordingStream recording = new RecordingStream();
                EventLoops loops = TransportMatrix.loops(transport, 4);
                RudpServer server =
                        options.apply(server(loops, Rig.plain(), ECHO)).build();
                NatRelay nat = new NatRelay(
                        loops, new InetSocketAddress("127.0.0.1", bind(server).port()));
                RudpClient client = RudpClient.builder(Rig.plain(), clientEar)
                        .eventLoops(loops)
                        .build()) {
            recording.enable("io.nettoolkit.PathChange");
            recording.onEvent("io.nettoolkit.PathChange", recorded::add);
            recording.setReuse(false);
            recording.startAsync();
            RudpChannel channel = connect(client, Endpoint.of("127.0.0.1", nat.port()));
            RudpChannel accepted = Rig.Collector.next(serverEar.opens);
            String first = "127.0.0.1:" + ((InetSocketAddress) accepted.remoteAddress()).getPort();
            for (int i = 0; i < 40; i++) {
                nat.rebind();
                channel.send(text("from address " + i)).get(Rig.PATIENCE_SECONDS, TimeUnit.SECONDS);
                assertThat(Rig.Collector.next(clientEar.texts)).isEqualTo("from address " + i);
                assertThat(Rig.Collector.next(serverEar.moves)).isNotNull();
            }
            assertThat(accepted.isActive()).isTrue();
            RecordedEvent move = Rig.Collector.next(recorded);
            assertThat(move.getString("from")).isEqualTo(first);
            assertThat(move.getString("to")).startsWith("127.0.0.1:").isNotEqualTo(first);
            assertThat(server.stats().handedOver())
                    .as("datagrams that came to another loop's socket")
                    .isPositive();
            assertThat(server.stats().opened()).isOne();
        }
    }
}
