package io.nettoolkit.benchmarks.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class EchoLoadTest {

    private static final LoadSpec.Shape SHAPE = new LoadSpec.Shape(4, 100, 64);
    private static final Duration SHORT = Duration.ofMillis(200);

    @Test
    void fillsEveryConnectionToItsDepthAndWaitsForTheLastAnswer() throws Exception {
        AtomicInteger measuring = new AtomicInteger();
        CountingServer server = new CountingServer();

        LoadResult result =
                EchoLoad.run(server.address(), new LoadSpec(SHAPE, SHORT, SHORT, 0), measuring::incrementAndGet);

        assertThat(measuring).hasValue(1);
        // One frame per connection checks the echo; the load itself is at least one depth on each.
        assertThat(server.framesUntilClosed())
                .isGreaterThanOrEqualTo(SHAPE.connections() * (1L + SHAPE.depth()))
                .isGreaterThanOrEqualTo(result.messages());
        assertThat(result.missed()).isZero();
    }

    @Test
    void sendsWholeBurstsInAnOpenLoop() throws Exception {
        CountingServer server = new CountingServer();

        EchoLoad.run(server.address(), new LoadSpec(SHAPE, SHORT, SHORT, 10_000), () -> {});

        assertThat((server.framesUntilClosed() - SHAPE.connections()) % SHAPE.depth())
                .isZero();
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
        LoadResult result = new LoadResult(7, 1.5, 0.75, new LoadResult.Latency(1, 2, 3, 4, 5), 6, 8);

        assertThat(LoadResult.parse(result.toLine())).isEqualTo(result);
    }

    @Test
    void readsBackTheArgumentsItGives() {
        LoadSpec spec = new LoadSpec(SHAPE, Duration.ofMillis(1_500), SHORT, 1_000);

        assertThat(LoadSpec.parse(spec.toArguments("127.0.0.1", 1))).isEqualTo(spec);
    }

    /** Echoes with a blocking thread per connection and counts frames. */
    private static final class CountingServer {

        private final ServerSocket listener =
                new ServerSocket(0, SHAPE.connections(), InetAddress.getLoopbackAddress());
        private final AtomicLong frames = new AtomicLong();
        private final List<Thread> threads = new ArrayList<>();

        CountingServer() throws IOException {
            for (int i = 0; i < SHAPE.connections(); i++) {
                Thread thread = new Thread(this::echo);
                thread.setDaemon(true);
                thread.start();
                threads.add(thread);
            }
        }

        InetSocketAddress address() {
            return (InetSocketAddress) listener.getLocalSocketAddress();
        }

        long framesUntilClosed() throws Exception {
            for (Thread thread : threads) {
                thread.join();
            }
            listener.close();
            return frames.get();
        }

        private void echo() {
            try (Socket socket = listener.accept()) {
                byte[] frame = socket.getInputStream().readNBytes(SHAPE.frameBytes());
                while (frame.length > 0) {
                    frames.incrementAndGet();
                    socket.getOutputStream().write(frame);
                    frame = socket.getInputStream().readNBytes(SHAPE.frameBytes());
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
