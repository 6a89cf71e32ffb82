/** Not API: the algorithms of the rate limiters, each a word of state and time as an argument, and what is built on them. */
package io.nettoolkit.resilience.internal.limit;
