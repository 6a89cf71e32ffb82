package io.nettoolkit.core.internal.jfr;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import org.jspecify.annotations.Nullable;

@Name("io.nettoolkit.PolicyShed")
@Label("Policy Shed")
@Category("Net Toolkit")
@Description("A resilience policy shed a call")
@StackTrace(false)
final class PolicyShedEvent extends Event {

    @Label("Policy")
    @Description("Name of the policy")
    @Nullable
    String policy;

    @Label("Reason")
    @Description("Why the call was shed")
    @Nullable
    String reason;
}
