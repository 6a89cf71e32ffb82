package io.nettoolkit.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.channel.socket.DatagramPacket;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakCheck.class)
class BadNetworkHandlerTest {

    private static final InetSocketAddress LOCAL = new InetSocketAddress("127.0.0.1", 1000);
    private static final InetSocketAddress PEER = new InetSocketAddress("127.0.0.1", 2000);

    private final ManualTime time = ManualTime.create();

    @AfterEach
    void close() {
        time.close();
    }

    private EmbeddedChannel channel(BadNetworkHandler network) {
        return time.attach(EmbeddedChannel.builder()
                .ticker(time.ticker())
                .handlers(network)
                .build());
    }

    private static DatagramPacket packet(String text, InetSocketAddress to, InetSocketAddress from) {
        return new DatagramPacket(Unpooled.copiedBuffer(text, StandardCharsets.US_ASCII), to, from);
    }

    private static List<String> outbound(EmbeddedChannel channel) {
        return texts(channel::readOutbound);
    }

    private static List<String> inbound(EmbeddedChannel channel) {
        return texts(channel::readInbound);
    }

    private static List<String> texts(java.util.function.Supplier<Object> messages) {
        List<String> texts = new ArrayList<>();
        for (Object message = messages.get(); message != null; message = messages.get()) {
            if (message instanceof DatagramPacket packet) {
                texts.add(packet.content().toString(StandardCharsets.US_ASCII));
                packet.release();
            } else if (message instanceof ByteBuf bytes) {
                texts.add(bytes.toString(StandardCharsets.US_ASCII));
                bytes.release();
            } else {
                texts.add(message.toString());
            }
        }
        return texts;
    }

    @Test
    void delaysBothDirectionsInVirtualTime() {
        EmbeddedChannel channel = channel(BadNetworkHandler.of(
                BadNetwork.builder().delay(Duration.ofMillis(30)).build(),
                BadNetwork.builder().delay(Duration.ofMillis(50)).build()));
        channel.writeOutbound(packet("out", PEER, LOCAL));
        channel.writeInbound(packet("in", LOCAL, PEER));
        time.advance(Duration.ofMillis(29));
        assertThat(outbound(channel)).isEmpty();
        time.advance(Duration.ofMillis(1));
        assertThat(outbound(channel)).containsExactly("out");
        assertThat(inbound(channel)).isEmpty();
        time.advance(Duration.ofMillis(20));
        assertThat(inbound(channel)).containsExactly("in");
        channel.finish();
    }

    @Test
    void keepsTheOrderOfWhatIsOnlyDelayed() {
        EmbeddedChannel channel = channel(BadNetworkHandler.of(
                BadNetwork.builder().delay(Duration.ofMillis(5)).build()));
        List<String> sent = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            sent.add("n" + i);
            channel.writeOutbound(packet("n" + i, PEER, LOCAL));
            time.advance(Duration.ofNanos(100_000));
        }
        time.advance(Duration.ofMillis(5));
        assertThat(outbound(channel)).isEqualTo(sent);
        channel.finish();
    }

    @Test
    void aLostDatagramWasWrittenAllTheSame() {
        BadNetworkHandler network =
                BadNetworkHandler.of(BadNetwork.builder().loss(1).build());
        EmbeddedChannel channel = channel(network);
        ChannelFuture written = channel.writeAndFlush(packet("gone", PEER, LOCAL));
        assertThat(written.isSuccess()).isTrue();
        channel.writeInbound(packet("gone too", LOCAL, PEER));
        assertThat(outbound(channel)).isEmpty();
        assertThat(inbound(channel)).isEmpty();
        assertThat(network.outbound().stats().lost()).isEqualTo(1);
        assertThat(network.inbound().stats().lost()).isEqualTo(1);
        channel.finish();
    }

    @Test
    void takesTheBytesOfAConnectedChannelAndPassesOtherMessages() {
        BadNetworkHandler network =
                BadNetworkHandler.of(BadNetwork.builder().duplicate(1).build());
        EmbeddedChannel channel = channel(network);
        channel.writeOutbound(Unpooled.copiedBuffer("bytes", StandardCharsets.US_ASCII), "message");
        channel.writeInbound("other");
        assertThat(outbound(channel)).containsExactly("bytes", "bytes", "message");
        assertThat(inbound(channel)).containsExactly("other");
        channel.finish();
    }

    @Test
    void refusesWhatIsManyDatagramsInOne() {
        EmbeddedChannel channel =
                channel(BadNetworkHandler.of(BadNetwork.builder().build()));
        ChannelFuture written =
                channel.writeAndFlush(new DatagramPacket(Unpooled.wrappedBuffer(new byte[10]), PEER) {});
        assertThat(written.cause()).isInstanceOf(UnsupportedOperationException.class);
        channel.finish();
    }

    @Test
    void aNatThatRebindsGivesPeersNewPortsAndForgetsTheOldOnes() {
        BadNetworkHandler network = BadNetworkHandler.of(BadNetwork.builder().build());
        EmbeddedChannel channel = channel(network);
        channel.writeInbound(packet("a", LOCAL, PEER));
        assertThat(sender(channel)).isEqualTo(PEER);
        network.rebind();
        channel.writeInbound(packet("b", LOCAL, PEER));
        InetSocketAddress alias = sender(channel);
        assertThat(alias.getAddress()).isEqualTo(PEER.getAddress());
        assertThat(alias.getPort()).isNotEqualTo(PEER.getPort());
        channel.writeOutbound(packet("to the new", alias, LOCAL), packet("to the old", PEER, LOCAL));
        DatagramPacket out = channel.readOutbound();
        assertThat(out.recipient()).isEqualTo(PEER);
        assertThat(ByteBufUtil.getBytes(out.content())).isEqualTo("to the new".getBytes(StandardCharsets.US_ASCII));
        out.release();
        assertThat(outbound(channel)).isEmpty();
        network.rebind();
        channel.writeInbound(packet("c", LOCAL, PEER));
        InetSocketAddress second = sender(channel);
        assertThat(second).isNotIn(PEER, alias);
        channel.writeOutbound(packet("x", alias, LOCAL), packet("y", second, LOCAL));
        assertThat(outbound(channel)).containsExactly("y");
        channel.finish();
    }

    private static InetSocketAddress sender(EmbeddedChannel channel) {
        DatagramPacket packet = channel.readInbound();
        InetSocketAddress sender = packet.sender();
        packet.release();
        return sender;
    }

    @Test
    void dropsWhatIsOnItsWayWhenTheChannelCloses() {
        EmbeddedChannel channel = channel(BadNetworkHandler.of(
                BadNetwork.builder().delay(Duration.ofMillis(5)).build()));
        channel.writeOutbound(packet("late", PEER, LOCAL));
        channel.writeInbound(packet("late", LOCAL, PEER));
        channel.close();
        time.advance(Duration.ofSeconds(1));
        assertThat(outbound(channel)).isEmpty();
        assertThat(inbound(channel)).isEmpty();
    }

    @Test
    void hasNoLinksBeforeItIsInAPipeline() {
        BadNetworkHandler network = BadNetworkHandler.of(BadNetwork.builder().build());
        assertThatIllegalStateException().isThrownBy(network::outbound).withMessageContaining("no pipeline");
    }
}
