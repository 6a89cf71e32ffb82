package io.nettoolkit.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.nettoolkit.core.Endpoint;
import io.nettoolkit.core.EventLoops;
import io.nettoolkit.core.Transport;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What a loop allocates on the heap for an echoed frame: nothing. Counted by the JVM for the loop's thread, while another
 * thread makes the load.
 */
class EchoAllocationTest {

    /** On the wire. */
    private static final int FRAME_BYTES = 64;

    private static final int DEPTH = 32;
    private static final int WARM_UP_BURSTS = 10_000;
    private static final int MEASURED_BURSTS = 7_000;

    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    /** io_uring is left out: Netty's transport itself allocates a buffer per read there. */
    static List<Transport> transports() {
        List<Transport> measured = new ArrayList<>(TransportMatrix.available());
        measured.remove(Transport.IO_URING);
        return measured;
    }

    @ParameterizedTest
    @MethodSource("transports")
    void anEchoWithTrySendAllocatesLessThanAByteAFrame(Transport transport) throws Exception {
        double bytes = bytesPerFrame(transport, (connection, frame) -> connection.trySend(frame.retain()));

        assertThat(bytes).as("heap bytes a frame").isLessThan(1);
    }

    /** What the figure would be if it measured nothing: {@code send} makes a future for each frame. */
    @ParameterizedTest
    @MethodSource("transports")
    void theMeasurementSeesTheFuturesOfSend(Transport transport) throws Exception {
        double bytes = bytesPerFrame(transport, (connection, frame) -> connection.send(frame.retain()));

        assertThat(bytes).as("heap bytes a frame").isGreaterThan(16);
    }

    private static double bytesPerFrame(Transport transport, FrameHandler handler) throws Exception {
        try (EventLoops loops = EventLoops.builder()
                        .transport(transport)
                        .threads(1)
                        .name("measured")
                        .build();
                TcpServer server = TcpServer.builder(Rig.FRAMING, handler)
                        .eventLoops(loops)
                        .build()) {
            int port = server.bind(Endpoint.of("127.0.0.1", 0)).join().getPort();
            try (Socket socket = new Socket(InetAddress.getByName("127.0.0.1"), port)) {
                socket.setTcpNoDelay(true);
                socket.setSoTimeout(Rig.PATIENCE_SECONDS * 1000);
                echo(socket, WARM_UP_BURSTS);
                // Asking on the loop itself costs it a task each time, the same at both ends.
                long before = allocated(loops);
                echo(socket, MEASURED_BURSTS);
                return (double) (allocated(loops) - before) / (MEASURED_BURSTS * DEPTH);
            }
        }
    }

    private static long allocated(EventLoops loops) throws InterruptedException, ExecutionException {
        return loops.next()
                .submit(() ->
                        THREADS.getThreadAllocatedBytes(Thread.currentThread().getId()))
                .get();
    }

    private static void echo(Socket socket, int bursts) throws IOException {
        byte[] burst = new byte[DEPTH * FRAME_BYTES];
        for (int frame = 0; frame < DEPTH; frame++) {
            burst[frame * FRAME_BYTES + 3] = FRAME_BYTES - 4;
        }
        OutputStream out = socket.getOutputStream();
        InputStream in = socket.getInputStream();
        for (int i = 0; i < bursts; i++) {
            out.write(burst);
            if (in.readNBytes(burst, 0, burst.length) != burst.length) {
                throw new IOException("the server closed after " + i + " bursts");
            }
        }
    }
}
