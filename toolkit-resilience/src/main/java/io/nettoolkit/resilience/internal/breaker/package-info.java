/** Not API: the inside of the circuit breaker. */
package io.nettoolkit.resilience.internal.breaker;
