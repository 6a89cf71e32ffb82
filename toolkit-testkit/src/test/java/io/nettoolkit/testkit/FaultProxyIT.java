package io.nettoolkit.testkit;

import static io.nettoolkit.testkit.ProxyPair.assertEndOfStream;
import static io.nettoolkit.testkit.ProxyPair.assertReceives;
import static io.nettoolkit.testkit.ProxyPair.assertReset;
import static io.nettoolkit.testkit.ProxyPair.awaitTrue;
import static io.nettoolkit.testkit.ProxyPair.send;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nettoolkit.testkit.ProxyPair.Ends;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.local.LocalIoHandler;
import io.netty.channel.nio.NioIoHandler;
import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(LeakCheck.class)
class FaultProxyIT {

    private final ProxyPair pair = new ProxyPair();
    private final FaultProxy proxy = pair.proxy;

    @AfterEach
    void close() throws Exception {
        pair.close();
    }

    @Test
    void withoutFaultsForwardsBothWaysAndCounts() throws Exception {
        try (Ends ends = pair.connect()) {
            send(ends.client(), 1, 2, 3);
            assertReceives(ends.server(), 1, 2, 3);
            send(ends.server(), 4, 5);
            assertReceives(ends.client(), 4, 5);
            assertThat(proxy.acceptedConnections()).isEqualTo(1);
            assertThat(proxy.openConnections()).isEqualTo(1);
            assertThat(proxy.toTarget().receivedBytes()).isEqualTo(3);
            awaitTrue(() ->
                    proxy.toTarget().forwardedBytes() == 3 && proxy.toClient().forwardedBytes() == 2);
        }
        awaitTrue(() -> proxy.openConnections() == 0);
        assertThat(proxy.acceptedConnections()).isEqualTo(1);
    }

    @Test
    void forwardsTheEndOfEachDirectionOnItsOwn() throws Exception {
        try (Ends ends = pair.connect()) {
            send(ends.client(), 1);
            ends.client().shutdownOutput();
            assertReceives(ends.server(), 1);
            assertEndOfStream(ends.server());
            send(ends.server(), 2);
            assertReceives(ends.client(), 2);
            ends.server().shutdownOutput();
            assertEndOfStream(ends.client());
        }
    }

    @Test
    void forwardsAResetFromEitherSide() throws Exception {
        try (Ends ends = pair.connect()) {
            ends.client().setSoLinger(true, 0);
            ends.client().close();
            assertReset(ends.server());
        }
        try (Ends ends = pair.connect()) {
            ends.server().setSoLinger(true, 0);
            ends.server().close();
            assertReset(ends.client());
        }
    }

    @Test
    void resetsAClientWhoseTargetIsDown() throws Exception {
        pair.listener.close();
        try (Socket client = pair.connectClient()) {
            assertReset(client);
        }
        awaitTrue(() -> proxy.openConnections() == 0);
    }

