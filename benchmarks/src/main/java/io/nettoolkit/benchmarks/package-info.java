/** The benchmark suite: JMH classes and socket runs, each with its peers in the same run. */
@NullMarked
package io.nettoolkit.benchmarks;

import org.jspecify.annotations.NullMarked;
