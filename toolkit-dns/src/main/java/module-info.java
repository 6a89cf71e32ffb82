/** Reserved for the dns module of Net Toolkit: it exports nothing yet. */
@org.jspecify.annotations.NullMarked
module io.nettoolkit.dns {
    requires static transitive org.jspecify;
}
