package io.nettoolkit.core.internal.jfr;

import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import org.jspecify.annotations.Nullable;

@Name("io.nettoolkit.DatagramDrop")
@Label("Datagram Drop")
@Category("Net Toolkit")
@Description("A datagram was received and not handed over, or taken and not sent")
@StackTrace(false)
final class DatagramDropEvent extends Event {

    @Label("Endpoint")
    @Nullable
    String endpoint;

    @Label("Remote Address")
    @Nullable
    String remote;

    @Label("Reason")
    @Nullable
    String reason;

    @Label("Bytes")
    @Description("Of the payload, as far as they are known")
    @DataAmount
    int bytes;
}
