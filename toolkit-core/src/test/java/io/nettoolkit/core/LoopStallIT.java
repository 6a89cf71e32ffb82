package io.nettoolkit.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.netty.channel.EventLoop;
import io.netty.util.concurrent.EventExecutor;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A loop that is really blocked. */
@Tag("blocks-loop") // which BlockHound, rightly, does not let happen
class LoopStallIT {

    private static final Duration THRESHOLD = Duration.ofMillis(200);

    @ParameterizedTest
    @EnumSource(Transport.class)
    void reportsABlockedLoopWithTheStackThatBlocksIt(Transport transport) throws Exception {
        assumeTrue(transport.isAvailable());
        String blockedThread = "stall-" + transport.name().toLowerCase(java.util.Locale.ROOT) + "-1";
        CompletableFuture<StackTraceElement[]> reported = new CompletableFuture<>();
        CountDownLatch release = new CountDownLatch(1);
        try (EventLoops loops = EventLoops.builder()
                .transport(transport)
                .threads(2)
                .name("stall")
                .stallThreshold(THRESHOLD)
                .listener((thread, blocked, stack) -> {
                    // on a machine that is short of cores, the other loop may be late as well
                    if (thread.equals(blockedThread) && blocked.compareTo(THRESHOLD) >= 0) {
                        reported.complete(stack);
                    }
                })
                .build()) {
            for (EventExecutor loop : loops.group()) {
                loop.submit(() -> {}).get();
            }
            loops.next().execute(() -> blockHere(release));
            StackTraceElement[] stack = reported.get(60, TimeUnit.SECONDS);
            assertThat(stack).extracting(StackTraceElement::getMethodName).contains("blockHere");
            assertThat(loops.stats().stalls()).isPositive();
            release.countDown();
        }
    }

    @Test
    void recordsBothEndsOfAStall() throws Exception {
        CountDownLatch release = new CountDownLatch(1);
        CompletableFuture<RecordedEvent> begun = new CompletableFuture<>();
        CompletableFuture<RecordedEvent> over = new CompletableFuture<>();
        try (RecordingStream recording = new RecordingStream();
                EventLoops loops = EventLoops.builder()
                        .threads(1)
                        .stallThreshold(THRESHOLD)
                        .build()) {
            recording.setReuse(false);
            recording.enable("io.nettoolkit.LoopStall");
            recording.onEvent("io.nettoolkit.LoopStall", event -> {
                if (event.getString("loop").startsWith("nettoolkit-")) {
                    (event.getBoolean("over") ? over : begun).complete(event);
                }
            });
            recording.startAsync();
            EventLoop loop = loops.next();
            loop.execute(() -> blockHere(release));
            RecordedEvent first = begun.get(60, TimeUnit.SECONDS);
            release.countDown();
            RecordedEvent last = over.get(60, TimeUnit.SECONDS);
            assertThat(first.getDuration("blocked")).isBetween(THRESHOLD, Duration.ofSeconds(60));
            assertThat(last.getDuration("blocked")).isGreaterThan(first.getDuration("blocked"));
            assertThat(first.getString("stack")).contains("blockHere").isEqualTo(last.getString("stack"));
            assertThat(first.getEventType().getCategoryNames()).containsExactly("Net Toolkit");
        }
    }

    @Test
    void zeroThresholdWatchesNothing() throws Exception {
        CountDownLatch release = new CountDownLatch(1);
        CompletableFuture<String> watchedStall = new CompletableFuture<>();
        try (EventLoops off = EventLoops.builder()
                        .threads(1)
                        .stallThreshold(Duration.ZERO)
                        .build();
                EventLoops on = EventLoops.builder()
                        .threads(1)
                        .stallThreshold(THRESHOLD)
                        .listener((thread, blocked, stack) -> watchedStall.complete(thread))
                        .build()) {
            off.next().execute(() -> blockHere(release));
            on.next().execute(() -> blockHere(release));
            // once the watched one has been noticed, the other one would have been as well
            watchedStall.get(60, TimeUnit.SECONDS);
            assertThat(off.stats().stalls()).isZero();
            release.countDown();
        }
    }

    private static void blockHere(CountDownLatch release) {
        try {
            if (!release.await(120, TimeUnit.SECONDS)) {
                throw new AssertionError("never released");
            }
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
