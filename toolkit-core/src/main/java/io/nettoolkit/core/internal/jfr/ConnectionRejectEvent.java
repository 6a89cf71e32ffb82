package io.nettoolkit.core.internal.jfr;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import org.jspecify.annotations.Nullable;

@Name("io.nettoolkit.ConnectionReject")
@Label("Connection Reject")
@Category("Net Toolkit")
@Description("A connection was refused at accept, or accepting failed")
@StackTrace(false)
final class ConnectionRejectEvent extends Event {

    @Label("Remote Address")
    @Nullable
    String remote;

    @Label("Reason")
    @Nullable
    String reason;
}
