package io.nettoolkit.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.nettoolkit.core.CloseReason.Initiator;
import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.core.RejectedException.Reason;
import java.net.SocketException;
import java.time.Duration;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;

class CloseReasonTest {

    @Test
    void isOrderlyWithoutAFailure() {
        assertThat(CloseReason.local().isOrderly()).isTrue();
        assertThat(CloseReason.local()).isEqualTo(new CloseReason(Initiator.LOCAL, Kind.LOCAL_CLOSED, null));
        assertThat(CloseReason.peer().isOrderly()).isTrue();
        assertThat(CloseReason.peer()).isEqualTo(new CloseReason(Initiator.PEER, Kind.PEER_CLOSED, null));
    }

    @Test
    void takesTheKindOfItsFailure() {
        CompletionException failure = new CompletionException(new SocketException("Connection reset"));
        CloseReason reason = CloseReason.failed(Initiator.NETWORK, failure);

        assertThat(reason.kind()).isEqualTo(Kind.RESET);
        assertThat(reason.failure()).isSameAs(failure);
        assertThat(reason.isOrderly()).isFalse();
    }

    @Test
    void callsARefusalOfALimitWhatItIs() {
        RejectedException limit = new RejectedException("server", Reason.CONNECTION_LIMIT, Duration.ZERO, "");
        RejectedException closing = new RejectedException("server", Reason.SHUTTING_DOWN, Duration.ZERO, "");

        assertThat(CloseReason.failed(Initiator.LOCAL, limit).kind()).isEqualTo(Kind.RESOURCE_EXHAUSTED);
        assertThat(CloseReason.failed(Initiator.LOCAL, closing).kind()).isEqualTo(Kind.LOCAL_CLOSED);
    }

    @Test
    void refusesAFailureKindWithoutItsFailure() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new CloseReason(Initiator.LOCAL, Kind.IDLE_TIMEOUT, null))
                .withMessage("failure: null (must be there for the kind IDLE_TIMEOUT)");
        assertThatNullPointerException()
                .isThrownBy(() -> new CloseReason(null, Kind.RESET, null))
                .withMessageContaining("initiator");
        assertThatNullPointerException()
                .isThrownBy(() -> new CloseReason(Initiator.LOCAL, null, null))
                .withMessageContaining("kind");
        assertThatNullPointerException()
                .isThrownBy(() -> CloseReason.failed(Initiator.LOCAL, null))
                .withMessageContaining("failure");
    }
}
