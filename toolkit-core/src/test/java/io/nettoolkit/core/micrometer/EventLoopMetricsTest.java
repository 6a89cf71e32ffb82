package io.nettoolkit.core.micrometer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.nettoolkit.core.EventLoops;
import io.nettoolkit.core.Transport;
import io.netty.channel.EventLoop;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class EventLoopMetricsTest {

    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();

    @Test
    void readsTheStatisticsOfTheLoops() throws Exception {
        try (EventLoops loops = EventLoops.builder()
                .transport(Transport.NIO)
                .name("orders")
                .threads(3)
                .stallThreshold(Duration.ZERO)
                .build()) {
            new EventLoopMetrics(loops).bindTo(registry);
            assertThat(gauge("threads")).isEqualTo(3);
            assertThat(gauge("pending_tasks")).isZero();
            assertThat(registry.get("toolkit.eventloop.stalls")
                            .functionCounter()
                            .count())
                    .isZero();

            CountDownLatch started = new CountDownLatch(1);
            CountDownLatch release = new CountDownLatch(1);
            EventLoop loop = loops.next();
            loop.submit(() -> {
                started.countDown();
                return release.await(60, TimeUnit.SECONDS);
            });
            assertThat(started.await(60, TimeUnit.SECONDS)).isTrue();
            loop.execute(() -> {});
            assertThat(gauge("pending_tasks")).isEqualTo(1);
            release.countDown();
        }
    }

    @Test
    void refusesToBeWithoutLoops() {
        assertThatNullPointerException()
                .isThrownBy(() -> new EventLoopMetrics(null))
                .withMessage("loops: must not be null");
    }

    private double gauge(String name) {
        return registry.get("toolkit.eventloop." + name)
                .tag("name", "orders")
                .tag("transport", "nio")
                .gauge()
                .value();
    }
}
