package io.nettoolkit.core.internal.jfr;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;
import org.jspecify.annotations.Nullable;

@Name("io.nettoolkit.LoopStall")
@Label("Event Loop Stall")
@Category("Net Toolkit")
@Description("An event loop did not run its tasks; one event when that is noticed, one when it is over")
@StackTrace(false)
final class LoopStallEvent extends Event {

    @Label("Loop")
    @Description("Name of the blocked thread")
    @Nullable
    String loop;

    @Label("Blocked")
    @Description("How long the watchdog had waited when the event was made")
    @Timespan(Timespan.NANOSECONDS)
    long blocked;

    @Label("Over")
    @Description("Whether the loop runs again")
    boolean over;

    @Label("Stack")
    @Description("Where the loop was when the stall was noticed")
    @Nullable
    String stack;
}
