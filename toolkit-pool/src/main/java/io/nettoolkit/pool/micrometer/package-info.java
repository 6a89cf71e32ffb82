/** Micrometer meters of the pools; needs {@code io.micrometer:micrometer-core} on the class path. */
package io.nettoolkit.pool.micrometer;
