package io.nettoolkit.core.internal.jfr;

import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;
import org.jspecify.annotations.Nullable;

@Name("io.nettoolkit.ConnectionClose")
@Label("Connection Close")
@Category("Net Toolkit")
@Description("A connection is gone")
@StackTrace(false)
final class ConnectionCloseEvent extends Event {

    @Label("Remote Address")
    @Nullable
    String remote;

    @Label("Kind")
    @Description("LOCAL_CLOSED or PEER_CLOSED for an orderly end, else what went wrong")
    @Nullable
    String kind;

    @Label("Initiator")
    @Nullable
    String initiator;

    @Label("Bytes In")
    @DataAmount
    long bytesIn;

    @Label("Bytes Out")
    @DataAmount
    long bytesOut;

    @Label("Lifetime")
    @Timespan(Timespan.NANOSECONDS)
    long lifetime;
}
