package io.nettoolkit.benchmarks.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBufAllocator;
import io.nettoolkit.benchmarks.echo.EchoServer;
import io.nettoolkit.benchmarks.echo.NettyTutorialEcho;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class EchoLoadTest {

    private static final LoadSpec.Shape SHAPE = new LoadSpec.Shape(4, 100, 64);
    private static final Duration SHORT = Duration.ofMillis(200);

    @Test
    void keepsItsDepthInFlightInAClosedLoop() throws IOException {
        AtomicInteger measuring = new AtomicInteger();

        LoadResult result = run(new LoadSpec(SHAPE, SHORT, SHORT, 0), measuring::incrementAndGet);

        assertThat(measuring).hasValue(1);
        assertThat(result.messages()).isPositive();
        assertThat(result.latency().p50Nanos()).isPositive().isLessThanOrEqualTo(result.latency().maxNanos());
        assertThat(result.missed()).isZero();
    }

    @Test
    void sendsWhatIsDueInAnOpenLoop() throws IOException {
        LoadResult result = run(new LoadSpec(SHAPE, SHORT, SHORT, 10_000), () -> {});

        // 200 ms at this rate are 2,000 messages; a burst more or less hangs over at each end.
        assertThat(result.messages() + result.missed()).isBetween(500L, 4_000L);
        assertThat(result.lateNanos()).isPositive();
    }

    @Test
    void endsWhenTheServerAnswersSomethingElse() throws IOException {
        try (ServerSocket liar = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            Thread answers = new Thread(() -> {
                try (Socket socket = liar.accept()) {
                    socket.getInputStream().readNBytes(SHAPE.frameBytes());
                    socket.getOutputStream().write(new byte[SHAPE.frameBytes()]);
                    socket.getInputStream().read();
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
            answers.setDaemon(true);
            answers.start();

            assertThatThrownBy(() -> EchoLoad.run(
                            (InetSocketAddress) liar.getLocalSocketAddress(),
                            new LoadSpec(SHAPE, SHORT, SHORT, 0),
                            () -> {}))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("differs");
        }
    }

    @Test
    void readsBackTheLineItPrints() {
        LoadResult result =
                new LoadResult(7, 1.5, 0.75, new LoadResult.Latency(1, 2, 3, 4, 5), 6, 8);

        assertThat(LoadResult.parse(result.toLine())).isEqualTo(result);
    }

    @Test
    void readsBackTheArgumentsItGives() {
        LoadSpec spec = new LoadSpec(SHAPE, Duration.ofMillis(1_500), SHORT, 1_000);

        assertThat(LoadSpec.parse(spec.toArguments("127.0.0.1", 1))).isEqualTo(spec);
    }

    private static LoadResult run(LoadSpec spec, Runnable onMeasuring) throws IOException {
        try (EchoServer server = NettyTutorialEcho.start(ByteBufAllocator.DEFAULT)) {
            return EchoLoad.run(
                    new InetSocketAddress(InetAddress.getLoopbackAddress(), server.port()), spec, onMeasuring);
        }
    }
}
