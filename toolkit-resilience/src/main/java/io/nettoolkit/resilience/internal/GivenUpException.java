package io.nettoolkit.resilience.internal;

import java.util.concurrent.CancellationException;

/** Nobody waits any more for the call that ends with it, which says nothing about what was called. */
public final class GivenUpException extends CancellationException {

    private static final long serialVersionUID = 1;

    /** For this reason. */
    public GivenUpException(String reason) {
        super(reason);
    }
}
