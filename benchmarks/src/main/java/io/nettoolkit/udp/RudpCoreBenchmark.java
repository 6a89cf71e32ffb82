package io.nettoolkit.udp;

import io.nettoolkit.core.CloseReason;
import io.nettoolkit.udp.internal.connection.ConnectionEvents;
import io.nettoolkit.udp.internal.connection.ConnectionSetup;
import io.nettoolkit.udp.internal.connection.RudpConnection;
import io.nettoolkit.udp.internal.connection.ServerGate;
import io.nettoolkit.udp.internal.delivery.MessageSink;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Random;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.NullMarked;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The reliable core without a socket: two connections, each datagram of one handed to the other at once, except for those
 * that are dropped. An operation is a datagram: written, sealed, opened, read, its messages handed over; acknowledgements
 * are datagrams too. {@code -prof gc} gives bytes per datagram, but not with {@code -f 0}: then the thread is not one of
 * Netty's, and every buffer is a new one.
 *
 * <p>It stands in the package of the module because the core is nobody's API: no other package may reach it.
 */
@NullMarked
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
        value = 3,
        jvmArgsAppend = {
            "-Xms256m",
            "-Xmx256m",
            "-XX:+UseSerialGC",
            // No samples of leak detection, and threads like Netty's, which alone use buffers again.
            "-Dio.netty.leakDetection.level=disabled",
            "-Djmh.executor=CUSTOM",
            "-Djmh.executor.class=io.nettoolkit.udp.RudpCoreBenchmark$LoopThreads"
        })
public class RudpCoreBenchmark {

    private static final int DATAGRAMS = 1000;
    private static final long STEP_NANOS = 20_000;

    /** Bytes of a message. */
    @Param({"100", "1000", "20000"})
    public int messageBytes;

    /** One in so many datagrams is dropped; 0 for none. */
    @Param({"0", "50"})
    public int lossEvery;

    /** How datagrams are protected. */
    @Param({"plaintext", "checksum", "psk"})
    public String security = "plaintext";

    private final InetSocketAddress clientAddress = new InetSocketAddress(InetAddress.getLoopbackAddress(), 1);
    private final InetSocketAddress serverAddress = new InetSocketAddress(InetAddress.getLoopbackAddress(), 2);
    private final ByteBuf datagram = PooledByteBufAllocator.DEFAULT.directBuffer(RudpConfig.MAX_DATAGRAM_BYTES);
    private final MessageSink sink = (channel, mode, content) -> content.release();
    private @Nullable ByteBuf content;
    private @Nullable RudpConnection client;
    private @Nullable RudpConnection server;
    private long nowNanos = 1;
    private long travelled;

    /** Connects the two. */
    @Setup
    public void connect() {
        content = PooledByteBufAllocator.DEFAULT.directBuffer(messageBytes).writeZero(messageBytes);
        RudpConfig config = RudpConfig.lan(choice()).toBuilder()
                .sendBufferBytes(Math.min(200_000, 500L * messageBytes))
                .build();
        ConnectionSetup setup = ConnectionSetup.of(config, PooledByteBufAllocator.DEFAULT, new Random(1), 0);
        ServerGate gate = new ServerGate(setup, from -> new Silent(), nowNanos);
        RudpConnection dialling = RudpConnection.dial(setup, new Silent(), serverAddress, nowNanos);
        ByteBuf answer = PooledByteBufAllocator.DEFAULT.directBuffer(RudpConfig.MIN_DATAGRAM_BYTES);
        while (dialling.poll(nowNanos, datagram.clear()) > 0
                && gate.onDatagram(nowNanos, clientAddress, datagram, answer) == ServerGate.Outcome.ANSWERED) {
            dialling.onDatagram(nowNanos, serverAddress, answer);
        }
        answer.release();
        client = dialling;
        server = gate.accepted();
        exchange(dialling, gate.accepted());
    }

    private RudpSecurity choice() {
        return switch (security) {
            case "plaintext" -> RudpSecurity.plaintext();
            case "checksum" -> RudpSecurity.plaintext().withChecksum();
            case "psk" -> RudpSecurity.psk(new byte[RudpSecurity.MIN_KEY_BYTES]);
            default -> throw new IllegalArgumentException("security: " + security + " (plaintext, checksum or psk)");
        };
    }

    /** Some thousand datagrams there and back. */
    @Benchmark
    @OperationsPerInvocation(DATAGRAMS)
    public long carry() {
        RudpConnection from = client;
        RudpConnection to = server;
        ByteBuf bytes = content;
        if (from == null || to == null || bytes == null) {
            throw new IllegalStateException("not set up");
        }
        long end = travelled + DATAGRAMS;
        while (travelled < end) {
            while (from.isWritable()) {
                from.write(nowNanos, from.message(bytes.retain()));
            }
            exchange(from, to);
            nowNanos += STEP_NANOS;
            wake(from);
            wake(to);
        }
        return travelled;
    }

    private void wake(RudpConnection connection) {
        if (connection.nextTimeoutNanos(nowNanos) == 0) {
            connection.onTimeout(nowNanos);
        }
    }

    private void exchange(RudpConnection one, RudpConnection other) {
        pass(one, other, clientAddress);
        pass(other, one, serverAddress);
    }

    private void pass(RudpConnection from, RudpConnection to, InetSocketAddress address) {
        while (from.poll(nowNanos, datagram.clear()) > 0) {
            travelled++;
            if (lossEvery == 0 || travelled % lossEvery != 0) {
                to.onDatagram(nowNanos, address, datagram);
                boolean more = true;
                while (more) {
                    more = to.receive(sink);
                }
            }
        }
    }

    /** Threads like those of event loops. */
    public static final class LoopThreads extends ThreadPoolExecutor {
        /** JMH wants this constructor. */
        public LoopThreads(int threads, String name) {
            super(threads, threads, 0, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), new DefaultThreadFactory(name));
        }
    }

    private static final class Silent implements ConnectionEvents {
        @Override
        public void onEstablished() {}

        @Override
        public void onClosed(CloseReason reason) {
            throw new IllegalStateException(reason.toString());
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
}
