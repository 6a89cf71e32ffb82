package io.nettoolkit.core.internal.jfr;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import org.jspecify.annotations.Nullable;

@Name("io.nettoolkit.PoolClose")
@Label("Pool Close")
@Category("Net Toolkit")
@Description("A connection of a connection pool is closed")
@StackTrace(false)
final class PoolCloseEvent extends Event {

    @Label("Pool")
    @Description("Name of the pool")
    @Nullable
    String pool;

    @Label("Cause")
    @Description("Why it was closed")
    @Nullable
    String cause;
}
