package io.nettoolkit.core.internal.jfr;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import org.jspecify.annotations.Nullable;

@Name("io.nettoolkit.DnsServer")
@Label("DNS Server")
@Category("Net Toolkit")
@Description("A name server went down or came back, or its answers seem to be forged")
@StackTrace(false)
final class DnsServerEvent extends Event {

    @Label("Server")
    @Nullable
    String server;

    @Label("State")
    @Description("DOWN, UP or FORGERY_SUSPECTED")
    @Nullable
    String state;
}
