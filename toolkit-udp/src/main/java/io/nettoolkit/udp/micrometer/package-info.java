/** Micrometer meters of reliable UDP; needs {@code io.micrometer:micrometer-core} on the class path. */
package io.nettoolkit.udp.micrometer;
