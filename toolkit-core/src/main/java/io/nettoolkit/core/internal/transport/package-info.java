/** The four transports behind {@link io.nettoolkit.core.Transport}; each native one is linked in a class of its own. */
package io.nettoolkit.core.internal.transport;
