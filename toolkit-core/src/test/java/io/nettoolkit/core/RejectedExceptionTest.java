package io.nettoolkit.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.nettoolkit.core.RejectedException.Reason;
import java.time.Duration;
import java.util.concurrent.RejectedExecutionException;
import org.junit.jupiter.api.Test;

class RejectedExceptionTest {

    @Test
    void tellsPolicyReasonNumbersAndWhenToComeBack() {
        RejectedException refusal =
                new RejectedException("orders", Reason.RATE_LIMITED, Duration.ofMillis(250), "100 per second allowed");

        assertThat(refusal)
                .isInstanceOf(RejectedExecutionException.class)
                .hasMessage("orders refused with RATE_LIMITED: 100 per second allowed; try again in 250 ms");
        assertThat(refusal.policy()).isEqualTo("orders");
        assertThat(refusal.reason()).isEqualTo(Reason.RATE_LIMITED);
        assertThat(refusal.retryAfter()).isEqualTo(Duration.ofMillis(250));
    }

    @Test
    void leavesOutWhatIsNotKnown() {
        assertThat(new RejectedException("orders", Reason.SHUTTING_DOWN, Duration.ZERO, ""))
                .hasMessage("orders refused with SHUTTING_DOWN");
    }

    @Test
    void hasNoStackTraceButRoomForSuppressedOnes() {
        RejectedException refusal = new RejectedException("orders", Reason.OVERLOADED, Duration.ZERO, "");
        refusal.addSuppressed(new IllegalStateException());

        assertThat(refusal.getStackTrace()).isEmpty();
        assertThat(refusal.getSuppressed()).hasSize(1);
    }

    @Test
    void refusesBadArgumentsNamingThem() {
        assertThatNullPointerException()
                .isThrownBy(() -> new RejectedException(null, Reason.OVERLOADED, Duration.ZERO, ""))
                .withMessageContaining("policy");
        assertThatNullPointerException()
                .isThrownBy(() -> new RejectedException("a", null, Duration.ZERO, ""))
                .withMessageContaining("reason");
        assertThatNullPointerException()
                .isThrownBy(() -> new RejectedException("a", Reason.OVERLOADED, null, ""))
                .withMessageContaining("retryAfter");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new RejectedException("a", Reason.OVERLOADED, Duration.ofMillis(-1), ""))
                .withMessage("retryAfter: PT-0.001S (must not be negative)");
    }
}
