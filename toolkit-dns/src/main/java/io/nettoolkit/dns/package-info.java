/** Caching stub resolver: addresses, typed records of every kind, and the servers of a service. */
package io.nettoolkit.dns;
