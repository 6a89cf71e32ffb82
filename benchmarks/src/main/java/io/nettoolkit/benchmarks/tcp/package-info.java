/** JMH benchmarks of framed TCP. */
@NullMarked
package io.nettoolkit.benchmarks.tcp;

import org.jspecify.annotations.NullMarked;
