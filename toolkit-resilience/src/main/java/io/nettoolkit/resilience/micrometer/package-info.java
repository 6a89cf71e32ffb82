/** Micrometer meters of the policies; needs {@code io.micrometer:micrometer-core} on the class path. */
package io.nettoolkit.resilience.micrometer;
