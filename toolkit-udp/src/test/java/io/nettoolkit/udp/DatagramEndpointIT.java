package io.nettoolkit.udp;

import static io.nettoolkit.udp.DatagramRig.ANY_PORT;
import static io.nettoolkit.udp.DatagramRig.awaitTrue;
import static io.nettoolkit.udp.DatagramRig.bytes;
import static io.nettoolkit.udp.DatagramRig.failureOf;
import static io.nettoolkit.udp.DatagramRig.taken;
import static io.nettoolkit.udp.DatagramRig.text;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nettoolkit.core.DrainReport;
import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.core.NetFailure.Operation;
import io.nettoolkit.core.RejectedException;
import io.nettoolkit.core.RejectedException.Reason;
import io.nettoolkit.core.Transport;
import io.nettoolkit.testkit.LeakCheck;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** What holds on every transport. */
@ExtendWith(LeakCheck.class)
@ParameterizedClass
@MethodSource("io.nettoolkit.udp.TransportMatrix#available")
class DatagramEndpointIT {

    private final Transport transport;

    DatagramEndpointIT(Transport transport) {
        this.transport = transport;
    }

    @Test
    void carriesDatagramsBothWaysAndCountsThem() throws Exception {
        try (DatagramRig server = DatagramRig.bound(transport);
                DatagramRig client = DatagramRig.bound(transport)) {
            server.handler = (it, datagram, sender) -> it.send(bytes("re " + text(datagram)), sender);
            client.endpoint.send(bytes("one"), server.address()).join();
            assertThat(client.next()).isEqualTo(new DatagramRig.Received("re one", server.address()));
            assertThat(client.endpoint.trySend(bytes("two"), server.address())).isTrue();
            assertThat(client.next().text()).isEqualTo("re two");
            awaitTrue(() -> server.endpoint.stats().sent() == 2);
            assertThat(server.endpoint.stats())
                    .satisfies(stats -> assertThat(stats.received()).isEqualTo(2))
                    .satisfies(stats -> assertThat(stats.receivedBytes()).isEqualTo(6))
                    .satisfies(stats -> assertThat(stats.sentBytes()).isEqualTo(12))
                    .satisfies(stats -> assertThat(stats.pendingBytes()).isZero());
            assertThat(server.others).containsExactly("open " + server.address().getPort());
        }
    }

    @Test
    void carriesIpv6() throws Exception {
        InetSocketAddress loopback = new InetSocketAddress(InetAddress.getByName("::1"), 0);
        try (DatagramRig server = new DatagramRig(transport, it -> it);
                DatagramRig client = new DatagramRig(transport, it -> it)) {
            server.endpoint.bind(loopback).join();
            client.endpoint.connect(server.address()).join();
            client.endpoint.send(bytes("six")).join();
            assertThat(server.next()).isEqualTo(new DatagramRig.Received("six", client.address()));
        }
    }

    @Test
    void aConnectedEndpointHearsItsPeerAlone() throws Exception {
        try (DatagramRig server = DatagramRig.bound(transport);
                DatagramRig stranger = DatagramRig.bound(transport);
                DatagramRig client = DatagramRig.connected(transport, server.address())) {
            assertThat(client.endpoint.remoteAddress()).isEqualTo(server.address());
            assertThat(server.endpoint.remoteAddress()).isNull();
            client.endpoint.send(bytes("hello")).join();
            assertThat(server.next().sender()).isEqualTo(client.address());
            stranger.endpoint.send(bytes("spoof"), client.address()).join();
            server.endpoint.send(bytes("welcome"), client.address()).join();
            assertThat(client.next()).isEqualTo(new DatagramRig.Received("welcome", server.address()));
        }
    }

    @Test
    void connectsFromAGivenLocalAddress() throws Exception {
        try (DatagramRig server = DatagramRig.bound(transport);
                DatagramRig client = new DatagramRig(transport, it -> it)) {
            InetSocketAddress local = new InetSocketAddress("127.0.0.1", 0);
            assertThat(client.endpoint.connect(server.address(), local).join().getAddress())
                    .isEqualTo(local.getAddress());
        }
    }

