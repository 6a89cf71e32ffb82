package io.nettoolkit.testkit;

import io.netty.util.ResourceLeakDetector;
import io.netty.util.concurrent.Ticker;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ExtensionContext.Store;

/**
 * A JUnit extension (Jupiter 5 and 6) that fails a test class which leaves threads, sockets or Netty buffers behind.
 *
 * <pre>{@code
 * @ExtendWith(LeakCheck.class)
 * class ServerIT { ... }
 *
 * class ClientIT {
 *     @RegisterExtension
 *     static final LeakCheck leaks = new LeakCheck().withAllowedThreads("metrics-");
 * }
 * }</pre>
 *
 * <p>On a class, or in a static field, it compares what is there after all tests (and {@code @AfterAll}) with what was
 * there before the first one; nested classes belong to their outermost one. On a method, or in an instance field, it
 * does so for each test. What closes asynchronously is waited for: the check passes as soon as nothing is left over,
 * and fails after {@linkplain #withPatience a bounded time}.
 *
 * <ul>
 *   <li><b>Threads</b>: every platform thread that was started meanwhile and still runs, save those that the JDK,
 *       JUnit, Netty ({@code GlobalEventExecutor}) and Net Toolkit (ticker, file thread, shared event loops) keep for the
 *       whole JVM. Virtual threads cannot be seen.
 *   <li><b>Channels</b>, by their sockets: on Linux, every open socket of the process (TCP, UDP, Unix; NIO, epoll and
 *       io_uring alike, and those that no Netty channel owns) that was not open before; reported with its addresses.
 *       Embedded and local channels have no socket and cannot be seen, nor can anything on other systems.
 *   <li><b>Buffers</b>: every leak-tracked buffer that became garbage unreleased, found by Netty's detector at level
 *       {@code PARANOID}, which is on for the time of the check, after forced collections; reported with Netty's access
 *       records. A buffer that something reachable still holds (a static field, the instance of a
 *       {@code PER_CLASS} test) is not seen, nor is one that is not tracked, such as an unpooled heap buffer. A leak of
 *       a class that ran earlier without this extension is reported by the next one with it; the records tell where it
 *       comes from, and name the scope where this class was loaded before Netty's buffers were. Otherwise a leak with
 *       exactly the same records is reported once per JVM, which is Netty's rule.
 * </ul>
 *
 * <p><b>Threading.</b> Immutable. Threads, sockets and buffers are those of the whole JVM, so a checked class must not
 * run at the same time as others; in sequence any number may.
 *
 * <p><b>Failure.</b> An {@link AssertionError} that lists everything left over. An {@link IllegalStateException} says
 * that buffers cannot be checked: explicit garbage collection is disabled, or error logging of Netty's detector is off.
 */
@SuppressWarnings("exports") // transitive, JUnit would be forced on every module that uses the test kit
public final class LeakCheck implements BeforeAllCallback, AfterAllCallback, BeforeEachCallback, AfterEachCallback {

    private static final Namespace NAMESPACE = Namespace.create(LeakCheck.class);
    private static final Duration DEFAULT_PATIENCE = Duration.ofSeconds(5);

    private final Set<String> allowedThreads;
    private final Duration patience;

    /** A check with the default options, as {@code @ExtendWith} makes it. */
    public LeakCheck() {
        this(Set.of(), DEFAULT_PATIENCE);
    }

    private LeakCheck(Set<String> allowedThreads, Duration patience) {
        this.allowedThreads = allowedThreads;
        this.patience = patience;
    }

    /**
     * Lets threads live on whose names start with one of the given prefixes, beside those named by earlier calls.
     * Default none beyond the JVM-wide ones.
     */
    public LeakCheck withAllowedThreads(String... namePrefixes) {
        Set<String> all = new HashSet<>(allowedThreads);
        for (String prefix : namePrefixes) {
            if (prefix.isEmpty()) {
                throw new IllegalArgumentException("namePrefixes: \"\" (would allow every thread)");
            }
            all.add(prefix);
        }
        return new LeakCheck(Set.copyOf(all), patience);
    }

    /**
     * How long threads and sockets may take to go away after the last test, in real time. Default 5 s; zero means that
     * they must be gone by then.
     */
    public LeakCheck withPatience(Duration patience) {
        Objects.requireNonNull(patience, "patience: must not be null");
        if (patience.isNegative()) {
            throw new IllegalArgumentException("patience: " + patience + " (must not be negative)");
        }
        return new LeakCheck(allowedThreads, patience);
    }

    /** For JUnit. */
    @Override
    public void beforeAll(ExtensionContext context) {
        begin(context);
    }

    /** For JUnit. */
    @Override
    public void beforeEach(ExtensionContext context) {
        begin(context);
    }

    /** For JUnit. */
    @Override
    public void afterEach(ExtensionContext context) {
        Baseline baseline = store(context).get(Baseline.class, Baseline.class);
        if (baseline != null) {
            baseline.threads.note("started during " + context.getDisplayName());
        }
        end(context);
    }

    /** For JUnit. */
    @Override
    public void afterAll(ExtensionContext context) {
        end(context);
    }

    private void begin(ExtensionContext context) {
        Store store = store(context);
        // A child's store looks into its parents', so the outermost scope is the one that checks.
        if (store.get(Baseline.class) == null) {
            store.put(Baseline.class, new Baseline(context));
        }
    }

    private void end(ExtensionContext context) {
        Store store = store(context);
        Baseline baseline = store.get(Baseline.class, Baseline.class);
        if (baseline == null || !baseline.scope.equals(context.getUniqueId())) {
            return;
        }
        store.remove(Baseline.class);
        List<String> leaks = baseline.findLeaks(allowedThreads, patience);
        if (!leaks.isEmpty()) {
            throw new AssertionError(context.getDisplayName() + " left behind:\n- " + String.join("\n- ", leaks));
        }
    }

    private static Store store(ExtensionContext context) {
        return context.getStore(NAMESPACE);
    }

    /** What was there before the tests of one scope. */
    private static final class Baseline {

        final String scope;
        final NewThreads threads = new NewThreads();
        private final NewSockets sockets = new NewSockets();
        private final ResourceLeakDetector.Level levelBefore = ResourceLeakDetector.getLevel();

        Baseline(ExtensionContext context) {
            this.scope = context.getUniqueId();
            LeakedBuffers.beginScope(context.getDisplayName());
            ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.PARANOID);
        }

        List<String> findLeaks(Set<String> allowedThreads, Duration patience) {
            Ticker clock = Ticker.systemTicker();
            long deadline = clock.nanoTime() + patience.toNanos();
            try {
                List<String> leaks = new ArrayList<>(threads.awaitEnd(allowedThreads, clock, deadline));
                leaks.addAll(sockets.awaitClose(clock, deadline));
                leaks.addAll(LeakedBuffers.endScope());
                return leaks;
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException("interrupted while looking for leaks", e);
            } finally {
                ResourceLeakDetector.setLevel(levelBefore);
            }
        }
    }

    @Override
    public String toString() {
        return "LeakCheck(allowedThreads=" + allowedThreads + ", patience=" + patience + ")";
    }
}
