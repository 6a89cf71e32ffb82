/** What stands behind {@link io.nettoolkit.core.TlsConfig}: PEM files, keys, trust, and the contexts that reload. */
@org.jspecify.annotations.NullMarked
package io.nettoolkit.core.internal.tls;