    @Test
    void manyDatagramsOfABurstArriveInOrderAndWhole() throws Exception {
        int count = 1000;
        try (DatagramRig server = DatagramRig.bound(transport, it -> it.receiveBufferBytes(1 << 20));
                DatagramRig client = DatagramRig.connected(transport, server.address())) {
            for (int sent = 0; sent < count; sent += 100) {
                int from = sent;
                client.loops.next().submit(() -> {
                    for (int i = from; i < from + 100; i++) {
                        assertThat(client.endpoint.trySend(bytes("datagram " + i)))
                                .isTrue();
                    }
                });
                for (int i = from; i < from + 100; i++) {
                    assertThat(server.next().text()).isEqualTo("datagram " + i);
                }
            }
            // The last may be here before the loop that sent it has counted it.
            client.loops.next().submit(() -> {}).get();
            assertThat(client.endpoint.stats().sent()).isEqualTo(count);
        }
    }

    @Test
    void aDatagramThatIsTooLongIsReportedAndNeverHandedOver() throws Exception {
        try (DatagramRig server = DatagramRig.bound(transport, it -> it.maxDatagramBytes(100));
                DatagramRig client = DatagramRig.bound(transport)) {
            client.endpoint.send(bytes("x".repeat(101)), server.address()).join();
            client.endpoint.send(bytes("x".repeat(5000)), server.address()).join();
            client.endpoint.send(bytes("x".repeat(100)), server.address()).join();
            assertThat(server.next().text()).hasSize(100);
            assertThat(server.oversized).containsExactly(client.address(), client.address());
            assertThat(server.received).isEmpty();
            assertThat(server.endpoint.stats())
                    .satisfies(stats -> assertThat(stats.oversized()).isEqualTo(2))
                    .satisfies(stats -> assertThat(stats.received()).isEqualTo(1));
        }
    }

    @Test
    void carriesTheLongestDatagramThatUdpHas() throws Exception {
        try (DatagramRig server = DatagramRig.bound(
                        transport, it -> it.maxDatagramBytes(65_507).receiveBufferBytes(1 << 18));
                DatagramRig client = DatagramRig.bound(transport, it -> it.sendBufferBytes(1 << 18))) {
            client.endpoint.send(bytes("y".repeat(65_507)), server.address()).join();
            assertThat(server.next().text()).isEqualTo("y".repeat(65_507));
        }
    }

    @Test
    void whatTheLinkDoesNotCarryWholeFailsAloneAndSaysByHowMuch() throws Exception {
        InetAddress loopback = InetAddress.getByName("::1");
        int mtu = NetworkInterface.getByInetAddress(loopback).getMTU();
        int most = mtu - 48;
        try (DatagramRig server = new DatagramRig(
                        transport, it -> it.maxDatagramBytes(65_527).receiveBufferBytes(1 << 18));
                DatagramRig whole =
                        new DatagramRig(transport, it -> it.dontFragment(true).sendBufferBytes(1 << 18));
                DatagramRig cut = new DatagramRig(transport, it -> it.sendBufferBytes(1 << 18))) {
            server.endpoint.bind(new InetSocketAddress(loopback, 0)).join();
            cut.endpoint.connect(server.address()).join();
            cut.endpoint.send(bytes("c".repeat(most + 1))).join();
            assertThat(server.next().text()).hasSize(most + 1);
            whole.endpoint.bind(new InetSocketAddress(loopback, 0)).join();
            if (DatagramRig.cannotForbidFragments(whole)) {
                return;
            }
            CompletableFuture<?> refused = whole.endpoint.send(bytes("w".repeat(most + 1)), server.address());
            whole.endpoint.send(bytes("w".repeat(most)), server.address()).join();
            assertThat(server.next().text()).hasSize(most);
            assertThat(failureOf(refused))
                    .satisfies(failure -> assertThat(failure.kind()).isEqualTo(Kind.FRAME_TOO_LARGE))
                    .satisfies(failure -> assertThat(failure.operation()).isEqualTo(Operation.WRITE))
                    .satisfies(failure -> assertThat((Throwable) failure)
                            .hasMessageContaining(most + 1 + " bytes are a packet of " + (mtu + 1))
                            .hasMessageContaining("1232 bytes pass"));
            assertThat(taken(whole.failures, "a failure").remote()).isEqualTo(server.address());
            assertThat(whole.endpoint.stats().sendFailures()).isEqualTo(1);
        }
    }

