/** Reserved for the pool module of Net Toolkit: it exports nothing yet. */
@org.jspecify.annotations.NullMarked
module io.nettoolkit.pool {
    requires static transitive org.jspecify;
}
