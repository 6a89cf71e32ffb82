package io.nettoolkit.core.internal.jfr;

import io.nettoolkit.core.CloseReason;
import io.nettoolkit.core.ConnectionTimeline;
import io.nettoolkit.core.DrainReport;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import jdk.jfr.EventType;
import org.jspecify.annotations.Nullable;

/** Fills in and commits the events; the only class that links to them. */
final class Recorder {

    /** Asked before the event is made: policies refuse without allocating, and escape analysis does not always see through. */
    private static final EventType POLICY_STATE = EventType.getEventType(PolicyStateEvent.class);

    private static final EventType POLICY_SHED = EventType.getEventType(PolicyShedEvent.class);

    private static final EventType POOL_CONNECT = EventType.getEventType(PoolConnectEvent.class);

    private static final EventType POOL_CLOSE = EventType.getEventType(PoolCloseEvent.class);

    private static final EventType DNS_LOOKUP = EventType.getEventType(DnsLookupEvent.class);

    private static final EventType DNS_SERVER = EventType.getEventType(DnsServerEvent.class);

    private static final EventType DATAGRAM_DROP = EventType.getEventType(DatagramDropEvent.class);

    private static final EventType PATH_CHANGE = EventType.getEventType(PathChangeEvent.class);

    private Recorder() {}

    /** An event class registers itself when its first object asks. */
    static void register() {
        new ConnectionOpenEvent().isEnabled();
        new ConnectionCloseEvent().isEnabled();
        new ConnectionRejectEvent().isEnabled();
        new DrainEvent().isEnabled();
        new LoopStallEvent().isEnabled();
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
        if (POLICY_STATE.isEnabled()) {
            PolicyStateEvent event = new PolicyStateEvent();
            event.policy = policy;
            event.from = from;
            event.to = to;
            event.commit();
        }
    }

    static void policyShed(String policy, String reason) {
        if (POLICY_SHED.isEnabled()) {
            PolicyShedEvent event = new PolicyShedEvent();
            event.policy = policy;
            event.reason = reason;
            event.commit();
        }
    }

    static void poolConnect(String pool, Duration elapsed, @Nullable Throwable failure) {
        if (POOL_CONNECT.isEnabled()) {
            PoolConnectEvent event = new PoolConnectEvent();
            event.pool = pool;
            event.elapsed = elapsed.toNanos();
            event.failure = failure == null ? null : failure.toString();
            event.commit();
        }
    }

    static void poolClose(String pool, String cause) {
        if (POOL_CLOSE.isEnabled()) {
            PoolCloseEvent event = new PoolCloseEvent();
            event.pool = pool;
            event.cause = cause;
            event.commit();
        }
    }

    static void dnsLookup(Object name, Object type, String outcome, @Nullable SocketAddress server, long elapsedNanos) {
        if (DNS_LOOKUP.isEnabled()) {
            DnsLookupEvent event = new DnsLookupEvent();
            event.name = name.toString();
            event.type = type.toString();
            event.outcome = outcome;
            event.server = text(server);
            event.elapsed = elapsedNanos;
            event.commit();
        }
    }

    static void dnsServer(SocketAddress server, String state) {
        if (DNS_SERVER.isEnabled()) {
            DnsServerEvent event = new DnsServerEvent();
            event.server = text(server);
            event.state = state;
            event.commit();
        }
    }

    static void datagramDrop(String endpoint, @Nullable SocketAddress remote, String reason, int bytes) {
        if (DATAGRAM_DROP.isEnabled()) {
            DatagramDropEvent event = new DatagramDropEvent();
            event.endpoint = endpoint;
            event.remote = text(remote);
            event.reason = reason;
            event.bytes = bytes;
            event.commit();
        }
    }

    static void pathChange(@Nullable SocketAddress from, SocketAddress to) {
        if (PATH_CHANGE.isEnabled()) {
            PathChangeEvent event = new PathChangeEvent();
            event.from = text(from);
            event.to = text(to);
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
