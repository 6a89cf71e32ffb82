package io.nettoolkit.udp.internal.channel;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.core.EventLoops;
import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.core.Transport;
import io.nettoolkit.testkit.LeakCheck;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.channel.socket.DatagramChannel;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@ExtendWith(LeakCheck.class)
class DatagramBatchTest {

    private static final int LONG = 100;
    private static final int[] BYTES = {LONG, LONG, LONG, 40, LONG, LONG, 60, 60, 70};
    /** A shorter one ends a message, a longer one begins the next. */
    private static final int JOINED = 4;

    private final AtomicInteger messages = new AtomicInteger();

    @ParameterizedTest
    @MethodSource("io.nettoolkit.udp.TransportMatrix#available")
    void datagramsOfABurstArriveAsTheyWereWrittenHoweverFewMessagesTheyAre(Transport transport) throws Exception {
        InetAddress loopback = InetAddress.getLoopbackAddress();
        try (EventLoops loops =
                        EventLoops.builder().transport(transport).threads(1).build();
                DatagramSocket receiver = new DatagramSocket(0, loopback)) {
            receiver.setSoTimeout(10_000);
            DatagramChannel socket = loops.datagramChannelFactory().newChannel();
            socket.pipeline().addLast(new ChannelOutboundHandlerAdapter() {
                @Override
                public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
                    messages.incrementAndGet();
                    context.write(message, promise);
                }
            });
            loops.group().register(socket).sync();
            socket.bind(new InetSocketAddress(loopback, 0)).sync();
            DatagramBatch batch = new DatagramBatch(socket, LONG);
            boolean joins = transport == Transport.EPOLL;

            // A first burst finds out how much room the next one needs.
            assertThat(sent(batch, socket, receiver)).containsExactlyElementsOf(expected());
            assertThat(sent(batch, socket, receiver)).containsExactlyElementsOf(expected());
            assertThat(messages).as("on %s", transport).hasValue(joins ? JOINED : BYTES.length);

            batch.onSendFailure(Kind.UNREACHABLE);
            assertThat(sent(batch, socket, receiver)).containsExactlyElementsOf(expected());
            assertThat(messages).as("nothing was wrong with joining").hasValue(joins ? JOINED : BYTES.length);

            batch.onSendFailure(Kind.OTHER);
            assertThat(sent(batch, socket, receiver)).containsExactlyElementsOf(expected());
            assertThat(messages).as("the device may not take them").hasValue(BYTES.length);

            socket.connect(receiver.getLocalSocketAddress()).sync();
            DatagramBatch connected = new DatagramBatch(socket, LONG);
            assertThat(sent(connected, socket, receiver, null)).containsExactlyElementsOf(expected());
            assertThat(sent(connected, socket, receiver, null)).containsExactlyElementsOf(expected());
            assertThat(messages).as("connected, on %s", transport).hasValue(joins ? JOINED : BYTES.length);
            socket.close().sync();
        }
    }

    /** What each datagram says: how many it is in the burst, over and over. */
    private static List<String> expected() {
        List<String> expected = new ArrayList<>();
        for (int i = 0; i < BYTES.length; i++) {
            expected.add(i + " x " + BYTES[i]);
        }
        return expected;
    }

    private List<String> sent(DatagramBatch batch, DatagramChannel socket, DatagramSocket receiver) throws Exception {
        return sent(batch, socket, receiver, (InetSocketAddress) receiver.getLocalSocketAddress());
    }

    private List<String> sent(
            DatagramBatch batch, DatagramChannel socket, DatagramSocket receiver, InetSocketAddress to)
            throws Exception {
        messages.set(0);
        socket.eventLoop()
                .submit(() -> {
                    for (int i = 0; i < BYTES.length; i++) {
                        ByteBuf room = batch.room();
                        for (int at = 0; at < BYTES[i]; at++) {
                            room.writeByte(i);
                        }
                        batch.add(BYTES[i], to);
                    }
                    batch.end();
                })
                .sync();
        List<String> received = new ArrayList<>();
        DatagramPacket packet = new DatagramPacket(new byte[1000], 1000);
        for (int i = 0; i < BYTES.length; i++) {
            packet.setLength(1000);
            receiver.receive(packet);
            byte first = packet.getData()[0];
            for (int at = 0; at < packet.getLength(); at++) {
                assertThat(packet.getData()[at]).isEqualTo(first);
            }
            received.add(first + " x " + packet.getLength());
        }
        return received;
    }
}
