package io.nettoolkit.core.internal.jfr;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import org.jspecify.annotations.Nullable;

@Name("io.nettoolkit.PathChange")
@Label("Path Change")
@Category("Net Toolkit")
@Description("The peer of a reliable UDP connection is at another address from now on")
@StackTrace(false)
final class PathChangeEvent extends Event {

    @Label("From")
    @Nullable
    String from;

    @Label("To")
    @Nullable
    String to;
}
