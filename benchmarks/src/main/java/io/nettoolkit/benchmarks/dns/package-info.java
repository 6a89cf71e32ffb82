/** Lookups: the resolver and its peers. */
@NullMarked
package io.nettoolkit.benchmarks.dns;

import org.jspecify.annotations.NullMarked;
