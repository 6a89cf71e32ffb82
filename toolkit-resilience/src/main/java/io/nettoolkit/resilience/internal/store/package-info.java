/** Not API: the distributed rate limiter's algorithm, its leases, and its one call in flight. */
package io.nettoolkit.resilience.internal.store;
