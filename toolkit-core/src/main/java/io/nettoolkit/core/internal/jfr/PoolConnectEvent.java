package io.nettoolkit.core.internal.jfr;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;
import org.jspecify.annotations.Nullable;

@Name("io.nettoolkit.PoolConnect")
@Label("Pool Connect")
@Category("Net Toolkit")
@Description("A connection pool opened a connection, or could not")
@StackTrace(false)
final class PoolConnectEvent extends Event {

    @Label("Pool")
    @Description("Name of the pool")
    @Nullable
    String pool;

    @Label("Elapsed")
    @Timespan(Timespan.NANOSECONDS)
    long elapsed;

    @Label("Failure")
    @Description("What went wrong; nothing where the connection is open")
    @Nullable
    String failure;
}
