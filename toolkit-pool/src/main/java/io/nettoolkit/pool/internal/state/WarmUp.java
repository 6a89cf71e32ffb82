package io.nettoolkit.pool.internal.state;

/** The wish for so many open connections. */
public abstract class WarmUp {

    final int connections;

    /** For so many. */
    protected WarmUp(int connections) {
        this.connections = connections;
    }
}
