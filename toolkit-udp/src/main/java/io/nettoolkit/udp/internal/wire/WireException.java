package io.nettoolkit.udp.internal.wire;

import java.io.Serial;

/** The peer broke a rule of the wire format; the connection ends with this code and reason. Has no stack trace. */
public final class WireException extends Exception {

    @Serial
    private static final long serialVersionUID = 1;

    private final long code;

    private WireException(long code, String reason) {
        super(reason, null, false, false);
        this.code = code;
    }

    /** A packet or frame that cannot be read. */
    public static WireException encoding(String reason) {
        return new WireException(CloseCode.ENCODING, reason);
    }

    /** Frames that can be read and must not be there. */
    public static WireException protocol(String reason) {
        return new WireException(CloseCode.PROTOCOL, reason);
    }

    /** More than was granted. */
    public static WireException flowControl(String reason) {
        return new WireException(CloseCode.FLOW_CONTROL, reason);
    }

    /** A channel or message beyond the limits told in the handshake. */
    public static WireException limit(String reason) {
        return new WireException(CloseCode.LIMIT, reason);
    }

    /** What a CLOSE frame says. */
    public long code() {
        return code;
    }
}
