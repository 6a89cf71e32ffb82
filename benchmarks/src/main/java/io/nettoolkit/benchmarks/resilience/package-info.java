/** JMH benchmarks of the resilience policies and their peers. */
@NullMarked
package io.nettoolkit.benchmarks.resilience;

import org.jspecify.annotations.NullMarked;
