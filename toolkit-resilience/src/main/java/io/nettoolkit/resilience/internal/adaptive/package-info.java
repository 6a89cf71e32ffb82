/** Not API: how adaptive limits and shedders decide, as pure functions, and the calls they guard. */
package io.nettoolkit.resilience.internal.adaptive;
