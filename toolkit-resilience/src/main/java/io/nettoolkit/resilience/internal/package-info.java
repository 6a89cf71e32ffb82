/** Not API: what the policies share. */
package io.nettoolkit.resilience.internal;
