package io.nettoolkit.udp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nettoolkit.core.CloseReason;
import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.NetException;
import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.core.Transport;
import io.nettoolkit.testkit.LeakCheck;
import io.nettoolkit.udp.RudpConfig.Completion;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelOption;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.util.ReferenceCountUtil;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The channels by ordinary bootstraps, over real sockets. */
class RudpChannelIT {

    @RegisterExtension
    static final LeakCheck LEAKS = new LeakCheck();

    static List<Transport> transports() {
        return TransportMatrix.available();
    }

    @ParameterizedTest
    @MethodSource("transports")
    void echoesPlainBuffersOfEverySizeInOrder(Transport transport) throws Exception {
        try (Rig rig = new Rig(transport, Rig.plain())) {
            Channel server = rig.serve(Rig.each(Rig.Echo::new));
            Rig.Collector collector = new Rig.Collector();
            RudpChannel client = rig.connect(server, collector);
            Random random = new Random(42);
            List<byte[]> sent = new ArrayList<>();
            for (int size : new int[] {0, 1, 63, 1000, 1300, 1452, 1500, 8193, 65_536, 500_000, 1 << 20, 5}) {
                byte[] bytes = new byte[size];
                random.nextBytes(bytes);
                sent.add(bytes);
                client.write(Unpooled.wrappedBuffer(bytes));
            }
            Rig.await(client.writeAndFlush(Unpooled.EMPTY_BUFFER));
            for (byte[] bytes : sent) {
                ByteBuf message = (ByteBuf) Rig.Collector.next(collector.messages);
                assertThat(ByteBufUtil.getBytes(message))
                        .as("%d bytes", bytes.length)
                        .isEqualTo(bytes);
                message.release();
            }
            assertThat(collector.text()).isEmpty();
            Rig.await(client.close());
            assertThat(client.closed().get(5, TimeUnit.SECONDS)).isEqualTo(CloseReason.local());
            assertThat(collector.failures).isEmpty();
            Rig.await(server.close());
        }
    }

    @ParameterizedTest
    @EnumSource(RudpSecurity.Suite.class)
    void echoesInEveryModeUnderEverySecurity(RudpSecurity.Suite suite) throws Exception {
        RudpSecurity security = switch (suite) {
            case PLAINTEXT -> RudpSecurity.plaintext();
            case CHECKSUM -> RudpSecurity.plaintext().withChecksum();
            case PSK_AES_128_GCM -> RudpSecurity.psk(new byte[16]);
        };
        for (Transport transport : transports()) {
            try (Rig rig = new Rig(transport, Rig.config(security, options -> options))) {
                Channel server = rig.serve(Rig.each(Rig.Echo::new));
                Rig.Collector collector = new Rig.Collector();
                RudpChannel client = rig.connect(server, collector);
                for (DeliveryMode mode : DeliveryMode.values()) {
                    RudpMessage message = RudpMessage.of(Rig.text("in mode " + mode))
                            .withChannel(7)
                            .withMode(mode);
                    if (mode == DeliveryMode.PARTIAL) {
                        message = message.withDeadline(Deadline.after(Duration.ofSeconds(Rig.PATIENCE_SECONDS)));
                    }
                    Rig.await(client.writeAndFlush(message));
                    RudpMessage answer = (RudpMessage) Rig.Collector.next(collector.messages);
                    assertThat(answer.channel()).isEqualTo(7);
                    assertThat(answer.mode())
                            .isEqualTo(mode == DeliveryMode.PARTIAL ? DeliveryMode.RELIABLE_ORDERED : mode);
                    assertThat(answer.content().toString(java.nio.charset.StandardCharsets.UTF_8))
                            .isEqualTo("in mode " + mode);
                    answer.release();
                }
                assertThat(client.stats().sent().messages()).isGreaterThanOrEqualTo(6);
                Rig.await(client.close());
                Rig.await(server.close());
            }
        }
    }

