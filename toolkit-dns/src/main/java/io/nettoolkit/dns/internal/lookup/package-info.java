/** What callers ask, and everything between them and the name servers: hosts, cache, single flight, stale answers. */
package io.nettoolkit.dns.internal.lookup;
