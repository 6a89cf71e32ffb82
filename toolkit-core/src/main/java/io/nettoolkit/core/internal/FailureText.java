package io.nettoolkit.core.internal;

import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.core.NetFailure.Operation;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The words of failure messages: how operations, peers and times are written everywhere. Looks nothing up. */
public final class FailureText {

    private FailureText() {}

    /** "connect". */
    public static String of(Operation operation) {
        return operation.name().toLowerCase(Locale.ROOT);
    }

    /** "10.0.0.2:80", "[::1]:80", "example.com:80" or, once it is resolved, "example.com/10.0.0.2:80". */
    public static String of(SocketAddress address) {
        if (!(address instanceof InetSocketAddress inet)) {
            return address.toString();
        }
        String name = inet.getHostString();
        if (inet.isUnresolved()) {
            return name + ":" + inet.getPort();
        }
        String ip = inet.getAddress().getHostAddress();
        String bracketed = ip.indexOf(':') >= 0 ? "[" + ip + "]" : ip;
        return (name.equals(ip) ? bracketed : name + "/" + bracketed) + ":" + inet.getPort();
    }

    /** Three digits and a unit: "250 us", "3.21 ms", "15.0 s", "PT20M" from ten minutes up. */
    public static String of(Duration time) {
        if (time.compareTo(Duration.ofMinutes(10)) >= 0 || time.isNegative()) {
            return time.toString();
        }
        long nanos = time.toNanos();
        if (nanos < 1_000_000) {
            return nanos / 1000 + " us";
        }
        return nanos < 1_000_000_000 ? threeDigits(nanos / 1e6) + " ms" : threeDigits(nanos / 1e9) + " s";
    }

    private static String threeDigits(double value) {
        return String.format(Locale.ROOT, value < 9.995 ? "%.2f" : value < 99.95 ? "%.1f" : "%.0f", value);
    }

    /** What the cause says, and what to do about a failure of this kind; empty where there is nothing to say. */
    public static String why(Kind kind, @Nullable Throwable cause) {
        String said = "";
        if (cause != null) {
            String message = cause.getMessage();
            said = message != null && !message.isEmpty()
                    ? message
                    : cause.getClass().getSimpleName();
        }
        String hint = hint(kind);
        return said.isEmpty() || hint.isEmpty() ? said + hint : said + "; " + hint;
    }

    private static String hint(Kind kind) {
        return switch (kind) {
            case CONNECT_TIMEOUT -> "a firewall that drops packets, a host that is down or a full accept queue";
            case CONNECT_REFUSED -> "nothing listens there: check the address, and that the server runs";
            case UNREACHABLE -> "no route leads there: check the address, the interfaces and the routes";
            case ADDRESS_IN_USE -> "another socket has it: stop that one, take another port, or 0 for any free one";
            case PERMISSION -> "ports below 1024 and some addresses need privileges, and firewalls forbid";
            case RESOURCE_EXHAUSTED -> "check the limits: descriptors (ulimit -n), memory, local ports";
            case TLS_CERTIFICATE -> "check the chain, the name and the dates of the certificate, and who trusts whom";
            case TLS_TIMEOUT -> "the peer may not speak TLS on this port";
            case NOT_TLS -> "the peer does not speak TLS on this port";
            case PATH_LOST -> "the peer stopped acknowledging: it went away, or the path to it did";
            default -> "";
        };
    }
}