    @ParameterizedTest
    @MethodSource("transports")
    void isUnwritableWhileThePeerDoesNotReadAndReadsAllOfItThen(Transport transport) throws Exception {
        RudpConfig config = Rig.config(
                RudpSecurity.plaintext(),
                options -> options.maxMessageBytes(10_000)
                        .receiveWindowBytes(50_000)
                        .maxReceiveWindowBytes(50_000));
        try (Rig rig = new Rig(transport, config)) {
            Rig.Collector reader = new Rig.Collector();
            Channel server = rig.serve(rig.serverBootstrap(reader).childOption(ChannelOption.AUTO_READ, false));
            Rig.Collector collector = new Rig.Collector();
            RudpChannel client = (RudpChannel) Rig.await(rig.bootstrap(collector)
                            .option(ChannelOption.WRITE_BUFFER_WATER_MARK, new WriteBufferWaterMark(20_000, 40_000))
                            .connect(server.localAddress()))
                    .channel();
            ChannelFuture last = client.newSucceededFuture();
            int written = 0;
            while (client.isWritable() || written < 20) {
                last = client.writeAndFlush(Unpooled.wrappedBuffer(new byte[10_000]));
                written++;
                assertThat(written).as("messages that were taken").isLessThan(1000);
                client.eventLoop().submit(() -> {}).sync();
            }
            assertThat(Rig.Collector.next(collector.writability)).isFalse();
            assertThat(client.bytesBeforeUnwritable()).isZero();
            assertThat(client.bytesBeforeWritable()).isPositive();
            Channel accepted = Rig.Collector.next(reader.active);
            assertThat(reader.messages).isEmpty();
            assertThat(last.isDone())
                    .as("whether the last message is acknowledged")
                    .isFalse();

            accepted.config().setAutoRead(true);
            for (int i = 0; i < written; i++) {
                assertThat(ReferenceCountUtil.release(Rig.Collector.next(reader.messages)))
                        .isTrue();
            }
            Rig.await(last);
            assertThat(Rig.Collector.next(collector.writability)).isTrue();
            Rig.await(client.close());
            Rig.await(server.close());
        }
    }

    @ParameterizedTest
    @MethodSource("transports")
    void readsAFewMessagesForEachReadByHand(Transport transport) throws Exception {
        try (Rig rig = new Rig(transport, Rig.plain())) {
            Rig.Collector reader = new Rig.Collector();
            Channel server = rig.serve(rig.serverBootstrap(reader).childOption(ChannelOption.AUTO_READ, false));
            RudpChannel client = rig.connect(server, new Rig.Collector());
            for (int i = 0; i < 40; i++) {
                client.write(Rig.text("message " + i));
            }
            Rig.await(client.writeAndFlush(Rig.text("message 40")));
            Channel accepted = Rig.Collector.next(reader.active);
            assertThat(reader.messages).isEmpty();
            accepted.read();
            for (int i = 0; i < 16; i++) {
                assertThat(reader.text()).isEqualTo("message " + i);
            }
            accepted.eventLoop().submit(() -> {}).sync();
            assertThat(reader.messages).isEmpty();
            accepted.read();
            accepted.eventLoop().submit(() -> {}).sync();
            accepted.read();
            for (int i = 16; i < 41; i++) {
                assertThat(reader.text()).isEqualTo("message " + i);
            }
            Rig.await(client.close());
            Rig.await(server.close());
        }
    }

    @ParameterizedTest
    @MethodSource("transports")
    void deliversEverythingThatWasFlushedBeforeAClose(Transport transport) throws Exception {
        try (Rig rig = new Rig(transport, Rig.plain())) {
            Rig.Collector reader = new Rig.Collector();
            Channel server = rig.serve(reader);
            RudpChannel client = rig.connect(server, new Rig.Collector());
            List<ChannelFuture> writes = new ArrayList<>();
            for (int i = 0; i < 200; i++) {
                writes.add(client.writeAndFlush(Unpooled.wrappedBuffer(new byte[5000])));
            }
            ChannelFuture closing = client.close();
            Rig.await(closing);
            for (ChannelFuture write : writes) {
                Rig.await(write);
            }
            for (int i = 0; i < 200; i++) {
                ReferenceCountUtil.release(Rig.Collector.next(reader.messages));
            }
            RudpChannel accepted = (RudpChannel) Rig.Collector.next(reader.active);
            assertThat(accepted.closed().get(5, TimeUnit.SECONDS)).isEqualTo(CloseReason.peer());
            assertThat(reader.failures).isEmpty();
            assertThat(Rig.failure(client.writeAndFlush(Rig.text("late")))).isInstanceOf(ClosedChannelException.class);
            Rig.await(server.close());
        }
    }

