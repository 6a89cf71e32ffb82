package io.nettoolkit.core.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.nettoolkit.core.TimeSource;
import io.netty.util.concurrent.Ticker;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileWatchTest {

    private static final Duration PERIOD = Duration.ofSeconds(10);

    private final CallbackGuard guard = new CallbackGuard("test", TimeSource.of(Ticker.newMockTicker()));
    private final AtomicInteger changes = new AtomicInteger();

    @TempDir
    Path dir;

    private Path certificate;
    private Path key;

    @BeforeEach
    void write() throws IOException {
        certificate = Files.writeString(dir.resolve("tls.crt"), "one");
        key = Files.writeString(dir.resolve("tls.key"), "one");
    }

    @Test
    void reportsNothingWhileNothingChanges() {
        FileWatch watch = watch();
        poll(watch, 5);

        assertThat(changes).hasValue(0);
        assertThat(watch.nextDelayNanos()).isEqualTo(PERIOD.toNanos());
    }

    @Test
    void reportsAChangeOnceItHasSettled() throws IOException {
        FileWatch watch = watch();
        Files.writeString(key, "longer");
        poll(watch, 1);
        assertThat(changes).hasValue(0);
        assertThat(watch.nextDelayNanos()).isEqualTo(FileWatch.SETTLE_NANOS);

        poll(watch, 1);
        assertThat(changes).hasValue(1);
        assertThat(watch.nextDelayNanos()).isEqualTo(PERIOD.toNanos());
        poll(watch, 5);
        assertThat(changes).hasValue(1);
    }

    @Test
    void waitsForAFileThatIsStillWritten() throws IOException {
        FileWatch watch = watch();
        for (int i = 0; i < 5; i++) {
            Files.writeString(key, "x".repeat(10 + i));
            poll(watch, 1);
        }
        assertThat(changes).hasValue(0);

        poll(watch, 1);
        assertThat(changes).hasValue(1);
    }

    @Test
    void seesAnotherTimeOfTheSameLength() throws IOException {
        FileWatch watch = watch();
        Files.writeString(key, "two");
        Files.setLastModifiedTime(key, FileTime.fromMillis(1_000));
        poll(watch, 2);

        assertThat(changes).hasValue(1);
    }

    @Test
    void seesAnotherFileOfTheSameLengthAndTime() throws IOException {
        FileWatch watch = watch();
        Path replacement = Files.writeString(dir.resolve("new"), "two");
        Files.setLastModifiedTime(replacement, Files.getLastModifiedTime(key));
        Files.move(replacement, key, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        poll(watch, 2);

        assertThat(changes).hasValue(1);
    }

    /** As Kubernetes mounts secrets: tls.crt -> ..data/tls.crt, ..data -> ..version, and ..data is swapped. */
    @Test
    void seesThatALinkOnTheWayWasSwapped() throws IOException {
        Path old = Files.createDirectory(dir.resolve("..2026_01"));
        Path young = Files.createDirectory(dir.resolve("..2026_02"));
        FileTime time = FileTime.fromMillis(1_000_000);
        for (Path version : List.of(old, young)) {
            Path file = Files.writeString(version.resolve("ca.crt"), "pem");
            Files.setLastModifiedTime(file, time);
        }
        Path data = link(dir.resolve("..data"), old);
        Path mounted = link(dir.resolve("ca.crt"), data.resolve("ca.crt"));
        FileWatch watch = watch(mounted);
        poll(watch, 3);
        assertThat(changes).hasValue(0);

        Files.move(
                link(dir.resolve("..tmp"), young),
                data,
                StandardCopyOption.ATOMIC_MOVE,
                StandardCopyOption.REPLACE_EXISTING);
        poll(watch, 2);

        assertThat(changes).hasValue(1);
    }

    @Test
    void reportsThatAFileVanishedAndThatItCameBack() throws IOException {
        FileWatch watch = watch();
        Files.delete(key);
        poll(watch, 2);
        assertThat(changes).hasValue(1);

        Files.writeString(key, "back");
        poll(watch, 2);
        assertThat(changes).hasValue(2);
    }

    @Test
    void reportsAChangeThatCameBetweenReadingAndWatching() throws IOException {
        FileStamp loaded = FileStamp.of(List.of(certificate, key));
        Files.writeString(certificate, "changed before the watch began");
        FileWatch watch = new FileWatch(loaded, PERIOD, changes::incrementAndGet);
        poll(watch, 2);

        assertThat(changes).hasValue(1);
    }

    @Test
    void goesOnAfterACallbackThatThrows() throws IOException {
        FileWatch watch = new FileWatch(FileStamp.of(List.of(key)), PERIOD, () -> {
            changes.incrementAndGet();
            throw new IllegalStateException("on purpose");
        });
        Files.writeString(key, "first");
        poll(watch, 2);
        Files.writeString(key, "second");
        poll(watch, 2);

        assertThat(changes).hasValue(2);
        assertThat(guard.failures()).isEqualTo(2);
    }

    @Test
    void isSilentOnceClosed() throws IOException {
        FileWatch watch = watch();
        Files.writeString(key, "changed");
        poll(watch, 1);
        watch.close();
        poll(watch, 3);

        assertThat(changes).hasValue(0);
    }

    @Test
    void refusesAPeriodThatIsNotPositive() {
        for (Duration period : List.of(Duration.ZERO, Duration.ofSeconds(-1))) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> new FileWatch(FileStamp.of(List.of()), period, () -> {}))
                    .withMessage("period: " + period + " (must be more than zero)");
        }
    }

    @Test
    void runsOnOneDaemonThreadThatSurvivesAFailingTask() throws Exception {
        CompletableFuture<Thread> first = new CompletableFuture<>();
        CompletableFuture<Thread> second = new CompletableFuture<>();
        FileThread.execute(() -> {
            first.complete(Thread.currentThread());
            throw new IllegalStateException("on purpose");
        });
        FileThread.execute(() -> second.complete(Thread.currentThread()));

        assertThat(second.get(30, TimeUnit.SECONDS)).isSameAs(first.get(30, TimeUnit.SECONDS));
        assertThat(first.get().isDaemon()).isTrue();
        assertThat(first.get().getName()).isEqualTo("nettoolkit-files");
        assertThat(first.get().getContextClassLoader()).isNull();
    }

    @Test
    void callsBackOnTheFileThreadUntilClosed() throws Exception {
        List<String> threads = new ArrayList<>();
        CountDownLatch reported = new CountDownLatch(1);
        FileWatch watch = FileThread.watch(FileStamp.of(List.of(key)), Duration.ofMillis(1), () -> {
            threads.add(Thread.currentThread().getName());
            reported.countDown();
        });
        try {
            Files.writeString(key, "changed");
            assertThat(reported.await(30, TimeUnit.SECONDS)).isTrue();
        } finally {
            watch.close();
        }
        CountDownLatch idle = new CountDownLatch(1);
        FileThread.execute(idle::countDown);
        assertThat(idle.await(30, TimeUnit.SECONDS)).isTrue();

        assertThat(threads).isNotEmpty().containsOnly("nettoolkit-files");
        assertThat(FileThread.waitingTasks()).isZero();
    }

    private FileWatch watch() {
        return watch(certificate, key);
    }

    private FileWatch watch(Path... files) {
        return new FileWatch(FileStamp.of(List.of(files)), PERIOD, changes::incrementAndGet);
    }

    private void poll(FileWatch watch, int times) {
        for (int i = 0; i < times; i++) {
            watch.poll(guard);
        }
    }

    private static Path link(Path link, Path target) throws IOException {
        try {
            return Files.createSymbolicLink(link, target);
        } catch (FileSystemException | UnsupportedOperationException forbidden) {
            assumeThat(false).as("no symbolic links here: %s", forbidden).isTrue();
            throw forbidden;
        }
    }
}
