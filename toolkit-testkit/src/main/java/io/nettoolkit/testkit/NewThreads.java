package io.nettoolkit.testkit;

import io.netty.util.concurrent.Ticker;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/** The platform threads of this JVM that were started after this object was made. */
final class NewThreads {

    /** Threads that a JVM, a build or Netty starts once, at first need, and keeps. */
    private static final List<String> SHARED_BY_THE_JVM = List.of(
            "globalEventExecutor-",
            "nettoolkit-files",
            "nettoolkit-shared",
            "nettoolkit-ticker",
            "ForkJoinPool.commonPool-",
            "CompletableFutureDelayScheduler",
            "junit-",
            "surefire-",
            "Attach Listener",
            "Cleaner-",
            "Common-Cleaner",
            "Finalizer",
            "JFR ",
            "JMX ",
            "Keep-Alive-",
            "RMI ",
            "Signal Dispatcher",
            "process reaper",
            "Read-Poller",
            "Write-Poller",
            "VirtualThread-");

    /** Carries virtual threads; named like the workers of anybody's fork-join pool. */
    private static final String CARRIER_THREAD = "jdk.internal.misc.CarrierThread";

    private static final int SHOWN_FRAMES = 12;

    private final Set<Thread> before = alive();
    private final Map<Thread, String> notes = new HashMap<>();

    /** Remembers a remark for threads that are new since the last call. */
    void note(String remark) {
        for (Thread thread : alive()) {
            if (!before.contains(thread)) {
                notes.putIfAbsent(thread, remark);
            }
        }
    }

    /** Waits until the new threads have ended, and describes those that have not at the deadline. */
    List<String> awaitEnd(Set<String> allowed, Ticker clock, long deadline) throws InterruptedException {
        List<String> leaks = new ArrayList<>();
        for (Thread thread : alive()) {
            if (before.contains(thread) || isAllowed(thread, allowed)) {
                continue;
            }
            // At least one nanosecond, as TimeUnit.timedJoin asks; zero patience still sees a thread that has ended.
            TimeUnit.NANOSECONDS.timedJoin(thread, Math.max(1, deadline - clock.nanoTime()));
            if (thread.isAlive()) {
                leaks.add(describe(thread));
            }
        }
        return leaks;
    }

    private static boolean isAllowed(Thread thread, Set<String> allowed) {
        String name = thread.getName();
        return thread == Thread.currentThread()
                || thread.getClass().getName().equals(CARRIER_THREAD)
                || SHARED_BY_THE_JVM.stream().anyMatch(name::startsWith)
                || allowed.stream().anyMatch(name::startsWith);
    }

    private String describe(Thread thread) {
        StringBuilder text =
                new StringBuilder("thread \"").append(thread.getName()).append("\" still runs (");
        text.append(thread.getState()).append(", ");
        text.append(notes.getOrDefault(thread, "started outside of a test method"))
                .append(')');
        Arrays.stream(thread.getStackTrace())
                .limit(SHOWN_FRAMES)
                .forEach(frame -> text.append("\n    at ").append(frame));
        return text.toString();
    }

    private static Set<Thread> alive() {
        ThreadGroup root = Thread.currentThread().getThreadGroup();
        while (root.getParent() != null) {
            root = root.getParent();
        }
        Thread[] threads = new Thread[root.activeCount() + 16];
        int count = root.enumerate(threads);
        while (count == threads.length) {
            threads = new Thread[threads.length * 2];
            count = root.enumerate(threads);
        }
        return new HashSet<>(Arrays.asList(threads).subList(0, count));
    }
}
