package io.nettoolkit.core.internal.jfr;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;
import org.jspecify.annotations.Nullable;

@Name("io.nettoolkit.DnsLookup")
@Label("DNS Lookup")
@Category("Net Toolkit")
@Description("A name and type was looked up at the name servers")
@StackTrace(false)
final class DnsLookupEvent extends Event {

    @Label("Name")
    @Nullable
    String name;

    @Label("Type")
    @Nullable
    String type;

    @Label("Outcome")
    @Description("ANSWER, NODATA, NXDOMAIN, or the kind of failure")
    @Nullable
    String outcome;

    @Label("Server")
    @Description("The name server that told the last of it")
    @Nullable
    String server;

    @Label("Elapsed")
    @Timespan
    long elapsed;
}
