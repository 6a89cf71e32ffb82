package io.nettoolkit.udp.internal.connection;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.nettoolkit.udp.RudpConfig;
import io.nettoolkit.udp.RudpSecurity;
import io.netty.util.concurrent.FastThreadLocalThread;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** In steady state a packet is written, read, acknowledged and declared lost without an object. */
class CoreAllocationTest {

    private static final int PACKETS = 20_000;
    private static final int MOST_ROUNDS = 60;

    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    @ParameterizedTest
    @CsvSource({
        "plaintext, 100, 0",
        "plaintext, 1000, 0",
        "plaintext, 20000, 0",
        "plaintext, 1000, 50",
        "plaintext, 20000, 20",
        "checksum, 1000, 50"
    })
    void carriesMessagesWithoutAllocating(String security, int messageBytes, int lossEvery)
            throws InterruptedException {
        RudpSecurity plain = RudpSecurity.plaintext();
        RudpConfig config = RudpConfig.lan(security.equals("checksum") ? plain.withChecksum() : plain);
        CorePair[] pair = new CorePair[1];
        long[] least = {Long.MAX_VALUE};
        // Netty keeps buffers ready for threads of its own kind alone, as event loops are.
        Thread loop = new FastThreadLocalThread(() -> {
            pair[0] = new CorePair(config, messageBytes, lossEvery);
            for (int round = 0; round < MOST_ROUNDS && least[0] >= PACKETS; round++) {
                long before = threads.getCurrentThreadAllocatedBytes();
                pair[0].run(PACKETS);
                least[0] = Math.min(least[0], threads.getCurrentThreadAllocatedBytes() - before);
            }
        });
        loop.start();
        loop.join();
        assertThat(pair[0].messages).isPositive();
        assertThat(pair[0].client().stats().sent().lost() > 0)
                .as("there were losses")
                .isEqualTo(lossEvery > 0);
        assertThat(least[0]).as("bytes for %d packets", PACKETS).isLessThan(PACKETS);
    }
}
