package io.nettoolkit.core.internal.jfr;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;
import org.jspecify.annotations.Nullable;

@Name("io.nettoolkit.ConnectionOpen")
@Label("Connection Open")
@Category("Net Toolkit")
@Description("A connection is ready for use; with TLS, after the handshake")
@StackTrace(false)
final class ConnectionOpenEvent extends Event {

    @Label("Remote Address")
    @Nullable
    String remote;

    @Label("Resolve Time")
    @Description("Name lookup; zero where there was none")
    @Timespan(Timespan.NANOSECONDS)
    long resolve;

    @Label("Connect Time")
    @Description("From the first connect attempt; zero for accepted connections")
    @Timespan(Timespan.NANOSECONDS)
    long connect;

    @Label("TLS Handshake Time")
    @Description("Zero without TLS")
    @Timespan(Timespan.NANOSECONDS)
    long tls;
}
