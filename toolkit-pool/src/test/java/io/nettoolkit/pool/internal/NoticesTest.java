package io.nettoolkit.pool.internal;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.pool.ConnectionPool.Listener;
import io.nettoolkit.pool.PoolConfig;
import io.nettoolkit.testkit.ManualTime;
import java.net.ConnectException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** What a host that comes and goes leaves in the log. */
class NoticesTest {

    private final ManualTime time = ManualTime.create();
    private final Logger logger = (Logger) LoggerFactory.getLogger(HostPool.class);
    private final ListAppender<ILoggingEvent> lines = new ListAppender<>();
    private final List<String> heard = new ArrayList<>();
    private final Notices notices = new Notices(
            "key",
            new HostPool.Parts(
                    "orders",
                    PoolConfig.defaults(),
                    time.newEventLoopGroup(),
                    null,
                    new Listener() {
                        @Override
                        public void onDown(Object key, Throwable cause) {
                            heard.add("down");
                        }

                        @Override
                        public void onUp(Object key) {
                            heard.add("up");
                        }
                    },
                    TimeSource.of(time.ticker()),
                    new SplittableRandom(1)));

    @BeforeEach
    void listen() {
        lines.start();
        logger.addAppender(lines);
        logger.setAdditive(false);
        logger.setLevel(Level.INFO);
    }

    @AfterEach
    void stopListening() {
        logger.detachAppender(lines);
        logger.setAdditive(true);
        logger.setLevel(null);
        time.close();
    }

    private void flap() {
        notices.down(new ConnectException("refused"));
        notices.up();
    }

    @Test
    void writesOneLineOfAKindPerMinuteAndOneStackTrace() {
        for (int i = 0; i < 1_000; i++) {
            flap();
        }
        assertThat(lines.list).hasSize(2);
        assertThat(lines.list.get(0).getFormattedMessage()).contains("orders", "connects fail", "refused");
        assertThat(lines.list.get(0).getThrowableProxy()).isNotNull();
        assertThat(lines.list.get(1).getFormattedMessage()).contains("orders", "can be reached again");

        time.advance(Duration.ofMinutes(1));
        flap();

        assertThat(lines.list).hasSize(4);
        assertThat(lines.list.get(2).getFormattedMessage())
                .contains("orders", "refused", "999 more times since the last line like this");
        assertThat(lines.list.get(2).getThrowableProxy())
                .as("one stack trace is enough")
                .isNull();
        assertThat(lines.list.get(3).getFormattedMessage()).contains("999 more times");
        assertThat(heard).as("listeners hear of everything").hasSize(2 * 1_001);
    }

    @Test
    void writesNothingOfTheCountWhereNothingWasLeftOut() {
        flap();
        time.advance(Duration.ofMinutes(2));
        flap();
        assertThat(lines.list)
                .hasSize(4)
                .noneMatch(line -> line.getFormattedMessage().contains("more times"));
    }
}
