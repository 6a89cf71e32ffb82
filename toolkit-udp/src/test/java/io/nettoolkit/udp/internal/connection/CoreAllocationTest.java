package io.nettoolkit.udp.internal.connection;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.nettoolkit.udp.RudpConfig;
import io.nettoolkit.udp.RudpSecurity;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** In steady state a packet is written, read, acknowledged and declared lost without an object. */
class CoreAllocationTest {

    private static final int PACKETS = 20_000;
    private static final int MOST_ROUNDS = 200;

    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    @ParameterizedTest
    @CsvSource({
        "plaintext, 100, 0", "plaintext, 1000, 0", "plaintext, 20000, 0", "plaintext, 1000, 50", "plaintext, 20000, 20",
        "checksum, 1000, 50"
    })
    void carriesMessagesWithoutAllocating(String security, int messageBytes, int lossEvery) {
        RudpSecurity plain = RudpSecurity.plaintext();
        RudpConfig config = RudpConfig.lan(security.equals("checksum") ? plain.withChecksum() : plain);
        CorePair pair = new CorePair(config, messageBytes, lossEvery);
        long least = Long.MAX_VALUE;
        for (int round = 0; round < MOST_ROUNDS && least >= PACKETS; round++) {
            long before = threads.getCurrentThreadAllocatedBytes();
            pair.run(PACKETS);
            least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
        }
        assertThat(pair.messages).isPositive();
        assertThat(pair.client().stats().sent().lost() > 0).as("there were losses").isEqualTo(lossEvery > 0);
        assertThat(least).as("bytes for %d packets", PACKETS).isLessThan(PACKETS);
    }
}
