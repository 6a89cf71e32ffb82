package io.nettoolkit.core.internal;

import io.nettoolkit.core.NetFailure.Kind;
import io.netty.util.internal.PlatformDependent;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The error numbers of the operating system that the classifier knows, with their texts.
 *
 * <p>Numbers come first: the texts come from {@code strerror} and follow the locale of the process. Numbers differ
 * between Linux and the BSDs, and Netty's own constants need the native library, hence the two columns.
 */
enum Errno {
    EPERM(1, 1, Kind.PERMISSION, "operation not permitted"),
    ENOENT(2, 2, Kind.CONNECT_REFUSED, "no such file or directory"),
    ENOMEM(12, 12, Kind.RESOURCE_EXHAUSTED, "cannot allocate memory"),
    EACCES(13, 13, Kind.PERMISSION, "permission denied"),
    ENFILE(23, 23, Kind.RESOURCE_EXHAUSTED, "too many open files in system"),
    EMFILE(24, 24, Kind.RESOURCE_EXHAUSTED, "too many open files"),
    EPIPE(32, 32, Kind.RESET, "broken pipe"),
    /** Of a datagram: larger than the socket or the path takes. */
    EMSGSIZE(90, 40, Kind.FRAME_TOO_LARGE, "message too long"),
    EADDRINUSE(98, 48, Kind.ADDRESS_IN_USE, "address already in use"),
    ENETDOWN(100, 50, Kind.UNREACHABLE, "network is down"),
    ENETUNREACH(101, 51, Kind.UNREACHABLE, "network is unreachable"),
    ENETRESET(102, 52, Kind.RESET, "network dropped connection"),
    ECONNABORTED(103, 53, Kind.RESET, "connection abort"),
    ECONNRESET(104, 54, Kind.RESET, "connection reset"),
    ENOBUFS(105, 55, Kind.RESOURCE_EXHAUSTED, "no buffer space available"),
    ESHUTDOWN(108, 58, Kind.LOCAL_CLOSED, "transport endpoint shutdown"),
    /** Of an established connection: its peer acknowledges nothing any more. */
    ETIMEDOUT(110, 60, Kind.PATH_LOST, "timed out"),
    ECONNREFUSED(111, 61, Kind.CONNECT_REFUSED, "connection refused"),
    EHOSTDOWN(112, 64, Kind.UNREACHABLE, "host is down"),
    EHOSTUNREACH(113, 65, Kind.UNREACHABLE, "no route to host"),
    ECANCELED(125, 89, Kind.CANCELLED, "operation canceled"),
    /** Of a connect: no local port is left, or no local address reaches that family. A bind asks for the impossible. */
    EADDRNOTAVAIL(99, 49, Kind.OTHER, "assign requested address");

    private static final List<Errno> ALL = List.of(values());
    private static final boolean BSD = PlatformDependent.isOsx() || isBsd();
    /** How Netty's native transports word a failure they hold no number for: "connect(..) failed with error(-111)". */
    private static final Pattern NUMBER_IN_TEXT = Pattern.compile("failed with error\\((-?[0-9]{1,9})\\)");

    private final int linux;
    private final int bsd;
    private final Kind kind;
    private final String text;

    Errno(int linux, int bsd, Kind kind, String text) {
        this.linux = linux;
        this.bsd = bsd;
        this.kind = kind;
        this.text = text;
    }

    /** What the failure of anything but a connect means. */
    Kind kind() {
        return kind;
    }

    /** What the failure of a connect means. */
    Kind kindOfConnect() {
        return switch (this) {
            case ETIMEDOUT -> Kind.CONNECT_TIMEOUT;
            case EADDRNOTAVAIL -> Kind.RESOURCE_EXHAUSTED;
            default -> kind;
        };
    }

    /** The error of a number as the system calls return it, negative or not; {@code null} for one not known here. */
    static @Nullable Errno ofNumber(int number) {
        int positive = Math.abs(number);
        for (Errno error : ALL) {
            if ((BSD ? error.bsd : error.linux) == positive) {
                return error;
            }
        }
        return null;
    }

    /** The error that a message of the JDK or of a native transport tells of; {@code null} where it tells none. */
    static @Nullable Errno ofText(@Nullable String message) {
        if (message == null) {
            return null;
        }
        Matcher number = NUMBER_IN_TEXT.matcher(message);
        if (number.find()) {
            return ofNumber(Integer.parseInt(number.group(1)));
        }
        String lower = message.toLowerCase(Locale.ROOT);
        if (lower.contains("forcibly closed by the remote host")) { // Windows
            return ECONNRESET;
        }
        if (lower.contains("connection was aborted")) { // Windows
            return ECONNABORTED;
        }
        for (Errno error : ALL) {
            if (lower.contains(error.text)) {
                return error;
            }
        }
        return null;
    }

    private static boolean isBsd() {
        return System.getProperty("os.name", "").toLowerCase(Locale.ROOT).contains("bsd");
    }
}
