/** Flight recorder events, reached through {@link io.nettoolkit.core.internal.jfr.JfrEvents} alone. */
package io.nettoolkit.core.internal.jfr;