    @Test
    void tellsTheMtuOfTheOnePathThatAConnectedEndpointHas() throws Exception {
        try (DatagramRig server = DatagramRig.bound(transport);
                DatagramRig client = DatagramRig.connected(transport, server.address());
                DatagramRig unopened = new DatagramRig(transport, it -> it)) {
            assertThatIllegalStateException().isThrownBy(unopened.endpoint::pathMtu);
            assertThat(server.endpoint.pathMtu()).isEmpty();
            int loopback = NetworkInterface.getByInetAddress(DatagramRig.ANY_PORT.getAddress())
                    .getMTU();
            int longest = Math.min(loopback, 65_535);
            boolean isTold = transport == Transport.EPOLL || transport == Transport.IO_URING;
            assertThat(client.endpoint.pathMtu()).isEqualTo(isTold ? OptionalInt.of(longest) : OptionalInt.empty());
            client.endpoint.close();
            assertThat(client.endpoint.pathMtu()).isEmpty();
        }
    }

    @Test
    void refusesWrongArgumentsAtTheCallAndReleasesTheDatagram() {
        try (DatagramRig rig = DatagramRig.bound(transport);
                DatagramRig connected = DatagramRig.connected(transport, rig.address())) {
            List<ByteBuf> given = new ArrayList<>();
            refuses(rig, given, Unpooled.EMPTY_BUFFER, rig.address(), "0 bytes");
            refuses(rig, given, Unpooled.buffer().writeZero(65_508), rig.address(), "65508 bytes");
            refuses(rig, given, bytes("x"), InetSocketAddress.createUnresolved("host.invalid", 1), "must be resolved");
            refuses(rig, given, bytes("x"), new InetSocketAddress("127.0.0.1", 0), "port from 1");
            refuses(rig, given, bytes("x"), new InetSocketAddress("::1", 9), "must be an IPv4 address");
            assertThat(given).allSatisfy(it -> assertThat(it.refCnt()).isZero());

            ByteBuf kept = bytes("x");
            assertThatIllegalStateException()
                    .isThrownBy(() -> rig.endpoint.trySend(kept))
                    .withMessageContaining("give a recipient");
            assertThatIllegalStateException()
                    .isThrownBy(() -> connected.endpoint.trySend(kept, rig.address()))
                    .withMessageContaining("send without a recipient");
            assertThat(kept.refCnt()).isEqualTo(1);
            kept.release();
        }
    }

    private static void refuses(
            DatagramRig rig, List<ByteBuf> given, ByteBuf datagram, InetSocketAddress to, String words) {
        if (datagram != Unpooled.EMPTY_BUFFER) {
            given.add(datagram);
        }
        assertThatIllegalArgumentException()
                .isThrownBy(() -> rig.endpoint.send(datagram, to))
                .withMessageContaining(words);
    }

