/** Reserved for the resilience module of Net Toolkit: it exports nothing yet. */
@org.jspecify.annotations.NullMarked
module io.nettoolkit.resilience {
    requires static transitive org.jspecify;
}
