package io.nettoolkit.core.internal.tls;

import io.nettoolkit.core.internal.FileStamp;
import io.nettoolkit.core.internal.FileThread;
import io.nettoolkit.core.internal.FileWatch;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;

/** {@link FileTasks} on the toolkit's file thread. */
final class FileThreadTasks implements FileTasks {

    static final FileThreadTasks INSTANCE = new FileThreadTasks();

    private FileThreadTasks() {}

    @Override
    public void execute(Runnable task) {
        FileThread.execute(task);
    }

    @Override
    public Watch watch(Collection<Path> files, Duration period, Runnable check) {
        FileWatch watch = FileThread.watch(FileStamp.of(files), period, check);
        return watch::close;
    }
}
