/** JMH benchmarks of the resilience policies. */
@NullMarked
package io.nettoolkit.benchmarks.resilience;

import org.jspecify.annotations.NullMarked;
