package io.nettoolkit.testkit;

import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.util.ResourceLeakDetector;
import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.slf4j.LoggerFactory;

/**
 * Makes Netty's leak detector report, now, every buffer that is garbage already.
 *
 * <p>The detector learns of a leak when the collector has cleared the buffer's weak reference, the JVM's reference
 * handler thread has queued it, and somebody allocates the next tracked buffer. Each step is forced: an explicit
 * collection clears the references and puts them on the handler's pending list. The handler takes that list as a
 * whole and works through it in no particular order, so seeing one reference of a list says nothing about the others;
 * but a reference that was cleared only after one of that list had been seen is in a later list, and seeing that one
 * proves that the handler is through with the earlier list. Hence two canaries, one after the other.
 */
final class LeakedBuffers {

    private static final int COLLECTIONS = 50;
    private static final long COLLECTION_WAIT_MILLIS = 200;

    private static final List<String> RUNNER_FRAMES = List.of(
            "org.junit.",
            "org.apache.maven.surefire.",
            "java.base/java.lang.reflect.",
            "java.base/jdk.internal.reflect.",
            "java.base/java.util.ArrayList.forEach");

    private static final Queue<String> reports = new ConcurrentLinkedQueue<>();
    private static final AtomicInteger scopes = new AtomicInteger();

    static {
        ScopedLeakDetector.install();
    }

    private LeakedBuffers() {}

    /** Starts to listen; done again for every scope, as the detector has room for one listener only. */
    static void beginScope(String name) {
        if (!LoggerFactory.getLogger(ResourceLeakDetector.class).isErrorEnabled()) {
            throw new IllegalStateException("buffer leaks cannot be checked: Netty's detector reports nothing while its"
                    + " log is off (enable level ERROR for " + ResourceLeakDetector.class.getName() + ")");
        }
        ByteBufUtil.setLeakListener((resourceType, records) -> reports.add(resourceType + records));
        ScopedLeakDetector.enter("leaked by " + name + " (check " + scopes.incrementAndGet() + " of this JVM)");
    }

    /** What was leaked up to now and not told yet. */
    static List<String> endScope() throws InterruptedException {
        ScopedLeakDetector.enter(null);
        System.gc();
        awaitCanary();
        awaitCanary();
        UnpooledByteBufAllocator.DEFAULT.directBuffer(1).release();
        List<String> leaks = new ArrayList<>();
        for (String report = reports.poll(); report != null; report = reports.poll()) {
            leaks.add("a buffer that was never released: " + withoutRunnerFrames(report));
        }
        return leaks;
    }

    /** Drops the frames below a test method, which are two thirds of each record and say nothing. */
    private static String withoutRunnerFrames(String report) {
        return report.lines()
                .filter(line -> RUNNER_FRAMES.stream().noneMatch(line.strip()::startsWith))
                .collect(Collectors.joining("\n"));
    }

    private static void awaitCanary() throws InterruptedException {
        ReferenceQueue<Object> queue = new ReferenceQueue<>();
        WeakReference<Object> canary = new WeakReference<>(new Object(), queue);
        try {
            for (int collection = 0; collection < COLLECTIONS; collection++) {
                System.gc();
                if (queue.remove(COLLECTION_WAIT_MILLIS) != null) {
                    return;
                }
            }
        } finally {
            Reference.reachabilityFence(canary);
        }
        throw new IllegalStateException("buffer leaks cannot be checked: " + COLLECTIONS
                + " explicit collections did not collect a thing (is -XX:+DisableExplicitGC set?)");
    }
}
