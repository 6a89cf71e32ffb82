package io.nettoolkit.udp.internal.connection;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.udp.RudpConfig;
import io.nettoolkit.udp.RudpSecurity;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** A client whose server takes longer to answer than the client's patience lasts. */
class RepeatedHelloTest {

    private static final long MILLIS = 1_000_000;
    private static final InetSocketAddress CLIENT = new InetSocketAddress("127.0.0.1", 1);
    private static final InetSocketAddress SERVER = new InetSocketAddress("127.0.0.1", 2);

    /** Assumes a round trip of 1 ms: HELLO after 0, 3, 9, 21, 45 … ms. */
    private final ConnectionSetup setup = ConnectionSetup.of(
            RudpConfig.lan(RudpSecurity.plaintext()), UnpooledByteBufAllocator.DEFAULT, new Random(1), 0);

    private final RudpConnection client = RudpConnection.dial(setup, new Nobody(), SERVER, 0);
    private final ServerGate gate = new ServerGate(setup, from -> new Nobody(), 0);

    /** What the client sends from one time to another. */
    private List<ByteBuf> sent(long fromMillis, long toMillis) {
        List<ByteBuf> sent = new ArrayList<>();
        for (long at = fromMillis; at <= toMillis; at++) {
            ByteBuf out = Unpooled.buffer(2048);
            while (client.poll(at * MILLIS, out) > 0) {
                sent.add(out);
                out = Unpooled.buffer(2048);
            }
        }
        return sent;
    }

    private ByteBuf answer(long nowMillis, ByteBuf hello) {
        ByteBuf out = Unpooled.buffer(2048);
        assertThat(gate.onDatagram(nowMillis * MILLIS, CLIENT, hello, out)).isEqualTo(ServerGate.Outcome.ANSWERED);
        return out;
    }

    @Test
    void answersManyRetriesWithOneHello() {
        List<ByteBuf> hellos = sent(0, 50);
        assertThat(hellos).hasSize(5);
        List<ByteBuf> sent = new ArrayList<>();
        for (ByteBuf hello : hellos) {
            client.onDatagram(50 * MILLIS, SERVER, answer(50, hello));
            sent.addAll(sent(50, 50));
        }
        assertThat(sent).hasSize(1);
        assertThat(gate.onDatagram(50 * MILLIS, CLIENT, sent.get(0), Unpooled.buffer()))
                .isEqualTo(ServerGate.Outcome.ACCEPTED);
        assertThat(sent(51, 145)).as("it is as patient as it had become").isEmpty();
        assertThat(sent(146, 146)).hasSize(1);
    }

    @Test
    void isAsImpatientAsBeforeWhereTheFirstHelloIsAnswered() {
        client.onDatagram(MILLIS, SERVER, answer(1, sent(0, 0).get(0)));
        assertThat(sent(1, 1)).hasSize(1);
        assertThat(sent(2, 3)).isEmpty();
        assertThat(sent(4, 4)).hasSize(1);
    }

    /** The server started again meanwhile, and knows its old cookies no more. */
    @Test
    void sendsTheNewestCookieItWasGiven() {
        ByteBuf hello = sent(0, 0).get(0);
        client.onDatagram(MILLIS, SERVER, answer(1, hello));
        ByteBuf withOldCookie = sent(1, 1).get(0);
        ServerGate restarted = new ServerGate(setup, from -> new Nobody(), 0);
        ByteBuf retry = Unpooled.buffer(2048);
        assertThat(restarted.onDatagram(2 * MILLIS, CLIENT, withOldCookie, retry))
                .isEqualTo(ServerGate.Outcome.ANSWERED);
        client.onDatagram(2 * MILLIS, SERVER, retry);
        assertThat(restarted.onDatagram(4 * MILLIS, CLIENT, sent(2, 4).get(0), Unpooled.buffer()))
                .isEqualTo(ServerGate.Outcome.ACCEPTED);
    }
}
