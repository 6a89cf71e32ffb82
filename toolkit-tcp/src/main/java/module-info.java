/** Placeholder replaced as the module grows. */
@org.jspecify.annotations.NullMarked
module io.nettoolkit.tcp {
    requires static transitive org.jspecify;
}
