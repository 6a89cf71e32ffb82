package io.nettoolkit.core.internal;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.nettoolkit.core.EventLoops;
import io.nettoolkit.core.TimeSource;
import io.netty.util.concurrent.MockTicker;
import io.netty.util.concurrent.Ticker;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class StallAlarmTest {

    private static final StackTraceElement[] STACK = {new StackTraceElement("shop.Orders", "load", "Orders.java", 7)};

    private final MockTicker ticker = Ticker.newMockTicker();
    private final List<Runnable> handedOver = new ArrayList<>();
    private final List<String> heard = new ArrayList<>();
    private final ListAppender<ILoggingEvent> lines = new ListAppender<>();
    private final Logger logger = (Logger) LoggerFactory.getLogger(StallAlarm.class);

    @BeforeEach
    void readTheLog() {
        lines.start();
        logger.addAppender(lines);
        logger.setAdditive(false);
    }

    @AfterEach
    void leaveTheLogAsItWas() {
        logger.detachAppender(lines);
        logger.setAdditive(true);
    }

    private StallAlarm alarm(EventLoops.Listener listener) {
        return new StallAlarm(listener, handedOver::add, TimeSource.of(ticker));
    }

    @Test
    void doesNothingOnTheTickerThreadItself() {
        StallAlarm alarm = alarm((thread, blocked, stack) -> heard.add(thread + " " + blocked));
        alarm.onStall("loop-1", 700_000_000, STACK);
        assertThat(heard).isEmpty();
        assertThat(lines.list).isEmpty();
        runHandedOver();
        assertThat(heard).containsExactly("loop-1 PT0.7S");
        assertThat(lines.list).singleElement().satisfies(line -> {
            assertThat(line.getLevel()).isEqualTo(Level.WARN);
            assertThat(line.getFormattedMessage())
                    .startsWith("event loop loop-1 has not run its tasks for 700 ms")
                    .contains("shop.Orders.load(Orders.java:7)");
        });
    }

    @Test
    void logsTooManyStallsOnceInTenSecondsButTellsTheListenerOfEach() {
        StallAlarm alarm = alarm((thread, blocked, stack) -> heard.add(thread));
        for (int i = 0; i < 5; i++) {
            alarm.onStall("loop-" + i, 700_000_000, STACK);
        }
        runHandedOver();
        ticker.advance(10, TimeUnit.SECONDS);
        alarm.onStall("loop-9", 700_000_000, STACK);
        runHandedOver();
        assertThat(heard).hasSize(6);
        assertThat(lines.list).hasSize(2);
        assertThat(lines.list.get(1).getFormattedMessage()).contains("4 more stalls were not logged");
    }

    @Test
    void aListenerThatThrowsIsHarmless() {
        AtomicInteger calls = new AtomicInteger();
        StallAlarm alarm = alarm((thread, blocked, stack) -> {
            calls.incrementAndGet();
            throw new IllegalStateException("the listener's own fault");
        });
        alarm.onStall("loop-1", Duration.ofSeconds(1).toNanos(), STACK);
        alarm.onRecovery("loop-1", Duration.ofSeconds(1).toNanos(), STACK);
        alarm.onStall("loop-1", Duration.ofSeconds(1).toNanos(), STACK);
        runHandedOver();
        assertThat(calls).hasValue(2);
        assertThat(lines.list)
                .extracting(ILoggingEvent::getFormattedMessage)
                .anyMatch(line -> line.contains("has not run its tasks"))
                .anyMatch(line -> line.contains("runs again"));
    }

    private void runHandedOver() {
        handedOver.forEach(Runnable::run);
        handedOver.clear();
    }
}
