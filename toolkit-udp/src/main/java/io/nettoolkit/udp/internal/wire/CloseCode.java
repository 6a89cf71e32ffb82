package io.nettoolkit.udp.internal.wire;

/** Why a connection is closed or refused, as it stands in CLOSE and REFUSE. */
public final class CloseCode {

    /** In order. */
    public static final long NONE = 0;

    /** Something went wrong on the closing side. */
    public static final long INTERNAL = 1;

    /** More bytes or messages than were granted. */
    public static final long FLOW_CONTROL = 2;

    /** A frame that cannot be read. */
    public static final long ENCODING = 3;

    /** A frame that must not be there. */
    public static final long PROTOCOL = 4;

    /** A channel or a message beyond the limits of the handshake. */
    public static final long LIMIT = 5;

    /** The two sides chose different security, or different keys. */
    public static final long SECURITY = 6;

    /** The server takes no more connections now. */
    public static final long BUSY = 7;

    private CloseCode() {}

    /** The code in words. */
    public static String text(long code) {
        return switch ((int) Math.min(code, Integer.MAX_VALUE)) {
            case 0 -> "closed in order";
            case 1 -> "internal error";
            case 2 -> "flow control violated";
            case 3 -> "unreadable frame";
            case 4 -> "protocol violated";
            case 5 -> "limit exceeded";
            case 6 -> "security differs";
            case 7 -> "busy";
            default -> "code " + code;
        };
    }
}
