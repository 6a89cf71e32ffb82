package io.nettoolkit.core.internal.jfr;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import org.jspecify.annotations.Nullable;

@Name("io.nettoolkit.PolicyState")
@Label("Policy State")
@Category("Net Toolkit")
@Description("A resilience policy changed its state")
@StackTrace(false)
final class PolicyStateEvent extends Event {

    @Label("Policy")
    @Description("Name of the policy")
    @Nullable
    String policy;

    @Label("From")
    @Description("The state before")
    @Nullable
    String from;

    @Label("To")
    @Description("The state now")
    @Nullable
    String to;
}
