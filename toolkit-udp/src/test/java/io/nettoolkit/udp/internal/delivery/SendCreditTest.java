package io.nettoolkit.udp.internal.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.udp.DeliveryMode;
import io.nettoolkit.udp.internal.delivery.Outcomes.Drop;
import io.nettoolkit.udp.internal.wire.Frames;
import io.nettoolkit.udp.internal.wire.TransportParameters;
import io.netty.buffer.Unpooled;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class SendCreditTest {

    private final SendCredit credit = new SendCredit();
    private final SendChannel channel = new SendChannel(1000);
    private final SendQueue queue = channel.queue(Frames.ORDERED);

    @BeforeEach
    void hear() {
        credit.setPeer(new TransportParameters(500, 2000, 4, 1000, 3, 1200, 25_000, 30_000));
    }

    private static OutMessage message(int length) {
        OutMessage message = new OutMessage();
        message.begin(Unpooled.wrappedBuffer(new byte[length]));
        return message;
    }

    private void begin(int length) {
        OutMessage message = message(length);
        assertThat(credit.mayBegin(queue, message)).isTrue();
        credit.begin(queue, message);
    }

    @Test
    void takesNothingBeforeThePeerHasSaid() {
        assertThat(new SendCredit().refusal(message(0))).isEqualTo(Drop.NO_SUCH_CHANNEL);
        assertThat(new SendCredit().mayBegin(queue, message(0))).isFalse();
        assertThat(new SendCredit().maxChannelBytes()).isZero();
        assertThat(credit.maxChannelBytes()).isEqualTo(1000);
    }

    @Test
    void refusesWhatThePeerNeverTakes() {
        assertThat(credit.refusal(message(500))).isNull();
        assertThat(credit.refusal(message(501))).isEqualTo(Drop.TOO_LONG);
        assertThat(credit.refusal(message(0).channel(2))).isNull();
        assertThat(credit.refusal(message(0).channel(3))).isEqualTo(Drop.NO_SUCH_CHANNEL);
    }

    @Test
    void chargesTheConnection() {
        channel.maxBytes = 1_000_000;
        begin(1500);
        assertThat(credit.mayBegin(queue, message(501))).isFalse();
        begin(500);
        assertThat(credit.mayBegin(queue, message(1))).isFalse();
        credit.onGrant(2001, 0);
        begin(1);
        credit.onGrant(2000, 5);
        assertThat(credit.mayBegin(queue, message(1))).as("an older grant").isFalse();
        credit.onGrant(2002, 5);
        begin(1);
    }

    @Test
    void chargesTheNumberOfMessages() {
        for (int i = 0; i < 4; i++) {
            begin(0);
        }
        assertThat(credit.mayBegin(queue, message(0))).isFalse();
        credit.onGrant(0, 3);
        assertThat(credit.mayBegin(queue, message(0))).as("an older grant").isFalse();
        credit.onGrant(0, 5);
        begin(0);
        assertThat(credit.mayBegin(queue, message(0))).isFalse();
    }

    @Test
    void chargesTheChannel() {
        begin(700);
        assertThat(credit.mayBegin(queue, message(301))).isFalse();
        begin(300);
        SendQueue sibling = channel.queue(Frames.UNORDERED);
        assertThat(credit.mayBegin(sibling, message(1))).isFalse();
        assertThat(credit.mayBegin(new SendChannel(1000).queue(Frames.ORDERED), message(1)))
                .isTrue();
        credit.onChannelGrant(channel, 1001);
        assertThat(credit.mayBegin(sibling, message(1))).isTrue();
        credit.onChannelGrant(channel, 1000);
        assertThat(credit.mayBegin(sibling, message(1)))
                .as("after an older grant")
                .isTrue();
        assertThat(credit.mayBegin(sibling, message(2))).isFalse();
    }

    @Test
    void chargesNothingForWhatIsUnreliable() {
        OutMessage message = message(5000).mode(DeliveryMode.UNRELIABLE);
        SendQueue unreliable = channel.queue(Frames.UNRELIABLE);
        for (int i = 0; i < 10; i++) {
            assertThat(credit.mayBegin(unreliable, message)).isTrue();
            credit.begin(unreliable, message);
        }
        begin(1000);
        assertThat(channel.begunBytes).isEqualTo(1000);
    }

    @Test
    void keepsNumbersTogether() {
        queue.begin(message(0));
        queue.nextSequence = SendCredit.MAX_SPREAD - 1;
        assertThat(credit.mayBegin(queue, message(0))).isTrue();
        queue.nextSequence = SendCredit.MAX_SPREAD;
        assertThat(credit.mayBegin(queue, message(0))).isFalse();
    }

    @Test
    void tellsOnceThatItWaits() {
        assertThat(credit.takeReport()).isFalse();
        credit.setBlocked(true);
        assertThat(credit.takeReport()).isTrue();
        assertThat(credit.takeReport()).isFalse();
        credit.setBlocked(false);
        credit.onGrant(1, 1);
        assertThat(credit.takeReport()).isFalse();
        credit.setBlocked(true);
        assertThat(credit.takeReport()).isTrue();
        credit.onChannelGrant(channel, 1);
        assertThat(credit.takeReport()).isTrue();
        assertThat(credit.takeReport()).isFalse();
    }
}
