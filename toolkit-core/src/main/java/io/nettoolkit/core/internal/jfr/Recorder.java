package io.nettoolkit.core.internal.jfr;

import io.nettoolkit.core.CloseReason;
import io.nettoolkit.core.ConnectionTimeline;
import io.nettoolkit.core.DrainReport;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Fills in and commits the events; the only class that links to them. */
final class Recorder {

    private Recorder() {}

    /** An event class registers itself when its first object asks. */
    static void register() {
        new ConnectionOpenEvent().isEnabled();
        new ConnectionCloseEvent().isEnabled();
        new ConnectionRejectEvent().isEnabled();
        new DrainEvent().isEnabled();
        new LoopStallEvent().isEnabled();
        new PolicyStateEvent().isEnabled();
        new PolicyShedEvent().isEnabled();
    }

    static void connectionOpen(@Nullable SocketAddress remote, ConnectionTimeline timeline) {
        ConnectionOpenEvent event = new ConnectionOpenEvent();
        if (event.isEnabled()) {
            event.remote = text(remote);
            event.resolve = nanos(timeline.resolve());
            event.connect = nanos(timeline.connect());
            event.tls = nanos(timeline.tls());
            event.commit();
        }
    }

    static void connectionClose(@Nullable SocketAddress remote, CloseReason reason, ConnectionTimeline timeline) {
        ConnectionCloseEvent event = new ConnectionCloseEvent();
        if (event.isEnabled()) {
            event.remote = text(remote);
            event.kind = reason.kind().name();
            event.initiator = reason.initiator().name();
            event.bytesIn = timeline.bytesIn();
            event.bytesOut = timeline.bytesOut();
            event.lifetime = nanos(timeline.lifetime());
            event.commit();
        }
    }

    static void connectionReject(@Nullable SocketAddress remote, Exception cause) {
        ConnectionRejectEvent event = new ConnectionRejectEvent();
        if (event.isEnabled()) {
            event.remote = text(remote);
            event.reason = JfrEvents.reasonOf(cause);
            event.commit();
        }
    }

    static void drain(DrainReport report) {
        DrainEvent event = new DrainEvent();
        if (event.isEnabled()) {
            event.drained = report.drained();
            event.forced = report.forced();
            event.elapsed = nanos(report.elapsed());
            event.commit();
        }
    }

    static void loopStall(String thread, long waitedNanos, StackTraceElement[] stack, JfrEvents.Stall end) {
        LoopStallEvent event = new LoopStallEvent();
        if (event.isEnabled()) {
            event.loop = thread;
            event.blocked = waitedNanos;
            event.over = end == JfrEvents.Stall.OVER;
            StringBuilder frames = new StringBuilder();
            for (StackTraceElement frame : stack) {
                frames.append(frame).append('\n');
            }
            event.stack = frames.toString();
            event.commit();
        }
    }

    static void policyState(String policy, String from, String to) {
        PolicyStateEvent event = new PolicyStateEvent();
        if (event.isEnabled()) {
            event.policy = policy;
            event.from = from;
            event.to = to;
            event.commit();
        }
    }

    static void policyShed(String policy, String reason) {
        PolicyShedEvent event = new PolicyShedEvent();
        if (event.isEnabled()) {
            event.policy = policy;
            event.reason = reason;
            event.commit();
        }
    }

    private static long nanos(@Nullable Duration duration) {
        return duration == null ? 0 : duration.toNanos();
    }

    private static @Nullable String text(@Nullable SocketAddress address) {
        if (address instanceof InetSocketAddress inet) {
            String host = inet.getHostString();
            return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + inet.getPort();
        }
        return address == null ? null : address.toString();
    }
}
