package io.nettoolkit.core.internal.tls;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.concurrent.Executor;

/** The thread that may touch files, so that no event loop ever does. */
public interface FileTasks extends Executor {

    /**
     * Calls {@code check} at least once per period. An implementation may leave a call out when it is sure that none
     * of the files, behind any symbolic links, has changed.
     */
    Watch watch(Collection<Path> files, Duration period, Runnable check);

    /** Ends the calls. */
    interface Watch extends AutoCloseable {
        @Override
        void close();
    }
}
