/**
 * Not API: how policies wrap a call. A {@link io.nettoolkit.resilience.internal.call.Chain} is built once from
 * {@link io.nettoolkit.resilience.internal.call.Layer}s and used for every call.
 */
package io.nettoolkit.resilience.internal.call;
