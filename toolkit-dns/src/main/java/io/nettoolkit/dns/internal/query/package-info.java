/** Asks name servers: what is behind the cache. */
package io.nettoolkit.dns.internal.query;