    @ParameterizedTest
    @MethodSource("transports")
    void letsBothSidesCloseAtOnce(Transport transport) throws Exception {
        try (Rig rig = new Rig(transport, Rig.plain())) {
            Rig.Collector reader = new Rig.Collector();
            Channel server = rig.serve(reader);
            for (int i = 0; i < 20; i++) {
                RudpChannel client = rig.connect(server, new Rig.Collector());
                RudpChannel accepted = (RudpChannel) Rig.Collector.next(reader.active);
                ChannelFuture one = client.close();
                ChannelFuture other = accepted.close();
                Rig.await(one);
                Rig.await(other);
                assertThat(client.closed().get(5, TimeUnit.SECONDS).isOrderly()).isTrue();
                assertThat(accepted.closed().get(5, TimeUnit.SECONDS).isOrderly())
                        .isTrue();
            }
            Rig.await(server.close());
        }
    }

    @ParameterizedTest
    @MethodSource("transports")
    void readsWhatCameBeforeThePeersCloseFirst(Transport transport) throws Exception {
        try (Rig rig = new Rig(transport, Rig.plain())) {
            Rig.Collector reader = new Rig.Collector();
            Channel server = rig.serve(rig.serverBootstrap(reader).childOption(ChannelOption.AUTO_READ, false));
            RudpChannel client = rig.connect(server, new Rig.Collector());
            client.writeAndFlush(Rig.text("the last words"));
            Rig.await(client.close());
            Channel accepted = Rig.Collector.next(reader.active);
            accepted.eventLoop().submit(() -> {}).sync();
            assertThat(accepted.isOpen()).isTrue();
            accepted.config().setAutoRead(true);
            assertThat(reader.text()).isEqualTo("the last words");
            Rig.await(accepted.closeFuture());
            Rig.await(server.close());
        }
    }

    @ParameterizedTest
    @MethodSource("transports")
    void tellsWhatBecameOfEachMessage(Transport transport) throws Exception {
        RudpConfig config = Rig.config(
                RudpSecurity.plaintext(),
                options -> options.maxMessageBytes(10_000)
                        .receiveWindowBytes(10_000)
                        .maxReceiveWindowBytes(10_000)
                        .maxChannels(4));
        try (Rig rig = new Rig(transport, config)) {
            Rig.Collector reader = new Rig.Collector();
            Channel server = rig.serve(rig.serverBootstrap(reader).childOption(ChannelOption.AUTO_READ, false));
            RudpChannel client = rig.connect(server, new Rig.Collector());
            assertKind(client.writeAndFlush(Unpooled.wrappedBuffer(new byte[10_001])), Kind.FRAME_TOO_LARGE);
            assertKind(client.writeAndFlush(RudpMessage.of(Rig.text("x")).withChannel(4)), Kind.PROTOCOL);
            Rig.await(client.writeAndFlush(Unpooled.wrappedBuffer(new byte[10_000])));
            // The window is full now: what follows waits.
            ChannelFuture older =
                    client.writeAndFlush(RudpMessage.of(Rig.text("older")).withMode(DeliveryMode.RELIABLE_SEQUENCED));
            ChannelFuture newer =
                    client.writeAndFlush(RudpMessage.of(Rig.text("newer")).withMode(DeliveryMode.RELIABLE_SEQUENCED));
            assertKind(older, Kind.CANCELLED);
            assertKind(
                    client.writeAndFlush(
                            RudpMessage.of(Rig.text("late")).withDeadline(Deadline.after(Duration.ofMillis(20)))),
                    Kind.CANCELLED);
            Rig.await(client.writeAndFlush(RudpMessage.of(Rig.text("once")).withMode(DeliveryMode.UNRELIABLE)));
            assertThat(newer.isDone()).isFalse();
            assertThat(Rig.failure(client.writeAndFlush("no buffer")))
                    .isInstanceOf(UnsupportedOperationException.class)
                    .hasMessageContaining("java.lang.String");
            client.abort();
            assertKind(newer, Kind.LOCAL_CLOSED);
            assertThat(client.closed().get(5, TimeUnit.SECONDS)).isEqualTo(CloseReason.local());
            RudpChannel accepted = (RudpChannel) Rig.Collector.next(reader.active);
            accepted.config().setAutoRead(true);
            Rig.await(accepted.closeFuture());
            reader.messages.forEach(ReferenceCountUtil::release);
            Rig.await(server.close());
        }
    }

