package io.nettoolkit.udp.internal.connection;

import io.nettoolkit.core.CloseReason;

/** Hears nothing; or only what a subclass listens to. */
public class Nobody implements ConnectionEvents {

    @Override
    public void onEstablished() {}

    @Override
    public void onClosed(CloseReason reason) {}

    @Override
    public void onPathChanged() {}

    @Override
    public void onSent(Object token) {}

    @Override
    public void onAcknowledged(Object token) {}

    @Override
    public void onDropped(Object token, Drop reason) {}
}
