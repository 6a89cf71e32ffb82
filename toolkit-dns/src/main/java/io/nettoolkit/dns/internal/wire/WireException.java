package io.nettoolkit.dns.internal.wire;

/** A message that breaks the rules of the wire format: which rule, and where. Has no stack trace; peers cause it. */
public final class WireException extends Exception {

    private static final long serialVersionUID = 1;

    WireException(String rule, int offset) {
        super(rule + " (at byte " + offset + ")", null, false, false);
    }
}
