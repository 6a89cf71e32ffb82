/** The Java load generator: one thread, closed or open loop, against any echo server of 4-byte length frames. */
@NullMarked
package io.nettoolkit.benchmarks.load;

import org.jspecify.annotations.NullMarked;
