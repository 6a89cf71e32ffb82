package io.nettoolkit.resilience.redis;

import static io.nettoolkit.resilience.redis.InTime.assertHonoured;
import static io.nettoolkit.resilience.redis.InTime.decide;
import static io.nettoolkit.resilience.redis.InTime.outage;
import static org.assertj.core.api.Assertions.assertThat;

import io.lettuce.core.ClientOptions;
import io.lettuce.core.RedisClient;
import io.lettuce.core.protocol.ProtocolVersion;
import io.lettuce.core.resource.ClientResources;
import io.nettoolkit.resilience.DistributedRateLimiter;
import io.nettoolkit.resilience.DistributedRateLimiter.Source;
import io.nettoolkit.resilience.OutageMode;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A server that is no Redis, or a broken one. */
class GarbageServerIT {

    static Stream<Arguments> all() {
        return Stream.of(
                        ":1\r\n",
                        "+yes\r\n",
                        "*0\r\n",
                        "*1\r\n$3\r\nabc\r\n",
                        "*4\r\n:99\r\n:0\r\n:0\r\n:0\r\n",
                        "*4\r\n:1\r\n:-7\r\n:0\r\n:0\r\n",
                        "*4\r\n$1\r\n1\r\n:0\r\n:0\r\n:0\r\n",
                        "*4\r\n:1\r\n",
                        "-ERR nonsense\r\n",
                        "%$#@!\r\n",
                        "HTTP/1.1 400 Bad Request\r\n\r\n")
                .flatMap(garbage -> Stream.of(OutageMode.values()).map(mode -> Arguments.of(garbage, mode)));
    }

    @ParameterizedTest
    @MethodSource("all")
    void answersAsChosenAndInTime(String garbage, OutageMode mode) throws Exception {
        ClientResources resources = RedisServer.resources();
        try (GarbageServer server = new GarbageServer(garbage)) {
            RedisClient client = RedisServer.client(server.address(), resources);
            client.setOptions(ClientOptions.builder()
                    .protocolVersion(ProtocolVersion.RESP2)
                    .pingBeforeActivateConnection(false)
                    .disconnectedBehavior(ClientOptions.DisconnectedBehavior.REJECT_COMMANDS)
                    .build());
            DistributedRateLimiter limiter = DistributedRateLimiter.builder(
                            RedisTokenStore.of(client.connect().async()),
                            "garbage",
                            1_000,
                            Duration.ofHours(1),
                            outage(mode, 1_000))
                    .build();
            for (int i = 0; i < 3; i++) {
                assertThat(decide(limiter).source()).isEqualTo(Source.FALLBACK);
            }
            assertHonoured(mode, limiter);
            assertThat(limiter.stats().storeAway()).isTrue();
            client.shutdown();
        } finally {
            resources.shutdown().get();
        }
    }

    /** Says OK to whatever a client greets with, and garbage to the script. */
    private static final class GarbageServer implements AutoCloseable {

        private final ServerSocket socket = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        private final String garbage;

        GarbageServer(String garbage) throws IOException {
            this.garbage = garbage;
            Thread thread = new Thread(this::accept, "garbage-server");
            thread.setDaemon(true);
            thread.start();
        }

        InetSocketAddress address() {
            return new InetSocketAddress(socket.getInetAddress(), socket.getLocalPort());
        }

        private void accept() {
            while (!socket.isClosed()) {
                try (Socket accepted = socket.accept()) {
                    answer(accepted);
                } catch (IOException closed) {
                    // The next one, or the end.
                }
            }
        }

        private void answer(Socket accepted) throws IOException {
            InputStream in = accepted.getInputStream();
            byte[] bytes = new byte[65_536];
            for (int read = in.read(bytes); read > 0; read = in.read(bytes)) {
                String text = new String(bytes, 0, read, StandardCharsets.ISO_8859_1);
                long commands =
                        text.lines().filter(line -> line.startsWith("*")).count();
                String each = text.contains("EVAL") ? garbage : "+OK\r\n";
                accepted.getOutputStream().write(each.repeat((int) commands).getBytes(StandardCharsets.ISO_8859_1));
            }
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }
}
