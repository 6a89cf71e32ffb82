package io.nettoolkit.udp;

import io.nettoolkit.core.CloseReason;
import io.nettoolkit.udp.internal.connection.ConnectionEvents;
import io.nettoolkit.udp.internal.connection.ConnectionSetup;
import io.nettoolkit.udp.internal.connection.RudpConnection;
import io.nettoolkit.udp.internal.connection.ServerGate;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.NullMarked;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Handshakes without a socket: HELLO, RETRY with a cookie, HELLO, ACCEPT, first packet, and both ends dropped. Both sides
 * run on the one thread, so a server alone does about twice as many.
 *
 * <p>It stands in the package of the module because the core is nobody's API: no other package may reach it.
 */
@NullMarked
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
        value = 3,
        jvmArgsAppend = {
            "-Xms512m",
            "-Xmx512m",
            "-XX:+UseSerialGC",
            // JMH's threads are not Netty's, which alone have ready buffers by default.
            "-Dio.netty.allocator.useCacheForAllThreads=true"
        })
public class RudpHandshakeBenchmark {

    private static final long STEP_NANOS = 1_000_000;

    /** How datagrams are protected. */
    @Param({"plaintext", "psk"})
    public String security = "plaintext";

    private final InetSocketAddress clientAddress = new InetSocketAddress(InetAddress.getLoopbackAddress(), 1);
    private final InetSocketAddress serverAddress = new InetSocketAddress(InetAddress.getLoopbackAddress(), 2);
    private final ByteBuf datagram = PooledByteBufAllocator.DEFAULT.directBuffer(RudpConfig.MAX_DATAGRAM_BYTES);
    private final ByteBuf answer = PooledByteBufAllocator.DEFAULT.directBuffer(RudpConfig.MAX_DATAGRAM_BYTES);
    private ConnectionSetup setup = setup(RudpSecurity.plaintext());
    private ServerGate gate = gate();
    private long nowNanos = 1;

    private static ConnectionSetup setup(RudpSecurity security) {
        return ConnectionSetup.of(RudpConfig.lan(security), PooledByteBufAllocator.DEFAULT, new SecureRandom(), 0);
    }

    private ServerGate gate() {
        return new ServerGate(setup, from -> new Silent(), nowNanos);
    }

    /** Opens the gate. */
    @Setup
    public void open() {
        setup = setup(security.equals("psk") ? RudpSecurity.psk(new byte[16]) : RudpSecurity.plaintext());
        gate = gate();
    }

    /** One handshake. */
    @Benchmark
    public RudpConnection.State handshake() {
        nowNanos += STEP_NANOS;
        RudpConnection client = RudpConnection.dial(setup, new Silent(), serverAddress, nowNanos);
        ServerGate.Outcome outcome = ServerGate.Outcome.ANSWERED;
        while (outcome == ServerGate.Outcome.ANSWERED) {
            client.poll(nowNanos, datagram.clear());
            outcome = gate.onDatagram(nowNanos, clientAddress, datagram, answer.clear());
            if (outcome == ServerGate.Outcome.ANSWERED) {
                client.onDatagram(nowNanos, serverAddress, answer);
            }
        }
        RudpConnection server = gate.accepted();
        server.poll(nowNanos, answer.clear());
        client.onDatagram(nowNanos, serverAddress, answer);
        client.poll(nowNanos, datagram.clear());
        server.onDatagram(nowNanos, clientAddress, datagram);
        RudpConnection.State state = server.state();
        if (state != RudpConnection.State.ESTABLISHED) {
            throw new IllegalStateException("the server's connection is " + state);
        }
        client.abort(nowNanos);
        server.abort(nowNanos);
        return state;
    }

    private static final class Silent implements ConnectionEvents {
        @Override
        public void onEstablished() {}

        @Override
        public void onClosed(CloseReason reason) {}

        @Override
        public void onPathChanged() {}

        @Override
        public void onSent(Object token) {}

        @Override
        public void onAcknowledged(Object token) {}

        @Override
        public void onDropped(Object token, Drop reason) {}
    }
}