    private static void assertKind(ChannelFuture write, Kind kind) throws Exception {
        assertThat(Rig.failure(write))
                .isInstanceOfSatisfying(
                        NetException.class,
                        failure -> assertThat(failure.kind()).isEqualTo(kind));
    }

    @ParameterizedTest
    @MethodSource("transports")
    void completesWritesWhenTheyAreSentWhereThatIsAskedFor(Transport transport) throws Exception {
        RudpConfig config = Rig.config(
                RudpSecurity.plaintext(),
                options -> options.completion(Completion.SENT).idleTimeout(Duration.ofMinutes(1)));
        try (Rig rig = new Rig(transport, config)) {
            Rig.Collector reader = new Rig.Collector();
            Channel server = rig.serve(reader);
            RudpChannel client = rig.connect(server, new Rig.Collector());
            Rig.await(client.writeAndFlush(Rig.text("first")));
            assertThat(reader.text()).isEqualTo("first");
            client.write(Rig.text("void"), client.voidPromise());
            client.flush();
            assertThat(reader.text()).isEqualTo("void");
            Rig.await(client.close());
            Rig.await(server.close());
        }
    }

    @ParameterizedTest
    @MethodSource("transports")
    void completesFuturesAndRefusesWhatIsTooMuch(Transport transport) throws Exception {
        RudpConfig config = Rig.config(RudpSecurity.plaintext(), options -> options.sendBufferBytes(50_000));
        try (Rig rig = new Rig(transport, config)) {
            Rig.Collector reader = new Rig.Collector();
            Channel server = rig.serve(rig.serverBootstrap(reader).childOption(ChannelOption.AUTO_READ, false));
            RudpChannel client = rig.connect(server, new Rig.Collector());
            client.send(RudpMessage.of(Rig.text("sent"))).get(Rig.PATIENCE_SECONDS, TimeUnit.SECONDS);
            int taken = 0;
            RudpMessage next = RudpMessage.of(Unpooled.wrappedBuffer(new byte[900_000]));
            while (client.trySend(next)) {
                taken++;
                next = RudpMessage.of(Unpooled.wrappedBuffer(new byte[900_000]));
                client.eventLoop().submit(() -> {}).sync();
                assertThat(taken).isLessThan(20);
            }
            assertThat(taken).isPositive();
            assertThat(next.refCnt())
                    .as("what was not taken stays the caller's")
                    .isOne();
            next.release();
            client.abort();
            Rig.await(client.closeFuture());
            assertThatThrownBy(() ->
                            client.send(RudpMessage.of(Rig.text("late"))).get(Rig.PATIENCE_SECONDS, TimeUnit.SECONDS))
                    .hasCauseInstanceOf(NetException.class);
            Channel accepted = Rig.Collector.next(reader.active);
            accepted.config().setAutoRead(true);
            Rig.await(accepted.closeFuture());
            reader.messages.forEach(ReferenceCountUtil::release);
            Rig.await(server.close());
        }
    }
}
