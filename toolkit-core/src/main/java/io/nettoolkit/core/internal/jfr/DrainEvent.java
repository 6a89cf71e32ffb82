package io.nettoolkit.core.internal.jfr;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;

@Name("io.nettoolkit.Drain")
@Label("Drain")
@Category("Net Toolkit")
@Description("A graceful stop is over")
@StackTrace(false)
final class DrainEvent extends Event {

    @Label("Drained")
    @Description("Connections that finished their work")
    int drained;

    @Label("Forced")
    @Description("Connections that were cut at the end of the grace period")
    int forced;

    @Label("Elapsed")
    @Timespan(Timespan.NANOSECONDS)
    long elapsed;
}
