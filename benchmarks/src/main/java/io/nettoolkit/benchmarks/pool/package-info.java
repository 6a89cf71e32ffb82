/** JMH benchmarks of the connection pool and its peers. */
@NullMarked
package io.nettoolkit.benchmarks.pool;

import org.jspecify.annotations.NullMarked;
