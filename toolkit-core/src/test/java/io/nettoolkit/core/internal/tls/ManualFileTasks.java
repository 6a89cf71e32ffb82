package io.nettoolkit.core.internal.tls;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/** A file thread that runs when the test says so. */
final class ManualFileTasks implements FileTasks {

    private final List<Runnable> checks = new ArrayList<>();
    final List<Path> watched = new ArrayList<>();
    Duration period = Duration.ZERO;

    @Override
    public Watch watch(Collection<Path> files, Duration period, Runnable check) {
        watched.addAll(files);
        checks.add(check);
        this.period = period;
        return () -> checks.remove(check);
    }

    @Override
    public void execute(Runnable task) {
        task.run();
    }

    void poll() {
        List.copyOf(checks).forEach(Runnable::run);
    }

    int watches() {
        return checks.size();
    }
}