    @Test
    void carriesManyMegabytesUnchangedUnderBackPressure() throws Exception {
        byte[] sent = new byte[20 << 20];
        new Random(1).nextBytes(sent);
        try (Ends ends = pair.connect()) {
            Thread writer = new Thread(() -> {
                try {
                    ends.client().getOutputStream().write(sent);
                    ends.client().shutdownOutput();
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            });
            writer.start();
            assertThat(Arrays.equals(ends.server().getInputStream().readAllBytes(), sent))
                    .isTrue();
            writer.join();
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 2, 3})
    void truncatesWithAnEndOfStreamOnBothSides(long position) throws Exception {
        proxy.toClient().truncateAt(position);
        try (Ends ends = pair.connect()) {
            send(ends.server(), 1, 2, 3, 4);
            assertReceives(ends.client(), firstBytes(position));
            assertEndOfStream(ends.client());
            assertEndOfStream(ends.server());
            send(ends.client(), 9);
            assertThat(proxy.toTarget().forwardedBytes()).isZero();
        }
        awaitTrue(() -> proxy.openConnections() == 0);
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 2, 3})
    void resetsBothSidesAtTheByte(long position) throws Exception {
        proxy.toClient().resetAt(position);
        try (Ends ends = pair.connect()) {
            boolean sent = sendUnlessReset(ends.server(), 1, 2, 3, 4);
            assertReceives(ends.client(), firstBytes(position));
            assertReset(ends.client());
            if (sent) {
                assertReset(ends.server());
            }
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 2, 3})
    void halfClosesOneDirectionAndKeepsTheOther(long position) throws Exception {
        proxy.toClient().halfCloseAt(position);
        try (Ends ends = pair.connect()) {
            send(ends.server(), 1, 2, 3, 4);
            assertReceives(ends.client(), firstBytes(position));
            assertEndOfStream(ends.client());
            send(ends.server(), 5);
            send(ends.client(), 6, 7);
            assertReceives(ends.server(), 6, 7);
            ends.client().shutdownOutput();
            assertEndOfStream(ends.server());
        }
        awaitTrue(() -> proxy.openConnections() == 0);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3})
    void invertsOneByte(int position) throws Exception {
        proxy.toTarget().corruptAt(position);
        try (Ends ends = pair.connect()) {
            int[] expected = {0, 1, 2, 3};
            expected[position] = 255 - position;
            send(ends.client(), 0, 1);
            assertReceives(ends.server(), expected[0], expected[1]);
            send(ends.client(), 2, 3);
            assertReceives(ends.server(), expected[2], expected[3]);
        }
    }

    @Test
    void aFaultSetOnAnOpenConnectionThatIsPastItHappensAtOnce() throws Exception {
        try (Ends ends = pair.connect()) {
            send(ends.client(), 1, 2, 3);
            assertReceives(ends.server(), 1, 2, 3);
            proxy.toTarget().resetAt(2);
            assertReset(ends.client());
            assertReset(ends.server());
        }
    }

    @Test
    void aLaterCutReplacesAnEarlierOneAndClearRemovesAll() throws Exception {
        proxy.toClient().resetAt(1).halfCloseAt(2).corruptAt(0);
        try (Ends ends = pair.connect()) {
            send(ends.server(), 1, 2, 3);
            assertReceives(ends.client(), 254, 2);
            assertEndOfStream(ends.client());
        }
        proxy.toClient().clear();
        try (Ends ends = pair.connect()) {
            send(ends.server(), 1, 2, 3);
            assertReceives(ends.client(), 1, 2, 3);
        }
    }

    @Test
    void stallsOneDirectionHoldingBackBytesEndAndFaultsUntilResumed() throws Exception {
        proxy.toTarget().stall();
        try (Ends ends = pair.connect()) {
            send(ends.client(), 1, 2);
            ends.client().shutdownOutput();
            send(ends.server(), 3);
            assertReceives(ends.client(), 3);
            ends.server().setSoTimeout(50);
            assertThatThrownBy(() -> ends.server().getInputStream().read()).hasMessageContaining("timed out");
            assertThat(proxy.toTarget().forwardedBytes()).isZero();
            ends.server().setSoTimeout(10_000);
            proxy.toTarget().resume();
            assertReceives(ends.server(), 1, 2);
            assertEndOfStream(ends.server());
        }
    }

    @Test
    void aStalledDirectionPushesTheSenderBack() throws Exception {
        proxy.toTarget().stall();
        pushUntilRefused();
        assertThat(proxy.toTarget().forwardedBytes()).isZero();
    }

    @Test
    void aDelayHoldsABoundedNumberOfBytesAndThenPushesTheSenderBack() throws Exception {
        proxy.toTarget().delay(Duration.ofDays(1));
        pushUntilRefused();
        assertThat(proxy.toTarget().forwardedBytes()).isZero();
        assertThat(proxy.toTarget().receivedBytes()).isLessThan(8L << 20);
    }

    @Test
    void truncatingReachesADirectionThatIsStalled() throws Exception {
        proxy.toTarget().stall();
        proxy.toClient().truncateAt(0);
        Ends ends = pair.connect();
        assertEndOfStream(ends.client());
        assertEndOfStream(ends.server());
        ends.close();
        awaitTrue(() -> proxy.openConnections() == 0);
    }

    @Test
    void disconnectsAndResetsAll() throws Exception {
        try (Ends one = pair.connect();
                Ends two = pair.connect()) {
            proxy.disconnectAll();
            assertThat(proxy.openConnections()).isZero();
            for (Socket socket : List.of(one.client(), one.server(), two.client(), two.server())) {
                assertEndOfStream(socket);
            }
        }
        try (Ends ends = pair.connect()) {
            proxy.resetAll();
            assertThat(proxy.openConnections()).isZero();
            assertReset(ends.client());
            assertReset(ends.server());
        }
    }

    @Test
    void refusesConnectionsAndAcceptsThemAgainOnTheSamePort() throws Exception {
        int port = proxy.port();
        try (Ends open = pair.connect()) {
            for (int round = 0; round < 20; round++) {
                proxy.refuseConnections();
                proxy.refuseConnections();
                assertThatThrownBy(pair::connectClient).isInstanceOf(ConnectException.class);
                proxy.acceptConnections();
                proxy.acceptConnections();
                pair.connect().close();
            }
            send(open.client(), 1);
            assertReceives(open.server(), 1);
        }
        assertThat(proxy.port()).isEqualTo(port);
        assertThat(proxy.acceptedConnections()).isEqualTo(21);
    }

    @Test
    void keepsItsPortWhileItRefuses() throws Exception {
        proxy.refuseConnections();
        try (ServerSocket thief = new ServerSocket()) {
            thief.setReuseAddress(false);
            assertThatThrownBy(() -> thief.bind(proxy.address())).isInstanceOf(BindException.class);
        }
    }

    @Test
    void closeResetsConnectionsFreesThePortAndMayBeRepeated() throws Exception {
        InetSocketAddress address = proxy.address();
        try (Ends ends = pair.connect()) {
            proxy.close();
            proxy.close();
            assertReset(ends.client());
            assertReset(ends.server());
        }
        assertThat(proxy.openConnections()).isZero();
        assertThatThrownBy(() -> new Socket(address.getAddress(), address.getPort()))
                .isInstanceOf(ConnectException.class);
        assertThatIllegalStateException().isThrownBy(proxy::acceptConnections).withMessage("the proxy is closed");
    }

    @Test
    void aGroupOfTheCallerServesManyConnectionsAndOutlivesTheProxy() throws Exception {
        EventLoopGroup group = new MultiThreadIoEventLoopGroup(3, NioIoHandler.newFactory());
        try (ProxyPair shared = new ProxyPair(group)) {
            List<Ends> all = new ArrayList<>();
            for (int i = 0; i < 30; i++) {
                all.add(shared.connect());
                send(all.get(i).client(), i);
            }
            for (int i = 0; i < 30; i++) {
                assertReceives(all.get(i).server(), i);
            }
            shared.proxy.close();
            for (Ends ends : all) {
                assertReset(ends.client());
                ends.close();
            }
            assertThat(group.isShuttingDown()).isFalse();
        } finally {
            group.shutdownGracefully(0, 0, TimeUnit.SECONDS).sync();
        }
    }

    @Test
    void mayBeClosedAfterItsGroup() throws Exception {
        EventLoopGroup group = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
        try (ProxyPair shared = new ProxyPair(group)) {
            assertThat(shared.proxy.acceptedConnections()).isZero();
            group.shutdownGracefully(50, 1000, TimeUnit.MILLISECONDS).sync();
        }
    }

    @Test
    void delaysAndDripsInVirtualTime() throws Exception {
        try (ManualTime time = ManualTime.create();
                ProxyPair virtual = new ProxyPair(time.newEventLoopGroup());
                Ends ends = virtual.connect()) {
            FaultProxy.Faults faults = virtual.proxy.toTarget();
            faults.delay(Duration.ofMillis(200)).drip(2, Duration.ofMillis(10));
            send(ends.client(), 1, 2, 3, 4, 5);
            ends.client().shutdownOutput();
            awaitTrue(() -> faults.receivedBytes() == 5);
            // The chunk arrived at 0 ms; its end of stream is on its way.
            time.advance(Duration.ofMillis(199));
            assertThat(faults.forwardedBytes()).isZero();
            time.advance(Duration.ofMillis(1));
            awaitForwarded(faults, 2);
            time.advance(Duration.ofMillis(9));
            assertThat(faults.forwardedBytes()).isEqualTo(2);
            time.advance(Duration.ofMillis(1));
            awaitForwarded(faults, 4);
            time.advance(Duration.ofMillis(10));
            awaitForwarded(faults, 5);
            assertReceives(ends.server(), 1, 2, 3, 4, 5);
            time.advance(Duration.ofMillis(400));
            assertEndOfStream(ends.server());
        }
    }

    @Test
    void takingADelayAwayLetsHeldBytesGoAtOnce() throws Exception {
        proxy.toTarget().delay(Duration.ofDays(1));
        try (Ends ends = pair.connect()) {
            send(ends.client(), 1);
            awaitTrue(() -> proxy.toTarget().receivedBytes() == 1);
            assertThat(proxy.toTarget().forwardedBytes()).isZero();
            proxy.toTarget().delay(Duration.ZERO);
            assertReceives(ends.server(), 1);
        }
    }

    @Test
    void refusesBadArguments() {
        FaultProxy.Faults faults = proxy.toClient();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> faults.delay(Duration.ofMillis(-1)))
                .withMessage("delay: PT-0.001S (must not be negative)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> faults.drip(0, Duration.ofMillis(1)))
                .withMessage("bytes: 0 (must be at least 1)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> faults.drip(1, Duration.ZERO))
                .withMessage("interval: PT0S (must be longer than zero)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> faults.resetAt(-1))
                .withMessage("position: -1 (must not be negative)");
        assertThatIllegalArgumentException().isThrownBy(() -> faults.corruptAt(-1));
        EventLoopGroup local = new MultiThreadIoEventLoopGroup(1, LocalIoHandler.newFactory());
        assertThatIllegalArgumentException()
                .isThrownBy(() -> FaultProxy.to(proxy.address(), local))
                .withMessageContaining("must be of the NIO transport");
        local.shutdownGracefully(0, 0, TimeUnit.SECONDS).syncUninterruptibly();
        assertThat(proxy.toString()).startsWith("FaultProxy(port " + proxy.port() + " -> ");
    }

    private static void awaitForwarded(FaultProxy.Faults faults, long bytes) {
        awaitTrue(() -> faults.forwardedBytes() >= bytes);
        assertThat(faults.forwardedBytes()).isEqualTo(bytes);
    }

    /** Sends zeros until a long row of attempts has found every buffer on the way full. */
    private void pushUntilRefused() throws IOException {
        try (SocketChannel client = SocketChannel.open(proxy.address());
                Socket server = pair.accept()) {
            assertThat(server.isConnected()).isTrue();
            client.configureBlocking(false);
            ByteBuffer bytes = ByteBuffer.allocateDirect(64 * 1024);
            int refused = 0;
            for (long sent = 0; refused < 200_000; ) {
                int written = client.write(bytes.clear());
                refused = written == 0 ? refused + 1 : 0;
                sent += written;
                if (sent > 256 << 20) {
                    throw new AssertionError("took " + sent + " bytes and still takes more");
                }
            }
        }
    }

    /** A send that may meet the reset it provokes; the system tells a socket of a reset only once. */
    private static boolean sendUnlessReset(Socket socket, int... bytes) throws IOException {
        try {
            send(socket, bytes);
            return true;
        } catch (SocketException e) {
            assertThat(e).hasMessageMatching(".*(reset|Broken pipe).*");
            return false;
        }
    }

    private static int[] firstBytes(long count) {
        int[] bytes = new int[(int) count];
        Arrays.setAll(bytes, i -> i + 1);
        return bytes;
    }
}
