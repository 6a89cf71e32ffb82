package io.nettoolkit.core.internal.jfr;

import io.nettoolkit.core.CloseReason;
import io.nettoolkit.core.ConnectionTimeline;
import io.nettoolkit.core.DrainReport;
import io.nettoolkit.core.NetFailure;
import io.nettoolkit.core.RejectedException;
import java.net.SocketAddress;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The toolkit's flight recorder events. Calling one costs a boolean while nobody records, and no more than that in a
 * runtime without the module jdk.jfr: what links to it is loaded only where it is there. Any thread.
 */
public final class JfrEvents {

    /** Which end of a stall an event tells of. */
    public enum Stall {
        /** The loop is blocked. */
        BEGUN,
        /** The loop runs again. */
        OVER
    }

    private static final boolean PRESENT = isPresent();

    private JfrEvents() {}

    private static boolean isPresent() {
        try {
            Class.forName("jdk.jfr.Event", false, JfrEvents.class.getClassLoader());
            return true;
        } catch (ClassNotFoundException | LinkageError runtimeWithoutJfr) {
            return false;
        }
    }

    /** Whether events can be recorded in this runtime at all. */
    public static boolean isAvailable() {
        return PRESENT;
    }

    /**
     * Registers the events. The first one a JVM registers starts its flight recorder, which takes a few hundred
     * milliseconds: call this before there are loops or calls that would have to wait for it. Costs next to nothing again.
     */
    public static void register() {
        if (PRESENT) {
            Recorder.register();
        }
    }

    /** A connection is ready for use. */
    public static void connectionOpen(@Nullable SocketAddress remote, ConnectionTimeline timeline) {
        if (PRESENT) {
            Recorder.connectionOpen(remote, timeline);
        }
    }

    /** A connection is gone. */
    public static void connectionClose(
            @Nullable SocketAddress remote, CloseReason reason, ConnectionTimeline timeline) {
        if (PRESENT) {
            Recorder.connectionClose(remote, reason, timeline);
        }
    }

    /** A connection was refused, or could not be accepted. */
    public static void connectionReject(@Nullable SocketAddress remote, Exception cause) {
        if (PRESENT) {
            Recorder.connectionReject(remote, cause);
        }
    }

    /** A graceful stop is over. */
    public static void drain(DrainReport report) {
        if (PRESENT) {
            Recorder.drain(report);
        }
    }

    /** An event loop is blocked, or was. */
    public static void loopStall(String thread, long waitedNanos, StackTraceElement[] stack, Stall end) {
        if (PRESENT) {
            Recorder.loopStall(thread, waitedNanos, stack, end);
        }
    }

    /** A policy changed its state: a breaker opened, an endpoint was ejected, a limit moved. */
    public static void policyState(String policy, String from, String to) {
        if (PRESENT) {
            Recorder.policyState(policy, from, to);
        }
    }

    /** A policy shed a call to protect the rest. */
    public static void policyShed(String policy, String reason) {
        if (PRESENT) {
            Recorder.policyShed(policy, reason);
        }
    }

    /** A pool opened a connection, or could not. */
    public static void poolConnect(String pool, Duration elapsed, @Nullable Throwable failure) {
        if (PRESENT) {
            Recorder.poolConnect(pool, elapsed, failure);
        }
    }

    /** A pool's connection is closed. */
    public static void poolClose(String pool, String cause) {
        if (PRESENT) {
            Recorder.poolClose(pool, cause);
        }
    }

    /**
     * A name was looked up at the name servers.
     *
     * @param name is turned into text only while somebody records, as is {@code type}
     * @param outcome what came of it
     */
    public static void dnsLookup(
            Object name, Object type, String outcome, @Nullable SocketAddress server, long elapsedNanos) {
        if (PRESENT) {
            Recorder.dnsLookup(name, type, outcome, server, elapsedNanos);
        }
    }

    /** The health of a name server changed: DOWN, UP or FORGERY_SUSPECTED. */
    public static void dnsServer(SocketAddress server, String state) {
        if (PRESENT) {
            Recorder.dnsServer(server, state);
        }
    }

    /**
     * A datagram did not make it through this process.
     *
     * @param reason TOO_LARGE, HANDLER_BUSY, or the kind of failure of its send
     * @param bytes of its payload, as far as they are known
     */
    public static void datagramDrop(String endpoint, @Nullable SocketAddress remote, String reason, int bytes) {
        if (PRESENT) {
            Recorder.datagramDrop(endpoint, remote, reason, bytes);
        }
    }

    /** A peer is at another address from now on. */
    public static void pathChange(@Nullable SocketAddress from, SocketAddress to) {
        if (PRESENT) {
            Recorder.pathChange(from, to);
        }
    }

    /** What a refusal is called in events and metrics: a reason of the toolkit's limits, else the kind of failure. */
    public static String reasonOf(Exception cause) {
        return cause instanceof RejectedException rejected
                ? rejected.reason().name()
                : NetFailure.Kind.of(cause).name();
    }
}
