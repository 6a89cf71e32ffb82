package io.nettoolkit.dns.internal.query;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.dns.internal.query.EngineBench.Asked;
import io.nettoolkit.dns.internal.wire.QueryWriter;
import io.nettoolkit.testkit.LeakCheck;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.channel.unix.SegmentedDatagramPacket;
import io.netty.util.ReferenceCountUtil;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakCheck.class)
class QueryBatchesTest {

    private final EngineBench bench = new EngineBench(1);
    private final EmbeddedChannel channel = new EmbeddedChannel();
    private final NetTransport transport = new NetTransport(
            bench.engine,
            new NetTransport.Sockets(
                    channel.eventLoop(),
                    () -> {
                        throw new AssertionError("no socket is needed");
                    },
                    EmbeddedChannel::new,
                    ByteBufAllocator.DEFAULT,
                    true,
                    null));
    private final QueryBatches batches =
            new QueryBatches(transport, bench.engine.servers().get(0));
    private final byte[] question = new byte[255];

    @AfterEach
    void close() {
        transport.close();
        channel.finishAndReleaseAll();
        bench.close();
    }

    /** A query for a name; its length without EDNS and the name is 16. */
    private Attempt add(String name) {
        Asked asked = bench.ask(name);
        assertThat(asked.isOver()).isFalse();
        Attempt attempt = bench.wire.last();
        attempt.writeQuestion(question);
        batches.add(channel, attempt, question);
        return attempt;
    }

    /** What goes to the kernel: so many queries of such a length each. */
    private List<String> sent() {
        batches.writeTo(channel);
        channel.flush();
        List<String> sent = new ArrayList<>();
        for (Object message = channel.readOutbound(); message != null; message = channel.readOutbound()) {
            if (message instanceof SegmentedDatagramPacket joined) {
                assertThat(joined.recipient()).isNull();
                sent.add(joined.content().readableBytes() / joined.segmentSize() + " of " + joined.segmentSize());
            } else {
                sent.add("1 of " + ((ByteBuf) message).readableBytes());
            }
            ReferenceCountUtil.release(message);
        }
        return sent;
    }

    @Test
    void queriesOfOneLengthGoOutAsOneMessage() {
        int length = QueryWriter.length(add("a1.example").lookup.name(), Server.FULL_PAYLOAD);
        add("b2.example");
        add("longer.example");
        add("c3.example");

        assertThat(batches.hasJoined()).isFalse();
        assertThat(sent()).containsExactly("3 of " + length, "1 of " + (length + 4));
        assertThat(batches.hasJoined()).isTrue();
        assertThat(sent()).isEmpty();
    }

    @Test
    void eachGoesAloneWhereADeviceHasRefusedJoinedOnes() {
        transport.joinsQueries = false;
        int length = QueryWriter.length(add("a1.example").lookup.name(), Server.FULL_PAYLOAD);
        add("b2.example");

        assertThat(sent()).containsExactly("1 of " + length, "1 of " + length);
        assertThat(batches.hasJoined()).isFalse();
    }

    @Test
    void aBufferThatIsFullGoesAndTheNextBegins() {
        int length = 0;
        int count = 100;
        for (int i = 0; i < count; i++) {
            length = QueryWriter.length(add("n" + (100 + i) + ".example").lookup.name(), Server.FULL_PAYLOAD);
        }
        int whole = 2048 / length;

        assertThat(sent()).startsWith(whole + " of " + length).hasSize((count + whole - 1) / whole);
    }

    @Test
    void aMessageHasAsManySegmentsAsAKernelTakes() {
        bench.engine.servers().get(0).onEdnsRefused(bench.time.nanoTime());
        for (int i = 0; i < 70; i++) {
            add("n" + (10 + i));
        }

        assertThat(sent()).containsExactly("64 of 21", "6 of 21");
    }

    @Test
    void moreLengthsThanThereIsRoomForLoseNoQuery() {
        StringBuilder name = new StringBuilder("x");
        for (int i = 0; i < 20; i++) {
            add(name.append('x').toString());
        }

        assertThat(sent()).hasSize(20).doesNotHaveDuplicates();
    }

    @Test
    void buffersServeAgainOnceTheyAreSent() {
        ByteBuf first = transport.buffers.forQueries(ByteBufAllocator.DEFAULT, 40, true);
        List<ByteBuf> others = new ArrayList<>();
        for (int i = 0; i < 31; i++) {
            others.add(transport.buffers.forQueries(ByteBufAllocator.DEFAULT, 40, true));
        }
        ByteBuf standIn = transport.buffers.forQueries(ByteBufAllocator.DEFAULT, 40, true);

        assertThat(others).noneMatch(each -> each == first);
        assertThat(standIn).isNotSameAs(first);
        first.writeByte(1).release();
        others.forEach(ByteBuf::release);
        standIn.release();
        ByteBuf again = transport.buffers.forQueries(ByteBufAllocator.DEFAULT, 40, true);
        assertThat(again).isSameAs(first);
        assertThat(again.isReadable()).isFalse();
        again.release();
    }

    @Test
    void whatIsDroppedIsReleased() {
        add("a1.example");
        batches.drop();

        assertThat(sent()).isEmpty();
    }
}
