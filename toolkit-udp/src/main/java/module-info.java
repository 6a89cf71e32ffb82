/** Reserved for the udp module of Net Toolkit: it exports nothing yet. */
@org.jspecify.annotations.NullMarked
module io.nettoolkit.udp {
    requires static transitive org.jspecify;
}
