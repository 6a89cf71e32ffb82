package io.nettoolkit.udp;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.Endpoint;
import io.nettoolkit.core.EventLoops;
import io.nettoolkit.core.Transport;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What a server's loop allocates on the heap for a message that it sends back: counted by the JVM for the loop's thread, while
 * another loop makes the load. Netty makes an object and an address of each datagram it reads, and each one sent to an address
 * needs a packet; so many messages share those, the less there is for one.
 */
class RudpAllocationTest {

    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final int MESSAGE_BYTES = 64;
    private static final int DEPTH = 32;
    private static final int WARM_UP_BURSTS = 10_000;
    private static final int MEASURED_BURSTS = 5_000;
    private static final int MOST_BYTES = 100;
    /** Netty's epoll makes several objects more of each datagram that it reads with its address. */
    private static final int MOST_BYTES_ON_EPOLL = 250;

    /** io_uring is left out: Netty's transport itself allocates a buffer per read there. */
    static List<Transport> transports() {
        List<Transport> measured = new ArrayList<>(TransportMatrix.available());
        measured.remove(Transport.IO_URING);
        return measured;
    }

    @ParameterizedTest
    @MethodSource("transports")
    void anEchoedMessageCostsALittleOfADatagram(Transport transport) throws Exception {
        RudpConfig config = Rig.config(RudpSecurity.plaintext(), options -> options);
        Semaphore answers = new Semaphore(0);
        try (EventLoops measured = TransportMatrix.loops(transport, 1);
                EventLoops others = TransportMatrix.loops(transport, 1);
                RudpServer server = RudpServer.builder(
                                config,
                                (channel, message) ->
                                        channel.writeAndFlush(message.content().retain(), channel.voidPromise()))
                        .eventLoops(measured)
                        .build();
                RudpClient client = RudpClient.builder(config, (channel, message) -> answers.release())
                        .eventLoops(others)
                        .build()) {
            int port = server.bind(Endpoint.of("127.0.0.1", 0)).join().getPort();
            RudpChannel channel = client.connect(
                            Endpoint.of("127.0.0.1", port), Deadline.after(Duration.ofSeconds(Rig.PATIENCE_SECONDS)))
                    .join();
            echo(channel, answers, WARM_UP_BURSTS);
            long before = allocated(measured);
            echo(channel, answers, MEASURED_BURSTS);
            double bytes = (double) (allocated(measured) - before) / (MEASURED_BURSTS * DEPTH);
            System.out.printf("%s: %.1f heap bytes for an echoed message%n", transport, bytes);
            assertThat(bytes)
                    .as("heap bytes a message")
                    .isLessThan(transport == Transport.EPOLL ? MOST_BYTES_ON_EPOLL : MOST_BYTES);
        }
    }

    private static void echo(RudpChannel channel, Semaphore answers, int bursts) throws InterruptedException {
        ByteBuf content = Unpooled.directBuffer(MESSAGE_BYTES).writeZero(MESSAGE_BYTES);
        for (int i = 0; i < bursts; i++) {
            channel.eventLoop().execute(() -> {
                for (int j = 0; j < DEPTH; j++) {
                    channel.write(content.retainedDuplicate(), channel.voidPromise());
                }
                channel.flush();
            });
            assertThat(answers.tryAcquire(DEPTH, Rig.PATIENCE_SECONDS, TimeUnit.SECONDS))
                    .isTrue();
        }
        content.release();
    }

    private static long allocated(EventLoops loops) throws Exception {
        return loops.next()
                .submit(() ->
                        THREADS.getThreadAllocatedBytes(Thread.currentThread().getId()))
                .get();
    }
}
