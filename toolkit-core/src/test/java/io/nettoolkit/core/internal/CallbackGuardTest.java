package io.nettoolkit.core.internal;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.nettoolkit.core.TimeSource;
import io.netty.util.concurrent.MockTicker;
import io.netty.util.concurrent.Ticker;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class CallbackGuardTest {

    private final MockTicker ticker = Ticker.newMockTicker();
    private final CallbackGuard guard = new CallbackGuard("onOpen of server orders", TimeSource.of(ticker));
    private final Logger logger = (Logger) LoggerFactory.getLogger(CallbackGuard.class);
    private final ListAppender<ILoggingEvent> lines = new ListAppender<>();

    @BeforeEach
    void listen() {
        lines.start();
        logger.addAppender(lines);
        logger.setAdditive(false);
    }

    @AfterEach
    void stopListening() {
        logger.detachAppender(lines);
        logger.setAdditive(true);
    }

    @Test
    void letsACallbackRun() {
        int[] calls = {0};

        assertThat(guard.run(() -> calls[0]++)).isTrue();

        assertThat(calls[0]).isEqualTo(1);
        assertThat(guard.failures()).isZero();
        assertThat(lines.list).isEmpty();
    }

    @Test
    void catchesWhateverTheCallbackThrows() {
        for (Throwable failure : new Throwable[] {
            new IOException("on purpose"), new AssertionError(), new OutOfMemoryError(), new StackOverflowError()
        }) {
            assertThat(guard.run(() -> sneak(failure))).isFalse();
        }

        assertThat(guard.failures()).isEqualTo(4);
    }

    @Test
    void logsOncePerMinuteAndCountsTheRest() {
        guard.failed(new IOException("first"));
        guard.failed(new IOException("second"));
        ticker.advance(59_999, TimeUnit.MILLISECONDS);
        guard.failed(new IOException("third"));
        assertThat(lines.list).hasSize(1);

        ticker.advance(1, TimeUnit.MILLISECONDS);
        guard.failed(new IOException("fourth"));
        guard.failed(new IOException("fifth"));

        assertThat(lines.list)
                .extracting(ILoggingEvent::getFormattedMessage)
                .containsExactly(
                        "onOpen of server orders threw; 1 failures so far, 1 since the last line like this"
                                + " (one a minute at most)",
                        "onOpen of server orders threw; 4 failures so far, 3 since the last line like this"
                                + " (one a minute at most)");
        assertThat(lines.list.get(1).getThrowableProxy().getMessage()).isEqualTo("fourth");
        assertThat(guard.failures()).isEqualTo(5);
    }

    @Test
    void limitsEachPlaceOnItsOwn() {
        CallbackGuard other = new CallbackGuard("onClose", TimeSource.of(ticker));
        guard.failed(new IOException());
        other.failed(new IOException());

        assertThat(lines.list).hasSize(2);
    }

    @Test
    void keepsAnInterrupt() {
        guard.run(() -> {
            throw new InterruptedException();
        });

        assertThat(Thread.interrupted()).isTrue();
    }

    @SuppressWarnings("unchecked")
    private static <X extends Throwable> void sneak(Throwable failure) throws X {
        throw (X) failure;
    }
}
