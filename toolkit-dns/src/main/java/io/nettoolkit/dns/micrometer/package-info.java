/** Micrometer meters of resolvers; needs micrometer-core, which is optional. */
package io.nettoolkit.dns.micrometer;