    @Test
    void opensOnceAndSendsNothingBefore() {
        try (DatagramRig rig = new DatagramRig(transport, it -> it)) {
            assertThatIllegalStateException().isThrownBy(rig::address).withMessageContaining("not open");
            assertThatIllegalStateException().isThrownBy(() -> rig.endpoint.send(bytes("x"), ANY_PORT));
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> rig.endpoint.bind(InetSocketAddress.createUnresolved("host.invalid", 1)));
            rig.endpoint.bind(ANY_PORT).join();
            assertThatIllegalStateException()
                    .isThrownBy(() -> rig.endpoint.bind(ANY_PORT))
                    .withMessageContaining("build another endpoint");
        }
    }

    @Test
    void aTakenPortIsTypedAndAnotherTryIsWelcome() throws Exception {
        try (DatagramRig first = DatagramRig.bound(transport);
                DatagramRig second = new DatagramRig(transport, it -> it)) {
            assertThat(failureOf(second.endpoint.bind(first.address())))
                    .satisfies(failure -> assertThat(failure.kind()).isEqualTo(Kind.ADDRESS_IN_USE))
                    .satisfies(failure -> assertThat(failure.operation()).isEqualTo(Operation.BIND));
            second.endpoint.bind(ANY_PORT).join();
        }
    }

    @Test
    void severalEndpointsShareAnAddressWhereEachAllowsIt() {
        try (DatagramRig first = DatagramRig.bound(transport, it -> it.reuseAddress(true));
                DatagramRig second = new DatagramRig(transport, it -> it.reuseAddress(true))) {
            assertThat(second.endpoint.bind(first.address()).join()).isEqualTo(first.address());
        }
    }

    @Test
    void aPeerThatIsGoneIsReportedAndTheEndpointGoesOn() throws Exception {
        DatagramRig server = DatagramRig.bound(transport);
        InetSocketAddress address = server.address();
        try (DatagramRig client = DatagramRig.connected(transport, address)) {
            server.close();
            client.endpoint.trySend(bytes("anybody there?"));
            assertThat(taken(client.failures, "a failure").kind()).isEqualTo(Kind.CONNECT_REFUSED);
            try (DatagramRig back = new DatagramRig(transport, it -> it)) {
                back.endpoint.bind(address).join();
                // The last report of ICMP may still stand before the next send.
                awaitTrue(() -> {
                    client.endpoint.trySend(bytes("again"));
                    return !back.received.isEmpty();
                });
                assertThat(back.next().text()).isEqualTo("again");
            }
            assertThat(client.endpoint.channel().isOpen()).isTrue();
        }
    }

    @Test
    void aBroadcastThatIsNotAllowedFailsAloneWithItsReason() throws Exception {
        InetSocketAddress everybody = new InetSocketAddress("255.255.255.255", 9);
        try (DatagramRig rig = new DatagramRig(transport, it -> it)) {
            rig.endpoint.bind(new InetSocketAddress("0.0.0.0", 0)).join();
            CompletableFuture<?> refused = rig.endpoint.send(bytes("hear ye"), everybody);
            InetSocketAddress self =
                    new InetSocketAddress("127.0.0.1", rig.address().getPort());
            rig.endpoint.send(bytes("to myself"), self).join();
            assertThat(failureOf(refused))
                    .satisfies(failure -> assertThat(failure.kind()).isEqualTo(Kind.PERMISSION))
                    .satisfies(failure -> assertThat(failure.operation()).isEqualTo(Operation.WRITE));
            assertThat(rig.next().text()).isEqualTo("to myself");
            assertThat(rig.endpoint.stats().sendFailures()).isEqualTo(1);
            assertThat(taken(rig.failures, "a failure").remote()).isEqualTo(everybody);
        }
    }

    @Test
    void aBroadcastThatIsAllowedIsHeard() throws Exception {
        try (DatagramRig rig = new DatagramRig(transport, it -> it.broadcast(true))) {
            rig.endpoint.bind(new InetSocketAddress("0.0.0.0", 0)).join();
            InetSocketAddress loopbackNetwork =
                    new InetSocketAddress("127.255.255.255", rig.address().getPort());
            rig.endpoint.send(bytes("hear ye"), loopbackNetwork).join();
            assertThat(rig.next().text()).isEqualTo("hear ye");
        }
    }

    @Test
    void aHandlerThatThrowsIsCountedAndServesTheNextDatagram() throws Exception {
        try (DatagramRig server = DatagramRig.bound(transport);
                DatagramRig client = DatagramRig.connected(transport, server.address())) {
            DatagramEndpoint.Handler keep = server.handler;
            server.handler = (it, datagram, sender) -> {
                server.handler = keep;
                throw new IllegalStateException("on purpose");
            };
            client.endpoint.send(bytes("first")).join();
            client.endpoint.send(bytes("second")).join();
            assertThat(server.next().text()).isEqualTo("second");
            assertThat(server.endpoint.stats().callbackFailures()).isEqualTo(1);
        }
    }

    @Test
    void theQueueIsBoundedAndSaysWhenThereIsRoomAgain() throws Exception {
        try (DatagramRig server = DatagramRig.bound(transport);
                DatagramRig client = DatagramRig.bound(transport, it -> it.sendQueueBytes(2000))) {
            CountDownLatch held = new CountDownLatch(1);
            client.loops.next().execute(() -> awaitHeld(held));
            int taken = 0;
            ByteBuf datagram = bytes("z".repeat(372));
            while (client.endpoint.trySend(datagram.retain(), server.address())) {
                taken++;
            }
            assertThat(taken)
                    .as("datagrams of 372 + 128 bytes in a queue of 2000")
                    .isEqualTo(4);
            assertThat(datagram.refCnt()).as("the refused one is still ours").isEqualTo(1 + taken + 1);
            datagram.release();
            assertThat(client.endpoint.isWritable()).isFalse();
            CompletableFuture<?> refused = client.endpoint.send(datagram, server.address());
            assertThatThrownBy(refused::join)
                    .cause()
                    .isInstanceOfSatisfying(
                            RejectedException.class,
                            it -> assertThat(it.reason()).isEqualTo(Reason.WRITE_BUFFER_FULL));
            assertThat(client.others).hasSize(1);
            held.countDown();
            awaitTrue(() -> client.others.contains("writable"));
            for (int i = 0; i < taken; i++) {
                assertThat(server.next().text()).hasSize(372);
            }
            awaitTrue(() -> client.endpoint.stats().pendingBytes() == 0);
            assertThat(client.endpoint.isWritable()).isTrue();
            assertThat(client.endpoint.stats().refusedSends()).isEqualTo(2);
            assertThat(datagram.refCnt()).isZero();
        }
    }

    private static void awaitHeld(CountDownLatch held) {
        // BlockHound would object to a wait; the test wants the loop busy, and nothing else.
        while (held.getCount() > 0) {
            Thread.onSpinWait();
        }
    }

    @Test
    void anExecutorGetsDatagramsInOrderAndItsMailboxIsBounded() throws Exception {
        ExecutorService executor = Executors.newFixedThreadPool(3);
        CountDownLatch held = new CountDownLatch(1);
        try (DatagramRig server = DatagramRig.bound(transport, it -> it.executor(executor, 5));
                DatagramRig client = DatagramRig.connected(transport, server.address())) {
            DatagramEndpoint.Handler keep = server.handler;
            server.handler = (it, datagram, sender) -> {
                held.await();
                assertThat(it.eventLoop().inEventLoop()).isFalse();
                keep.onDatagram(it, datagram, sender);
            };
            for (int i = 0; i < 20; i++) {
                client.endpoint.send(bytes("n" + i)).join();
            }
            awaitTrue(() -> server.endpoint.stats().received() == 20);
            held.countDown();
            for (int i = 0; i < 5; i++) {
                assertThat(server.next().text()).isEqualTo("n" + i);
            }
            assertThat(server.endpoint.stats().overflowed()).isEqualTo(15);
            client.endpoint.send(bytes("later")).join();
            assertThat(server.next().text()).isEqualTo("later");
        } finally {
            executor.shutdown();
            assertThat(executor.awaitTermination(DatagramRig.PATIENCE_SECONDS, TimeUnit.SECONDS))
                    .isTrue();
        }
    }

    @Test
    void anExecutorThatIsShutDownDropsAndCounts() throws Exception {
        ExecutorService executor = Executors.newSingleThreadExecutor();
        executor.shutdown();
        try (DatagramRig server = DatagramRig.bound(transport, it -> it.executor(executor, 5));
                DatagramRig client = DatagramRig.connected(transport, server.address())) {
            client.endpoint.send(bytes("lost")).join();
            awaitTrue(() -> server.endpoint.stats().overflowed() == 1);
        }
    }

    @Test
    void pausesAndResumesReading() throws Exception {
        try (DatagramRig server = DatagramRig.bound(transport);
                DatagramRig client = DatagramRig.connected(transport, server.address())) {
            server.endpoint.pauseReading();
            // What had been asked for before the pause may still come in.
            client.endpoint.send(bytes("one")).join();
            client.endpoint.send(bytes("two")).join();
            server.endpoint.resumeReading();
            assertThat(server.next().text()).isEqualTo("one");
            assertThat(server.next().text()).isEqualTo("two");
        }
    }

    @Test
    void drainsWhatIsQueuedAndRefusesTheRest() throws Exception {
        try (DatagramRig server = DatagramRig.bound(transport);
                DatagramRig client = DatagramRig.bound(transport)) {
            CountDownLatch held = new CountDownLatch(1);
            client.loops.next().execute(() -> awaitHeld(held));
            for (int i = 0; i < 3; i++) {
                assertThat(client.endpoint.trySend(bytes("n" + i), server.address()))
                        .isTrue();
            }
            CompletableFuture<DrainReport> drain = client.endpoint.drain(Duration.ofSeconds(10));
            held.countDown();
            DrainReport report = drain.get(DatagramRig.PATIENCE_SECONDS, TimeUnit.SECONDS);
            assertThat(report.drained()).isEqualTo(3);
            assertThat(report.forced()).isZero();
            for (int i = 0; i < 3; i++) {
                assertThat(server.next().text()).isEqualTo("n" + i);
            }
            assertThat(client.endpoint.drain(Duration.ZERO).join()).isEqualTo(report);
            assertThat(taken(client.closes, "the close").isOrderly()).isTrue();
            assertThat(client.endpoint.closed().join().kind()).isEqualTo(Kind.LOCAL_CLOSED);
            ByteBuf late = bytes("late");
            assertThat(client.endpoint.trySend(late, server.address())).isFalse();
            assertThatThrownBy(
                            () -> client.endpoint.send(late, server.address()).get())
                    .isInstanceOf(ExecutionException.class)
                    .cause()
                    .isInstanceOfSatisfying(
                            RejectedException.class,
                            it -> assertThat(it.reason()).isEqualTo(Reason.SHUTTING_DOWN));
            assertThat(late.refCnt()).isZero();
        }
    }

    @Test
    void closesBeforeItWasOpenAndTwiceAndOnItsOwnLoop() throws Exception {
        try (DatagramRig rig = new DatagramRig(transport, it -> it)) {
            rig.endpoint.close();
            rig.endpoint.close();
            assertThat(rig.endpoint.closed().join().isOrderly()).isTrue();
            assertThatThrownBy(() -> rig.endpoint.bind(ANY_PORT)).isInstanceOf(RejectedException.class);
        }
        try (DatagramRig rig = DatagramRig.bound(transport)) {
            rig.loops.next().submit(rig.endpoint::close).get(DatagramRig.PATIENCE_SECONDS, TimeUnit.SECONDS);
            assertThat(taken(rig.closes, "the close").isOrderly()).isTrue();
        }
    }

    @Test
    void theAddressIsFreeWhenCloseReturns() throws Exception {
        DatagramRig first = DatagramRig.bound(transport);
        InetSocketAddress address = first.address();
        first.endpoint.close();
        try (DatagramRig second = new DatagramRig(transport, it -> it)) {
            assertThat(second.endpoint.bind(address).join()).isEqualTo(address);
        }
        first.close();
    }

    @Test
    void endsWithItsEventLoops() throws Exception {
        DatagramRig rig = DatagramRig.bound(transport);
        rig.loops.close();
        assertThat(taken(rig.closes, "the close").isOrderly()).isTrue();
        ByteBuf late = bytes("late");
        assertThat(rig.endpoint.trySend(late, new InetSocketAddress("127.0.0.1", 9)))
                .isFalse();
        late.release();
        rig.endpoint.close();
    }

    @Test
    void manyThreadsSendAtOnceAndNothingIsLostInTheQueue() throws Exception {
        int threads = 4;
        int each = 500;
        ExecutorService executor = Executors.newFixedThreadPool(threads);
        try (DatagramRig server = DatagramRig.bound(transport);
                DatagramRig client = DatagramRig.bound(transport, it -> it.sendQueueBytes(20_000))) {
            List<CompletableFuture<Integer>> counts = new ArrayList<>();
            for (int t = 0; t < threads; t++) {
                counts.add(CompletableFuture.supplyAsync(
                        () -> {
                            int taken = 0;
                            for (int i = 0; i < each; i++) {
                                ByteBuf datagram = bytes("d" + i);
                                if (client.endpoint.trySend(datagram, server.address())) {
                                    taken++;
                                } else {
                                    datagram.release();
                                }
                            }
                            return taken;
                        },
                        executor));
            }
            long taken = counts.stream().mapToInt(CompletableFuture::join).sum();
            awaitTrue(() -> client.endpoint.stats().pendingBytes() == 0);
            DatagramEndpoint.Stats stats = client.endpoint.stats();
            assertThat(stats.sent() + stats.sendFailures()).isEqualTo(taken);
            assertThat(stats.sent() + stats.refusedSends()).isEqualTo((long) threads * each);
        } finally {
            executor.shutdown();
            assertThat(executor.awaitTermination(DatagramRig.PATIENCE_SECONDS, TimeUnit.SECONDS))
                    .isTrue();
        }
    }

    @Test
    void reportsABufferThatTheSystemCut() {
        try (DatagramRig rig = DatagramRig.bound(transport, it -> it.receiveBufferBytes(1 << 30))) {
            assertThat(rig.endpoint.stats().optionsNotApplied())
                    .singleElement()
                    .asString()
                    .startsWith("receiveBufferBytes=1073741824: the system cut it to ");
        }
    }

    @Test
    void aMulticastInterfaceThatDoesNotExistIsNamed() throws Exception {
        try (DatagramRig rig = new DatagramRig(transport, it -> it.multicastInterface("none0"))) {
            assertThat(failureOf(rig.endpoint.bind(ANY_PORT)))
                    .satisfies(failure -> assertThat(failure.kind()).isEqualTo(Kind.UNREACHABLE))
                    .satisfies(failure -> assertThat((Throwable) failure).hasMessageContaining("\"none0\", only"));
        }
    }
}
