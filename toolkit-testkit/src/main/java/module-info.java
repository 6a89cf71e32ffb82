/** Placeholder replaced as the module grows. */
@org.jspecify.annotations.NullMarked
module io.nettoolkit.testkit {
    requires static transitive org.jspecify;
}
