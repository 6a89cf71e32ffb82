package io.nettoolkit.tcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nettoolkit.core.DrainReport;
import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.core.RejectedException;
import io.nettoolkit.core.Transport;
import io.nettoolkit.testkit.LeakCheck;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class DrainIT {

    private static final int CLIENTS = 20;

    @RegisterExtension
    static final LeakCheck LEAKS = new LeakCheck();

    static List<Transport> transports() {
        return TransportMatrix.available();
    }

    /** Every frame the server took is answered, and every answer reaches its client before FIN: none is lost to a reset. */
    @ParameterizedTest
    @MethodSource("transports")
    void underLoadEveryFrameThatWasReadIsAnsweredBeforeFin(Transport transport) throws Exception {
        AtomicLong handled = new AtomicLong();
        CountDownLatch busy = new CountDownLatch(CLIENTS * 50);
        FrameHandler counting = (connection, frame) -> {
            handled.incrementAndGet();
            busy.countDown();
            Rig.ECHO.onFrame(connection, frame);
        };
        try (Rig rig = new Rig(transport, counting)) {
            List<CompletableFuture<Long>> clients = new ArrayList<>();
            List<Socket> sockets = new ArrayList<>();
            for (int i = 0; i < CLIENTS; i++) {
                Socket socket = rig.connect();
                sockets.add(socket);
                // Served once: the kernel resets what it has queued and the server never accepted.
                Rig.send(socket, "hello");
                assertThat(Rig.receive(socket)).isEqualTo("hello");
                clients.add(CompletableFuture.supplyAsync(() -> countAnswers(socket), DrainIT::inNewThread));
                inNewThread(() -> sendUntilItFails(socket));
            }
            assertThat(busy.await(Rig.PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();

            DrainReport report =
                    rig.server.drain(Duration.ofSeconds(Rig.PATIENCE_SECONDS)).get();

            assertThat(rig.closes).hasSize(CLIENTS).allSatisfy(reason -> {
                assertThat(reason.failure()).isNull();
                assertThat(reason.kind()).isEqualTo(Kind.LOCAL_CLOSED);
            });
            long answered = 0;
            for (CompletableFuture<Long> client : clients) {
                answered += client.get(Rig.PATIENCE_SECONDS, TimeUnit.SECONDS);
            }
            assertThat(answered + CLIENTS).isEqualTo(handled.get());
            assertThat(report.drained()).isEqualTo(CLIENTS);
            assertThat(report.forced()).isZero();
            for (Socket socket : sockets) {
                socket.close();
            }
        }
    }

    @ParameterizedTest
    @MethodSource("transports")
    void aPeerThatDoesNotCloseIsLetGoAfterTheLinger(Transport transport) throws Exception {
        Timeouts timeouts =
                Timeouts.forServers().toBuilder().linger(Duration.ofMillis(200)).build();
        try (Rig rig = new Rig(transport, Rig.ECHO, options -> options.timeouts(timeouts));
                Socket silent = rig.connect()) {
            Rig.send(silent, "hello");
            assertThat(Rig.receive(silent)).isEqualTo("hello");

            DrainReport report =
                    rig.server.drain(Duration.ofSeconds(Rig.PATIENCE_SECONDS)).get();

            assertThat(report.drained()).isEqualTo(1);
            assertThat(rig.nextClose().kind()).isEqualTo(Kind.LOCAL_CLOSED);
            assertThat(silent.getInputStream().read()).isEqualTo(-1);
        }
    }

    @ParameterizedTest
    @MethodSource("transports")
    void whatIsLeftAfterTheGracePeriodIsReset(Transport transport) throws Exception {
        Timeouts timeouts =
                Timeouts.forServers().toBuilder().linger(Duration.ofMinutes(5)).build();
        try (Rig rig = new Rig(transport, Rig.ECHO, options -> options.timeouts(timeouts));
                Socket silent = rig.connect()) {
            Rig.send(silent, "hello");
            assertThat(Rig.receive(silent)).isEqualTo("hello");

            DrainReport report = rig.server.drain(Duration.ofMillis(200)).get();

            assertThat(report.forced()).isEqualTo(1);
            assertThat(report.drained()).isZero();
        }
    }

    @ParameterizedTest
    @MethodSource("transports")
    void onceDrainedItTakesNobodyAndAnswersWithTheSameReport(Transport transport) throws Exception {
        try (Rig rig = new Rig(transport, Rig.ECHO)) {
            DrainReport report = rig.server.drain(Duration.ofSeconds(1)).get();

            assertThat(report.drained()).isZero();
            assertThat(rig.server.drain(Duration.ofSeconds(9)).get()).isEqualTo(report);
            assertThatThrownBy(rig::connect).isInstanceOf(IOException.class);
            assertThatThrownBy(() -> rig.server.bind(rig.endpoint())).isInstanceOf(RejectedException.class);
        }
    }

    private static void inNewThread(Runnable task) {
        Thread thread = new Thread(task, "drain-client");
        thread.setDaemon(true);
        thread.start();
    }

    private static void sendUntilItFails(Socket socket) {
        try {
            for (int i = 0; i < 20_000; i++) {
                Rig.send(socket, "frame " + i);
            }
        } catch (IOException drained) {
            // The other thread has read the end of the stream and closed the socket.
        }
    }

    /** Reads to the end of the stream, then closes its own side. */
    private static long countAnswers(Socket socket) {
        long answers = 0;
        try {
            DataInputStream in = new DataInputStream(new java.io.BufferedInputStream(socket.getInputStream()));
            while (true) {
                in.readNBytes(in.readInt());
                answers++;
            }
        } catch (EOFException fin) {
            try {
                socket.close();
            } catch (IOException ignored) {
                return answers;
            }
            return answers;
        } catch (IOException reset) {
            throw new IllegalStateException("reset after " + answers + " answers, instead of FIN", reset);
        }
    }
}
