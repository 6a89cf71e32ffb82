package io.nettoolkit.dns.internal.query;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.dns.DnsException;
import io.nettoolkit.dns.DnsResolver;
import io.nettoolkit.dns.DnsType;
import io.nettoolkit.dns.internal.wire.DnsName;
import io.nettoolkit.testkit.ManualTime;
import io.netty.channel.embedded.EmbeddedChannel;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What the engine allocates for a query it has to send: its state, and the answer with its record. */
class EngineAllocationTest {

    private static final int CALLS = 20_000;
    private static final int MOST_ROUNDS = 200;

    /** Some 450 measured: a third for the answer and its record, the rest for the lookup and its message. */
    private static final double MOST_BYTES = 480;

    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private final ManualTime time = ManualTime.create();
    private final TimeSource clock = TimeSource.of(time.ticker());
    private final EmbeddedChannel channel =
            time.attach(EmbeddedChannel.builder().ticker(time.ticker()).build());
    private final Echo echo = new Echo();

    @AfterEach
    void close() {
        channel.close();
        time.close();
    }

    @Test
    void aQueryAllocatesItsStateAndItsAnswer() throws DnsException {
        QueryEngine engine = new QueryEngine(
                channel.eventLoop(),
                new EngineOptions.Fixed("test", DnsResolver.Listener.NONE, clock, false),
                owner -> echo);
        engine.configure(new EngineOptions(EngineBench.addresses(1), false, EngineBench.TRY.toNanos(), 4));
        DnsName name = DnsName.of("host.example.com");
        Deadline deadline = Deadline.after(Duration.ofSeconds(5), clock);

        long least = Long.MAX_VALUE;
        for (int round = 0; round < MOST_ROUNDS && least > CALLS * MOST_BYTES; round++) {
            long before = threads.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < CALLS; i++) {
                engine.query(name, DnsType.A, deadline, echo);
                echo.answer(engine);
            }
            least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
        }
        System.out.printf("a query allocates %.0f bytes in the engine%n", (double) least / CALLS);
        assertThat((double) least / CALLS).isLessThanOrEqualTo(MOST_BYTES);
        assertThat(echo.answers).isGreaterThanOrEqualTo(CALLS);
        engine.close();
    }

    /** Answers the message that was sent last with one address, out of an array it keeps. */
    private static final class Echo implements Transport, Transport.Link, Transport.Carrier, Upstream.Outcome {

        private final byte[] message = new byte[512];
        private final byte[] question = new byte[DnsName.MAX_BYTES];
        private @Nullable Attempt last;
        private int ids;
        int answers;

        @Override
        public Link open(Server server) {
            return this;
        }

        @Override
        public void send(Attempt attempt) {
            attempt.id = ids++ & 0xffff;
            attempt.carrier = this;
            last = attempt;
        }

        void answer(QueryEngine engine) {
            Attempt attempt = last;
            if (attempt == null) {
                throw new AssertionError("nothing was sent");
            }
            int end = 0;
            end = put(end, attempt.id, 0x8580, 1, 1, 0, 0);
            attempt.writeQuestion(question);
            int length = attempt.lookup.name().length();
            System.arraycopy(question, 0, message, end, length);
            end = put(end + length, attempt.lookup.typeCode(), 1, 0xc00c, 1, 1, 0, 300, 4, 0xc000, 0x0201);
            engine.received(this, attempt.server, message, end);
        }

        private int put(int at, int... values) {
            for (int i = 0; i < values.length; i++) {
                message[at + 2 * i] = (byte) (values[i] >> 8);
                message[at + 2 * i + 1] = (byte) values[i];
            }
            return at + 2 * values.length;
        }

        @Override
        public @Nullable Attempt find(int id) {
            return last != null && last.id == id ? last : null;
        }

        @Override
        public boolean wasUsed(int id) {
            return false;
        }

        @Override
        public void onNoAnswer() {}

        @Override
        public boolean isStream() {
            return false;
        }

        @Override
        public void forget(Attempt attempt) {
            last = null;
        }

        @Override
        public void onResponse(Response response) {
            answers++;
        }

        @Override
        public void onFailure(DnsException failure) {
            throw new AssertionError(failure);
        }

        @Override
        public void close() {}
    }
}
