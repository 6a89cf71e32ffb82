package io.nettoolkit.core.internal;

/** Makes the JVM-wide threads of the toolkit: daemons that hold nothing of whoever happened to need them first. */
final class DaemonThreads {

    private DaemonThreads() {}

    static Thread newThread(Runnable task, String name) {
        // No inheritable thread locals, no context class loader: either would keep a web application alive for ever.
        Thread thread = new Thread(null, task, name, 0, false);
        thread.setContextClassLoader(null);
        thread.setDaemon(true);
        return thread;
    }
}
