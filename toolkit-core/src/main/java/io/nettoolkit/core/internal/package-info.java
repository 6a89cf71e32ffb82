/** Shared machinery of the toolkit's own modules; exported to them alone and free to change in any release. */
package io.nettoolkit.core.internal;
